"""One sentence from left to right: clauses, and the words that open branches, loops and parallel parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphs.models.offline import conditions, control, triggers
from graphs.models.offline.clause import Clause, Condition, Understood, first
from graphs.models.offline.recognise import WRITES, recognise
from graphs.models.offline.text import OPEN, Atom, Protected, atoms, tidy

LONGEST = 6  # atoms in one clause
MOST_WORDS = 40  # of an atom whose beginning may be understood


class Sentence:
    """A reader that goes through one sentence from left to right."""

    def __init__(self, text: str, source: Protected, understood: Understood) -> None:
        self.text, self.source, self.out = text, source, understood
        self.atoms: list[Atom] = atoms(text)
        self.at = 0

    def read(self) -> None:
        """Append the sentence's clauses to the result."""
        self.out.clauses += self._sequence(into=self.out.clauses)

    def _piece(self, count: int) -> str:
        """Return the words of the next *count* atoms, connectors between them included."""
        return self.text[self.atoms[self.at].start : self.atoms[self.at + count - 1].end]

    def _sequence(self, *, into: list[Clause], nested: bool = False) -> list[Clause]:
        """Read clauses to the end of the sentence, or when *nested* to "otherwise"."""
        found: list[Clause] = []
        while self.at < len(self.atoms):
            words = tidy(self._piece(1))
            if nested and (control.OTHERWISE.match(words) or control.IN_ANY_CASE.match(words)):
                break
            self._take(self._one([*into, *found]), found, into)
        return found

    def _take(self, clause: Clause | None, found: list[Clause], outer: list[Clause]) -> None:
        """Put what was read where it belongs."""
        if clause is None:
            self._unknown()
        elif clause.kind == "with-previous":
            self._join(clause, found if found or not outer else outer)
        elif clause.kind == "trigger":
            self._trigger(clause)
        elif clause.kind == "several":
            found += clause.body
        elif clause.kind == "approve" and clause.values.get("before"):
            self._guard(clause, found if found or not outer else outer)
        elif clause.kind == "race":
            self._race(clause, found if found or not outer else outer)
        elif clause.kind == "if-previous":
            self._condition_behind(clause, found)
        elif clause.kind != "nothing":
            found.append(clause)

    def _one(self, before: list[Clause]) -> Clause | None:
        """Read the next clause and move on; None when the next atom is not understood."""
        at, kept, unknown = self.at, list(self.atoms), list(self.out.unknown)
        if kept[at].before.endswith("or") and not control.OTHERWISE.match(tidy(self._piece(1))):
            return None  # "…, or it fails": one of two, which of them is nobody's to choose
        clause = self._literals() or self._structure(before)
        if clause is None:
            self.at, self.atoms, self.out.unknown[:] = at, kept, unknown
            clause = self._plain() or self._partly()
        return clause

    def _plain(self) -> Clause | None:
        left = len(self.atoms) - self.at
        for count in range(min(left, LONGEST), 0, -1):
            words = self._piece(count)
            clause = recognise(words, self.source) or self._as_trigger(words) or self._parallel_end(words, count)
            if clause is not None and self._backwards(clause, count):
                if clause.kind != "approve":
                    continue
                clause.values["before"] = True
            if clause is not None:
                return (clause.kind == "trigger" and self._more_days(count) and self._with_trigger()) or self._past(clause, count)
        return self._with_trigger()

    def _past(self, clause: Clause, count: int) -> Clause:
        self.at += count
        return clause

    def _more_days(self, count: int) -> bool:
        """Say whether another day follows: "every Monday and Thursday at 8 fetch …"."""
        after = self.at + count
        return after < len(self.atoms) and bool(
            re.match(rf"(?:{triggers.DAY}|{triggers.MONTH})\b", self.text[self.atoms[after].start :], re.IGNORECASE)
        )

    def _as_trigger(self, words: str) -> Clause | None:
        return first(triggers.TABLE, tidy(words), self.source)

    def _with_trigger(self) -> Clause | None:
        """Read "fetch X every weekday at 9", "when X arrives wait a day": the trigger stands inside the clause, or before it."""
        for count in range(min(len(self.atoms) - self.at, LONGEST), 0, -1):
            words = tidy(self._piece(count))
            for trigger, rest in self._split(words):
                clause = recognise(rest, self.source) or self._prefixed_each(rest) or self._parallel_end(rest, count)
                if clause is not None and clause.kind != "nothing":
                    self._trigger(trigger)
                    self.at += count
                    return clause
        return None

    def _split(self, words: str) -> Iterator[tuple[Clause, str]]:
        """Yield the ways to read *words* as a trigger and the rest."""
        inside = triggers.INSIDE.fullmatch(words)
        trigger = first(triggers.TABLE, inside["trigger"].strip(), self.source) if inside else None
        if trigger is not None and inside and (rest := f"{inside['before']} {inside['after']}".strip()):
            yield trigger, rest
        if not triggers.BEGINS.match(words):
            return
        pieces = words.split(" ")
        for length in range(min(len(pieces) - 1, MOST_WORDS), 0, -1):
            trigger = first(triggers.TABLE, " ".join(pieces[:length]).rstrip(","), self.source)
            if trigger is not None and (trigger.values["how"] != "event" or not (self.at or self.out.clauses)):
                yield trigger, " ".join(pieces[length:])
                return

    def _structure(self, before: list[Clause]) -> Clause | None:
        """Read a branch, a loop, or a parallel part, when one begins here."""
        words = tidy(self._piece(1))
        if control.FAILURE.fullmatch(words) and self.at + 1 < len(self.atoms):
            return self._failure()
        if found := control.IN_ANY_CASE.match(words):
            return self._skip(found)
        if found := control.OTHERWISE.match(words):
            return self._otherwise(found, before)
        if found := control.PARALLEL.match(words):
            return self._parallel(found, before)
        if found := control.EACH.match(words):
            return self._each(found)
        return self._if(before)

    def _literals(self) -> Clause | None:
        """Read "for each of Berlin, Paris and Rome get …"."""
        for count in range(min(len(self.atoms) - self.at, LONGEST), 1, -1):
            words = tidy(self._piece(count))
            found = control.LITERALS.fullmatch(words)
            clause = recognise(found["rest"], self.source) if found else None
            if found and clause and clause.kind in ("fetch", *WRITES):
                self.at += count
                names = [self.source.value(name) for name in re.split(r",? and |, ", found["list"])]
                return Clause("each", self.source.open(words), {"noun": "", "literals": names}, body=[clause])
        return None

    def _skip(self, found: re.Match[str]) -> Clause:
        if not self._cut(found.end()):
            self.at += 1
        return Clause("nothing", found[0])

    def _cut(self, length: int) -> bool:
        """Take *length* tidied characters away from the next atom; False when nothing is left of it."""
        atom, plain = self.atoms[self.at], tidy(self._piece(1))
        rest = plain[length:].strip()
        if not rest:
            return False
        original = self.text[atom.start : atom.end]
        start = atom.end - len(original) + max(original.lower().rfind(rest.lower()), 0)
        self.atoms[self.at] = Atom(atom.before, start, atom.end)
        return True

    def _failure(self) -> Clause:
        said = self.source.open(self._piece(1))
        self.at += 1
        body = self._sequence(into=[], nested=True)
        if len(body) == 1 and body[0].kind == "retry":
            return body[0]
        return Clause("catch", said, body=body)

    def _otherwise(self, found: re.Match[str], before: list[Clause]) -> Clause | None:
        branch = next((clause for clause in reversed(before) if clause.kind in ("if", "approve")), None)
        if branch is None or branch.otherwise:
            return None
        if not self._cut(found.end()):
            self.at += 1
        branch.otherwise += self._sequence(into=[], nested=True)
        return Clause("nothing", found[0])

    def _parallel(self, found: re.Match[str], before: list[Clause]) -> Clause | None:
        joins = self.at > 0 and bool(before)
        said = self.source.open(self._piece(1))
        if not self._cut(found.end()):
            self.at += 1
        body = self._group()
        return Clause("with-previous", said, body=body) if joins else Clause("parallel", said, body=body)

    def _group(self) -> list[Clause]:
        """Read clauses up to the sentence's next "then"."""
        body: list[Clause] = []
        while self.at < len(self.atoms) and not (body and re.search("then|after|finally", self.atoms[self.at].before)):
            self._take(self._one(body), body, body)
        return body

    def _parallel_end(self, words: str, count: int) -> Clause | None:
        """Read "fetch A and fetch B at the same time": the words stand behind the last of them; or "fetch A and B in parallel"."""
        found = control.PARALLEL_END.search(words.rstrip())
        clause = recognise(words[: found.start()], self.source) if found else None
        if clause is None or (count > 1 and len(clause.values.get("urls") or []) < 2):
            return None
        return Clause("with-previous" if count == 1 else "parallel", self.source.open(words), body=[clause])

    def _backwards(self, clause: Clause, count: int) -> bool:
        """Say whether a clause names what has to come before the words already read: "post them, after my approval"."""
        last = self.at + count == len(self.atoms)
        before = clause.kind == "approve" and self.atoms[self.at].before.endswith("but")
        before = before or (clause.kind == "approve" and bool(control.FIRST.search(self._piece(count))))
        return before or (
            last
            and self.at > 0
            and clause.kind in ("approve", "wait")
            and bool(re.match(r"(?:after|in|with|on|once|\S+ \S+ later)\b", clause.said, re.IGNORECASE))
        )

    def _guard(self, clause: Clause, found: list[Clause]) -> None:
        """Put an approval that was said behind what it guards before it."""
        at = len(found)
        while at and found[at - 1].kind in WRITES:
            at -= 1
        if at == len(found):
            if not found or control.FIRST.search(clause.said) or self.at < len(self.atoms):
                found.append(clause)
            else:
                self.out.unknown.append(clause.said)
        else:
            found.insert(at, clause)

    def _race(self, clause: Clause, found: list[Clause]) -> None:
        """Let the first branch to end win: that was said behind the branches."""
        if found and found[-1].kind == "parallel":
            found[-1].values["compete"] = True
        else:
            self.out.unknown.append(clause.said)

    def _join(self, clause: Clause, found: list[Clause]) -> None:
        """Put the clause before, and this one, side by side."""
        if found:
            body = clause.body
            previous = found.pop()
            found.append(Clause("parallel", clause.said, body=[*(previous.body if previous.kind == "parallel" else [previous]), *body]))
        else:
            found.append(Clause("parallel", clause.said, body=clause.body))

    def _each(self, found: re.Match[str]) -> Clause | None:
        said = self.source.open(self._piece(1))
        if not self._cut(found.end()):
            self.at += 1
        body = self._sequence(into=[])
        noun = found["noun"] or found["noun2"] or ""
        url = self.source.url(found["url"]) if found["url"] else ""
        return Clause("each", said, {"noun": noun.lower(), "url": url}, body=body) if body else None

    def _prefixed_each(self, words: str) -> Clause | None:
        found = control.EACH.match(words)
        clause = recognise(words[found.end() :], self.source) if found else None
        return (
            Clause("each", self.source.open(words), {"noun": (found["noun"] or "").lower()}, body=[clause])
            if found and clause and clause.kind != "nothing"
            else None
        )

    def _if(self, before: list[Clause]) -> Clause | None:
        """Read "if …, … otherwise …"; the condition may run over several atoms."""
        start = self.at
        for count in range(min(len(self.atoms) - start, 4), 0, -1):
            words = tidy(self._piece(count))
            found = control.IF.fullmatch(words)
            if not found or (found["word"].lower() == "when" and not before):
                continue  # "when" before anything else names a trigger
            condition = conditions.parse(found["condition"], self.source, whole=True)
            if condition is None:
                continue
            self.at += count
            negate = found["word"].lower() == "unless"
            clause = Clause(
                "if",
                self.source.open(self.text[self.atoms[start].start : self.atoms[start + count - 1].end]),
                {"condition": condition, "negate": negate},
            )
            clause.body = self._sequence(into=[], nested=True)
            if self.at < len(self.atoms) and (other := control.OTHERWISE.match(tidy(self._piece(1)))):
                self._otherwise(other, [clause])
            return clause if clause.body or clause.otherwise else None
        return self._if_ahead() or self._if_behind() or self._only_if(before)

    def _only_if(self, before: list[Clause]) -> Clause | None:
        """Read "…, but only if Bob approves" at the end of a sentence: it holds for what stands before it."""
        words = re.sub(r"^only ", "", tidy(self._piece(1)), flags=re.IGNORECASE)
        found = control.IF.fullmatch(words)
        condition = conditions.parse(found["condition"], self.source, whole=True) if found else None
        if found is None or condition is None or not self.at or self.at + 1 < len(self.atoms) or not before:
            return None
        said = self.source.open(self._piece(1))
        self.at += 1
        return Clause("if-previous", said, {"condition": condition, "negate": found["word"].lower() == "unless"})

    def _condition_behind(self, clause: Clause, found: list[Clause]) -> None:
        """Put the clause before under a condition that was said after it."""
        if not found or found[-1].kind not in ("send", "notify", "emit", "approve", "ask"):
            self.out.unknown.append(clause.said)
            return
        body = found.pop()
        found.append(Clause("if", f"{clause.said}, {body.said}", clause.values, body=[body]))

    def _if_ahead(self) -> Clause | None:
        """Read "if approved post them to …": no comma tells where the condition ends."""
        found = control.IF.fullmatch(tidy(self._piece(1)))
        words = found["condition"].split(" ") if found else []
        for count in range(len(words) - 1, 0, -1):
            condition = conditions.parse(" ".join(words[:count]), self.source, whole=True)
            rest = " ".join(words[count:])
            if (
                found is None
                or condition is None
                or recognise(rest, self.source) is None
                or not self._cut(len(tidy(self._piece(1))) - len(rest))
            ):
                continue
            clause = Clause(
                "if",
                self.source.open(f"{found['word']} {' '.join(words[:count])}"),
                {"condition": condition, "negate": found["word"].lower() == "unless"},
            )
            clause.body = self._sequence(into=[], nested=True)
            if self.at < len(self.atoms) and (other := control.OTHERWISE.match(tidy(self._piece(1)))):
                self._otherwise(other, [clause])
            return clause
        return None

    def _if_behind(self) -> Clause | None:
        """Read "notify me if there are more than 10"."""
        words = self._piece(1)
        for found in re.finditer(r"\s(?P<word>if|unless|when|whenever)\s", words, re.IGNORECASE):
            clause = recognise(words[: found.start()], self.source)
            if clause and clause.kind not in ("nothing", "retry") and control.FAILURE.fullmatch(words[found.start() :].strip()):
                self.at += 1
                return Clause("catch", self.source.open(words), body=[clause])
            condition: Condition | None = conditions.parse(words[found.end() :], self.source, whole=True)
            if clause and condition and clause.kind not in ("keep", "nothing", "retry"):
                self.at += 1
                return Clause(
                    "if", self.source.open(words), {"condition": condition, "negate": found["word"].lower() == "unless"}, body=[clause]
                )
        return None

    def _trigger(self, clause: Clause) -> None:
        if self.out.trigger is None or self.out.trigger.values["how"] == "hand":
            self.out.trigger = clause
        else:
            self.out.unknown.append(clause.said)

    def _partly(self) -> Clause | None:
        """Read the beginning of an atom whose end is not understood: "post them to URL | in batches of 10"."""
        atom = self.atoms[self.at]
        spaces = [found.start() for found in re.finditer(r" ", self.text[atom.start : atom.end])]
        spaces = spaces if len(spaces) <= MOST_WORDS else []
        for length in (space for space in reversed(spaces[1:]) if OPEN not in self.text[atom.start + space : atom.end]):
            self.atoms[self.at] = Atom(atom.before, atom.start, atom.start + length)
            clause = recognise(self._piece(1), self.source)
            if clause is not None and clause.kind not in ("nothing", "keep", "ask"):
                self.at += 1
            else:
                clause = self._with_trigger()
            if clause is not None:
                self.out.unknown.append(self.source.open(self.text[atom.start + length : atom.end]).strip())
                self._last_unknown = self.at - 1
                return clause
        self.atoms[self.at] = atom
        return None

    def _unknown(self) -> None:
        """Take the next atom as not understood; neighbours are quoted together."""
        words = self.source.open(self._piece(1)).strip()
        glue = self.atoms[self.at].before
        unknown = self.out.unknown
        if unknown and self.at and self._last_unknown == self.at - 1:
            unknown[-1] += f"{'' if glue[:1] in (',', ':') else ' '}{glue} {words}"
        else:
            unknown.append(words)
        self._last_unknown = self.at
        self.at += 1

    _last_unknown = -2
