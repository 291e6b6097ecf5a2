"""New steps in a definition that is there: "notify me after posting", "add an approval by Bob before step 3"."""

from __future__ import annotations

import json
import re
from typing import Any

from graphs.models.offline import targets
from graphs.models.offline.build import Builder
from graphs.models.offline.clause import Clause
from graphs.models.offline.notes import Notes
from graphs.models.offline.recognise import recognise
from graphs.models.offline.scope import Scope, Value
from graphs.models.offline.targets import Target
from graphs.models.offline.text import Protected, tidy
from graphs.models.offline.wish import Edit, Wish

ADD = re.compile(
    r"(?:(?:please|also|additionally|then|and|now|can you|could you|i want you to|i'd like you to|i want)[, ]+)*(?:add|insert|include|put in|have|put)\s+(?:(?:a|another|one)(?: new| more)? (?:step|task)s?(?: that| which| to| where(?: you)?)?\s*:?\s*)?",  # noqa: E501
    re.IGNORECASE,
)
NOUNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?:an? |the |my )?(?:approval|sign-?off|confirmation|approval step)(?: (?:by|from|of) (?P<who>\S+))?", re.IGNORECASE),
        "ask {who} to approve",
    ),
    (
        re.compile(r"(?:an? )?(?:notification|message)(?: (?:to|for) (?P<who>\S+))?(?P<rest> (?:by|via|in|on) .+)?", re.IGNORECASE),
        "notify {who}{rest}",
    ),
    (re.compile(r"(?:an? )?(?:e-?mail)(?: to (?P<who>\S+))(?P<rest> .+)?", re.IGNORECASE), "email {who}{rest}"),
    (re.compile(r"(?:an? )?(?:pause|wait|delay|break) of (?P<rest>.+)", re.IGNORECASE), "wait {rest}"),
)
BEHIND = re.compile(r"(?P<clause>.+?),?\s+(?P<where>before|after|prior to|following)\s+(?P<anchor>.+)", re.IGNORECASE)
AHEAD = re.compile(r"(?P<where>before|after)\s+(?P<anchor>[^,]+?),\s*(?P<clause>.+)", re.IGNORECASE)
ENDS = re.compile(
    r"(?P<clause>.+?)(?:,)?\s+(?P<where>at the (?:very )?end|in the end|at the beginning|at the start|when (?:it is|it's|everything is|all is) (?:done|finished)|once (?:it is|it's|they are|everything is|all is|that is) (?:done|finished|posted|sent))",  # noqa: E501
    re.IGNORECASE,
)
EXPORT = re.compile(r"\$context \+ \{\s*(\w+):")
ALLOWED = ("approve", "notify", "wait", "send", "emit", "summarize")


def add(source: Protected, wish: Wish) -> Edit | None:
    """Read one wish for a new step; None when it is none, or not understood."""
    words = source.text.strip().rstrip(".!")
    placed = AHEAD.fullmatch(words) or BEHIND.fullmatch(words) or ENDS.fullmatch(words)
    clause = _clause(placed["clause"] if placed else words, source)
    if clause is None or clause.kind not in ALLOWED or not wish.tasks:
        return None
    where, anchor = _place(placed, clause, wish, source)
    if anchor is None:
        return None
    return _insert(clause, where, anchor, wish)


def _clause(words: str, source: Protected) -> Clause | None:
    added = ADD.match(words)
    rest = words[added.end() :] if added else words
    for pattern, sentence in NOUNS if added else ():
        found = pattern.fullmatch(rest.strip())
        if found:
            groups = {"who": "me", "rest": "", **{key: value for key, value in found.groupdict().items() if value}}
            return recognise(sentence.format(**groups), source)
    return recognise(tidy(rest), source)


