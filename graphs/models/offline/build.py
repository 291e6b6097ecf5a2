"""From clauses to a definition and its outline. One method per kind of clause; where data is, `scope.py` knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphs.models.offline import asked, filters, flow, lists, making, messages_out, objects, wrap
from graphs.models.offline.addresses import filled
from graphs.models.offline.clause import Clause, Understood
from graphs.models.offline.naming import noun_of, place_of, title_of
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Task, Value, key
from graphs.models.offline.starts import start
from graphs.models.offline.text import Protected

COUNT_OF = re.compile(
    r"(?:the )?(?:number|count) of (?P<what>.+)|how many (?:(?P<what2>(?!there\b)[a-z]\w*) )?(?:there )?(?:are|were)(?: left)?",
    re.IGNORECASE,
)
TOTAL_OF = re.compile(
    r"(?:the )?(?P<op>(?:sum|total|maximum|minimum)(?= of)|average|mean) (?:of )?(?:the |all |all the |their )?(?P<field>[a-z_]\w*)(?: (?:field|values?))?(?: (?:of|over|in) (?:them|all|all of them|the [a-z]+))?",  # noqa: E501
    re.IGNORECASE,
)
NUMBER_OF = re.compile(r"(?:the |their )?(?:count|number)", re.IGNORECASE)
THEIRS = re.compile(r"their (?P<field>[a-z_]\w*?)s", re.IGNORECASE)
SUMMARY = re.compile(r"(?:a |the )?(?:short |brief )?summary(?: of (?:it|them|that))?", re.IGNORECASE)


@dataclass(slots=True)
class Built:
    """A definition with the plan it came from."""

    definition: dict[str, Any]
    steps: list[dict[str, str]] = field(default_factory=list)
    trigger: str = "by hand"
    title: str = ""
    name: str = ""


def build(understood: Understood, notes: Notes) -> Built:
    """Build the whole definition; open points go to *notes*."""
    builder = Builder(notes)
    scope = Scope(names=set())
    schedule, trigger = start(understood.trigger, scope, notes)
    if scope.current is None:
        scope.current = Value("input", many=False, raw=True, variable="$workflow.input")
        scope.dot = scope.current
        if not schedule:
            notes.input = True
    builder.build(understood.clauses, scope, follows=False)
    title = title_of(understood.clauses)
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-") or "workflow"
    document: Task = {"dsl": "1.0.3", "namespace": "default", "name": name, "version": "0.1.0", "title": title}
    if schedule and "cron" in schedule:
        document["metadata"] = {"parley": {"timezone": notes.timezone}}
    definition: Task = {"document": document}
    if builder.secrets:
        definition["use"] = {"secrets": sorted(builder.secrets)}
    if schedule:
        definition["schedule"] = schedule
    return Built({**definition, "do": scope.tasks}, scope.steps, trigger, title, name)


class Builder:
    """Builds task lists."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.secrets: set[str] = set()
        self.kinds: dict[str, Callable[[Clause, Scope], None]] = {
            "fetch": self._fetch, "keep": self._keep, "first": self._some, "sort": self._sort, "send": self._send, "notify": self._notify,
            "summarize": partial(making.summarize, self), "emit": self._emit, "wait": self._wait, "listen": self._listen, "fail": self._fail, "ask": self._ask,  # noqa: E501
            "each": partial(flow.each, self), "parallel": partial(flow.parallel, self), "retry": self._retry, "catch": partial(flow.catch, self), "missing": self._missing,  # noqa: E501
            "page": partial(making.page, self), "document": partial(making.document, self), "write": partial(making.write, self), "chart": partial(making.chart, self),  # noqa: E501
            "sql": partial(making.sql, self), "count": self._count, "total": self._total, "pick": self._pick,
        }  # fmt: skip

    def build(self, clauses: list[Clause], scope: Scope, *, follows: bool, loop: bool = False) -> None:
        """
        Build *clauses* one after the other.

        Args:
            follows: Something comes after this list in an outer one (a refusal then has to end the workflow).
            loop: The list is one round of a loop or a parallel branch (a refusal only skips the rest of it).
        """
        clauses, landings = flow.refusals(clauses), list[flow.Landing]()
        for at, clause in enumerate(clauses):
            rest = clauses[at + 1 :]
            if clause.kind == "approve":
                self.approve(clause, scope)
                if clause.otherwise or ((rest or follows) and not flow.decides(rest)):
                    if loop:
                        return flow.rest_if_approved(self, clause, rest, scope)
                    landing = flow.gate(self, clause, scope, more=bool(rest))
                    landings += [landing] if landing else []
            elif clause.kind == "if":
                flow.branch(self, clause, scope, follows=bool(rest) or follows, last=not rest, loop=loop)
            elif clause.kind == "stop":
                flow.stop(self, clause, rest, scope, needed=follows or loop)
            else:
                known, steps = len(self.notes.assumptions), len(scope.steps)
                self.kinds[clause.kind](clause, scope)
                self.notes.belong(known, [step["id"] for step in scope.steps[steps:]])
        return flow.land(landings, scope)

    # data

    def _fetch(self, clause: Clause, scope: Scope) -> None:
        for url in clause.values["urls"] or [""]:
            noun, words = clause.values["noun"] or noun_of(url), clause.values.get("called", "")
            url = url or self.notes.ask(
                f"{key(noun).replace('_', '-')}-address",
                f"What is the address (URL) of the {words or noun}?",
                why="Nothing can be fetched without it.",
                kind="url",
            )
            said = frozenset(objects.content(words))
            if said - {noun}:
                what = f"What {place_of(url)} answers is taken as “{words}”"
                self.notes.assume(f"called-{key(noun)}", f"{what}; nothing is picked out of it.")
            plural = noun.endswith("s") and not noun.endswith("ss")
            label = "" if said or plural else f"the answer of {place_of(url)}"
            name = scope.name(f"get-{noun}")
            title = f"Fetch the {words or noun}" if said or plural else f"Fetch {place_of(url)}"
            task = scope.add(name, title, self._request("get", url, clause, scope), uses="http", serves=clause.said)
            value = Value(noun, many=plural, raw=True, producer=task, key=key(noun), words=said, label=label, guessed=not said)
            self.produced(scope, value)
        if len(clause.values["urls"]) > 1:
            self._side_by_side(len(clause.values["urls"]), scope)

    def _side_by_side(self, count: int, scope: Scope) -> None:
        """Let “them” mean all answers of one wish; a step on a list asks which of them is meant."""
        found, keys = scope.known[-count:], set[str]()
        for value in found:
            value.key = value.key if value.key not in keys else f"{value.key}_{len(keys) + 1}"
            keys.add(value.key)
        both = Value("answers", many=True, parts=tuple(found), label="the answers", joined=True)
        scope.known.append(both)
        scope.current = both

    def _request(self, method: str, url: str, clause: Clause, scope: Scope) -> Task:
        endpoint: Any = filled(url, scope, self.notes)
        secret = clause.values.get("secret")
        if secret:
            self.secrets.add(secret)
            endpoint = {"uri": endpoint, "authentication": {"bearer": {"token": f"${{ $secrets.{secret} }}"}}}
        return {"call": "http", "with": {"method": method, "endpoint": endpoint}}

    def _keep(self, clause: Clause, scope: Scope) -> None:
        lists.keep(clause, scope, self.notes)

    def _some(self, clause: Clause, scope: Scope) -> None:
        lists.take(clause, scope, self.notes)

    def _sort(self, clause: Clause, scope: Scope) -> None:
        lists.sort(clause, scope, self.notes)

    def _count(self, clause: Clause, scope: Scope) -> None:
        value = objects.find(clause.values["object"] or "them", scope)
        if value is None or value.noun == "input":
            return self.notes.unclear(clause.said)
        lists.count(clause.said, value, scope, self.notes)
        return None

    def _total(self, clause: Clause, scope: Scope) -> None:
        lists.total(clause.said, clause.values["op"], clause.values["field"], scope, self.notes)

    def _pick(self, clause: Clause, scope: Scope) -> None:
        lists.pick(clause, scope, self.notes)

    def produced(self, scope: Scope, value: Value) -> None:
        scope.known.append(value)
        scope.current = scope.dot = value

    def meant(self, words: str, clause: Clause, scope: Scope) -> Value | None:
        """Return what *words* refer to, with a step for "the first 3" or "the number of orders"; None: they are not understood."""
        counted = COUNT_OF.fullmatch(words.strip())
        some = None if counted else filters.some(words, Protected(words))
        listed = objects.find(counted["what"] or counted["what2"] or "them", scope) if counted else lists.whole(scope)
        if counted and listed is not None and not listed.joined:
            return lists.count(clause.said, listed, scope, self.notes)
        if total := TOTAL_OF.fullmatch(words.strip()):
            return lists.total(clause.said, total["op"], total["field"], scope, self.notes)
        if (
            NUMBER_OF.fullmatch(words.strip())
            and listed is not None
            and listed.producer is not None
            and not any(one.noun == "number" for one in scope.known)
        ):
            return lists.count(clause.said, listed, scope, self.notes)
        if (own := THEIRS.fullmatch(words.strip())) and listed is not None and listed.many:
            return lists.field(own["field"], clause, scope, self.notes)
        if (
            SUMMARY.fullmatch(words.strip())
            and scope.current is not None
            and scope.current.producer is not None
            and not any(one.noun == "summary" for one in scope.known)
        ):
            making.summarize(self, Clause("summarize", clause.said, {"sentences": 3, "object": ""}), scope)
            return scope.current
        if some and listed is not None and not listed.joined:
            return lists.take(some, scope, self.notes, one=some.values["one"])
        form = scope.current if scope.current is not None and scope.current.key == "answer" and not scope.current.inner else None
        if form is not None and re.fullmatch(
            r"both(?: of them)?|all(?: of them| of it)?|them|(?:the |his |her |their )?answers|what (?:he|she|they|i|you) (?:says?|answers?|enters?|fills? in|gives?|type)",  # noqa: E501
            words.strip(),
            re.IGNORECASE,
        ):
            return form
        if re.fullmatch(r"both(?: of them| answers)?", words.strip(), re.IGNORECASE):
            return self._both(scope)
        value = objects.find(words, scope)
        if value is not None and value.noun != "input":
            return value
        return self._given(words, scope)

    def _given(self, words: str, scope: Scope) -> Value | None:
        """Return the data that the workflow is started with, when *words* say just that: a thing that no step made is not it."""
        said, current = words.strip(), scope.current
        if (named := self._unnamed(said, scope)) is not None:
            return named
        started = self.notes.input and current is not None and current.noun == "input"
        if not said:
            if started:
                self.notes.assume("input", "Nothing was said about what is sent: it is the data that the workflow is started with.")
            return current
        if started and objects.is_input(said):
            self.notes.assume("input", f"“{said}” is the data that the workflow is started with.")
            return current
        self.notes.unclear(said)
        if current is not None and current.noun == "input":
            instead = "fetch it first, put fixed words in quotes, or say “the input” for what a start brings"
            self.notes.remark(f"No step makes “{said}”: {instead}.")
        return None

    def _unnamed(self, said: str, scope: Scope) -> Value | None:
        """Return the one answer that nobody has named yet, when *said* is one plain word for it: "the reading"."""
        answers = [value for value in scope.known if value.producer is not None and value.raw]
        words = objects.content(said)
        value = scope.current
        if len(words) != 1 or len(answers) != 1 or value is None or value.producer is None or value.inner or value.noun != answers[0].noun:
            return None
        taken = (
            answers[0].words
            or answers[0].many
            or not value.guessed
            or answers[0].noun not in objects.GENERIC
            or words[0] in objects.MEASURES
            or value.noun == "event"
        )
        if re.match(r"an? ", said, re.IGNORECASE):  # "post an order": its data is what is at hand
            taken = words[0] in objects.MEASURES
        elif re.search(r"['’]", said):
            taken = True
        if taken:
            return None
        self.notes.assume(f"named-{words[0]}", f"“{said}” is {value.label or value.named}, as it is.")
        return value

    def _both(self, scope: Scope) -> Value | None:
        """Put the last two values into one object."""
        if scope.current is not None and scope.current.joined:
            return scope.current
        two = [value for value in scope.known if value.producer is not None][-2:]
        if len(two) < 2 or two[0].key == two[1].key:
            self.notes.unclear("both")
            return None
        shape = ", ".join(f"{value.key}: {value.read(scope)}" for value in two)
        self.notes.assume("both", f"“Both” is one object with {two[0].key} and {two[1].key}.")
        return Value("both", many=False, variable=f"{{{shape}}}", label=f"{two[0].named} and {two[1].named}", joined=True)

    # what leaves

    def _send(self, clause: Clause, scope: Scope) -> None:
        if clause.values.get("each"):
            return flow.each(
                self,
                Clause(
                    "each",
                    clause.said,
                    {"noun": clause.values["each"]},
                    [Clause("send", clause.said, {**clause.values, "each": "", "object": "it"})],
                ),
                scope,
            )
        method, words = clause.values["method"], clause.values.get("object", "")
        if method == "DELETE":
            return self._delete(clause, words, scope)
        value = None if "literal" in clause.values else self.meant(words, clause, scope)
        named = value.named if value else "a text" if "literal" in clause.values else "the data"
        place = clause.values.get("place") or "them"
        url = clause.values["url"] or self.notes.ask(
            "target-address",
            f"To which address (URL) shall {named} go?" if place == "them" else f"What is the address (URL) of {place}?",
            why=f"“{clause.said}” names no address.",
            kind="url",
        )
        body = self._request(method.lower(), url, clause, scope)
        body["with"]["body"] = clause.values["literal"] if "literal" in clause.values else f"${{ {value.read(scope) if value else '.'} }}"
        verb = method.capitalize()
        scope.add(scope.name(f"{verb.lower()}-{noun_of(url)}"), f"{verb} {named} to {place_of(url)}", body, uses="http", serves=clause.said)
        scope.dot = None
        return None

    def _delete(self, clause: Clause, words: str, scope: Scope) -> None:
        """Build one DELETE request; what it was called is said, and that nothing is picked out."""
        url = clause.values["url"]
        if words:
            once = f"“{clause.said}” is one DELETE request to {place_of(url)}"
            self.notes.assume("delete", f"{once}; what that deletes is up to that address.")
        title = f"Delete {words} at {place_of(url)}" if words else f"Delete {place_of(url)}"
        name = scope.name(f"delete-{noun_of(url)}")
        scope.add(name, title, self._request("delete", url, clause, scope), uses="http", serves=clause.said)
        scope.dot = None

    def _notify(self, clause: Clause, scope: Scope) -> None:
        if clause.values.get("each"):
            own = {} if clause.values.get("to_field") else {"object": "it"}
            inner = Clause("notify", clause.said, {**clause.values, "each": "", **own})
            return flow.each(
                self,
                Clause("each", clause.said, {"noun": "" if clause.values["each"] == "item" else clause.values["each"]}, [inner]),
                scope,
            )
        body, title, name = messages_out.notify(clause, scope, self.notes, self.meant)
        scope.add(scope.name(name), title, body, uses="notify", serves=clause.said)
        scope.dot = None
        return None

    def _emit(self, clause: Clause, scope: Scope) -> None:
        value = None if "literal" in clause.values else self.meant(clause.values.get("object", ""), clause, scope)
        event: Task = {"source": "https://parley.local/workflow", "type": clause.values["type"]}
        if value is not None:
            event["data"] = f"${{ {value.read(scope)} }}"
        elif "literal" in clause.values:
            event["data"] = clause.values["literal"]
        scope.add(
            scope.name("emit"),
            f"Emit an event {clause.values['type']}",
            {"emit": {"event": {"with": event}}},
            uses="emit",
            serves=clause.said,
        )

    # people

    def approve(self, clause: Clause, scope: Scope) -> None:
        asked.approve(self, clause, scope)

    def _ask(self, clause: Clause, scope: Scope) -> None:
        asked.ask(self, clause, scope)

    # order

    def _wait(self, clause: Clause, scope: Scope) -> None:
        amount = ", ".join(f"{count} {unit if count != 1 else unit.rstrip('s')}" for unit, count in clause.values["duration"].items())
        scope.add(scope.name("wait"), f"Wait {amount}", {"wait": clause.values["duration"]}, uses="wait", serves=clause.said)

    def _listen(self, clause: Clause, scope: Scope) -> None:
        kind = clause.values["type"]
        task = scope.add(
            scope.name("wait-for-event"),
            f"Wait for an event {kind}",
            {"listen": {"to": {"one": {"with": {"type": kind}}}}, "output": {"as": "${ .[0] }"}},
            uses="listen",
            serves=clause.said,
        )
        words = frozenset({"event", "data", *re.findall(r"[a-z]+", kind.lower())})
        self.produced(scope, Value("event", many=False, raw=True, producer=task, key="event", words=words))

    def _fail(self, clause: Clause, scope: Scope) -> None:
        text = clause.values["text"] or "The workflow was ended with an error"
        error = {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/runtime", "status": 500, "title": text}
        scope.add(scope.name("fail"), f"Fail: {text}", {"raise": {"error": error}}, uses="raise", serves=clause.said)

    def _missing(self, clause: Clause, scope: Scope) -> None:
        self.notes.missing.append(f"{clause.values['what']} (“{clause.said}”)")

    def _retry(self, clause: Clause, scope: Scope) -> None:
        wrap.retry(clause, scope, self.notes)