def _place(placed: re.Match[str] | None, clause: Clause, wish: Wish, source: Protected) -> tuple[str, Target | None]:
    """Return ("add-before"|"add-after", task). Nothing said: an approval before the first request that writes, the rest at the end."""
    top = [target for target in wish.tasks if target.reference.count("/") == 3]
    if placed is None:
        writes = next((target for target in wish.tasks if target.kind in ("post", "put", "patch", "delete")), None)
        if clause.kind == "approve":
            return "add-before", writes or top[-1]
        return "add-after", top[-1]
    where = placed["where"].lower()
    if "anchor" not in placed.groupdict():
        return ("add-before", top[0]) if "begin" in where or "start" in where else ("add-after", top[-1])
    anchor = wish.one(targets.find(source.open(placed["anchor"]), wish.tasks), source.open(placed["anchor"]))
    if anchor is not None and not targets.accounts(source.open(placed["anchor"]), anchor):
        return "", None
    return ("add-after" if where in ("after", "following") else "add-before"), _outside_try(anchor, wish)


def _outside_try(anchor: Target | None, wish: Wish) -> Target | None:
    """A call inside `try` is repeated when it fails; what is added goes before or after the whole of it."""
    if anchor is None or anchor.reference.split("/")[-3:-2] != ["try"]:
        return anchor
    outer = anchor.reference.rsplit("/", 3)[0]
    return next((target for target in wish.tasks if target.reference == outer), anchor)


def _insert(clause: Clause, where: str, anchor: Target, wish: Wish) -> Edit | None:
    notes = Notes(wish.answers, wish.person, wish.timezone)
    scope = Scope(names={target.name for target in wish.tasks})
    scope.known = _known(anchor, wish)
    scope.current = scope.known[-1] if scope.known else None
    Builder(notes).build([clause], scope, follows=False)
    if notes.unknown or notes.missing or notes.remarks:
        return None
    wish.questions += notes.questions
    if clause.kind == "approve":
        _guarded(scope, anchor, where)
    else:
        for entry in scope.tasks:
            for body in entry.values():
                if "wait" not in body:
                    body["output"] = {"as": "${ $input }"}
    entries = [(name, body) for entry in scope.tasks for name, body in entry.items()]
    ordered = entries if where == "add-before" else entries[::-1]
    operations = [{"op": where, "reference": anchor.reference, "name": name, "value": body} for name, body in ordered]
    title = entries[0][1]["metadata"]["parley"]["title"]
    return Edit(operations, f"“{title}” stands {'before' if where == 'add-before' else 'after'} “{anchor.title}”")


def _guarded(scope: Scope, anchor: Target, where: str) -> None:
    """Make the approval keep the data, and end the workflow when it is refused; the gate hands the data on."""
    ((_, approval),) = scope.tasks[0].items()
    approval["with"].setdefault("data", _sent(anchor) if where == "add-before" else "${ . }")
    approval["output"] = {"as": "${ {approved: .approved, data: $input} }"}
    cases = [{"approved": {"when": "${ .approved }", "then": "continue"}}, {"refused": {"then": "end"}}]
    gate = {"switch": cases, "output": {"as": "${ .data }"}, "metadata": {"parley": {"title": "Go on only if approved"}}}
    scope.tasks.append({scope.name("approved"): gate})


def _sent(anchor: Target) -> Any:
    """Return what the anchored task sends, so that it can be shown to the person who decides."""
    with_ = anchor.body.get("with")
    body = with_.get("body") if isinstance(with_, dict) else None
    return body if body is not None else "${ . }"


def _known(anchor: Target, wish: Wish) -> list[Value]:
    """Return the values that are in the context before *anchor*, and the loop's item when it stands in a loop."""
    values: list[Value] = []
    for target in wish.tasks:
        if target.reference == anchor.reference:
            break
        for name in EXPORT.findall(json.dumps(target.body.get("export") or {})):
            values = [value for value in values if value.noun != name]
            values.append(Value(name, many=name.endswith("s"), variable=f"$context.{name}"))
    loop = next((target for target in wish.tasks if target.kind == "for" and anchor.reference.startswith(f"{target.reference}/")), None)
    if loop is not None:
        each = str((loop.body.get("for") or {}).get("each", "item"))
        values.append(Value(each, many=False, variable=f"${each}"))
    return values
