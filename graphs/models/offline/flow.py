"""Branches, loops, parallel parts, and what a refusal means: the clauses that hold clauses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from graphs.models.offline import addresses, conditions, lists, wrap
from graphs.models.offline.clause import Clause, Condition
from graphs.models.offline.naming import sentence, short
from graphs.models.offline.scope import Scope, Task, Value, key, single

if TYPE_CHECKING:
    from graphs.models.offline.build import Builder


Landing = tuple[Task, int]  # a switch's case, and the place in the list that it leads to


def gate(builder: Builder, clause: Clause, scope: Scope, *, more: bool) -> Landing | None:
    """
    End the workflow when the approval is refused; first do what was wished for that case.

    Args:
        more: Something comes after it in this list.

    Returns:
        The case that leads there, when its target is not known yet.
    """
    if not clause.otherwise:
        cases = [{"approved": {"when": "${ .approved }", "then": "continue"}}, {"refused": {"then": "end"}}]
        scope.add(scope.name("approved"), "Go on only if approved", {"switch": cases}, uses="switch", serves=clause.said)
        return None
    if more:
        return _way_out(builder, clause, scope)
    outer = scope.name("approved")
    inner, refused = scope.nested(scope.dot), scope.nested(scope.dot)
    name = scope.name("decide")
    builder.build(clause.otherwise, refused, follows=False)
    cases = [{"approved": {"when": "${ .approved }", "then": "exit"}}, {"refused": {"then": "continue"}}]
    inner.add(name, "Approved?", {"switch": cases}, uses="switch", serves=clause.said)
    if refused.tasks:
        next(iter(refused.tasks[-1].values()))["then"] = "end"
    else:
        cases[1]["refused"]["then"] = "end"
    scope.add(outer, "Go on only if approved", {"do": [*inner.tasks, *refused.tasks]}, uses="do", serves=clause.said)
    return None


def _way_out(builder: Builder, clause: Clause, scope: Scope) -> Landing:
    """Put what is to be done after a refusal beside the way on, and end there: an approved run leaps over it."""
    approved: Task = {"when": "${ .approved }", "then": "continue"}
    cases = [{"approved": approved}, {"refused": {"then": "continue"}}]
    scope.add(scope.name("approved"), "Go on only if approved", {"switch": cases}, uses="switch", serves=clause.said)
    refused = scope.nested(scope.dot)
    builder.build(clause.otherwise, refused, follows=False)
    if refused.tasks:
        next(iter(refused.tasks[-1].values()))["then"] = "end"
    else:
        cases[1]["refused"]["then"] = "end"
    scope.tasks += refused.tasks
    return approved, len(scope.tasks)


def land(landings: list[Landing], scope: Scope) -> None:
    """Let the cases lead to the tasks that were built after them."""
    for case, at in landings:
        case["then"] = next(iter(scope.tasks[at])) if at < len(scope.tasks) else "end"


def rest_if_approved(builder: Builder, clause: Clause, rest: list[Clause], scope: Scope) -> None:
    """In a loop a refusal skips the rest of the round only."""
    name, inner = scope.name("when-approved"), scope.nested(scope.dot)
    builder.build(rest, inner, follows=False, loop=True)
    scope.add(name, "Only if approved", {"if": "${ .approved }", "do": inner.tasks}, uses="do", serves=clause.said)
    if clause.otherwise:
        builder.notes.missing.append("what happens when it is refused inside a loop: say it as “if approved …, otherwise …”")


def each(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Build a loop; an address in "for each order from …" is fetched first."""
    if clause.values.get("url"):
        builder.build(
            [Clause("fetch", clause.said, {"urls": [clause.values["url"]], "noun": f"{clause.values['noun']}s"})], scope, follows=True
        )
    if clause.values.get("literals"):
        _each_named(builder, clause, scope)
        return
    value = lists.whole(scope)
    if value is not None and not value.many and value.noun != "input" and value.raw:
        value.many = True  # an answer that is gone through is a list
    lists.called(clause.values["noun"], value, builder.notes)
    noun = single(clause.values["noun"] or (value.noun if value else "item"))
    noun = "item" if noun in ("input", "one", "data", "of") else noun
    variable = key(noun)
    name, list_ = scope.name(f"each-{noun}"), lists.items(value, scope, builder.notes)
    list_ = list_[1:-1] if list_.startswith("(") and list_.endswith("end)") else list_
    at = len(scope.steps)
    inner = scope.nested(scope.dot)
    inner.known = [*scope.known]
    words = value.words if value else frozenset()
    inner.current = Value(noun, many=False, variable=f"${variable}", words=words | {"one", "item"})
    inner.known.append(inner.current)
    builder.build(clause.body, inner, follows=False, loop=True)
    scope.add(
        name,
        f"For each {noun}",
        {"for": {"each": variable, "in": f"${{ {list_} }}"}, "do": inner.tasks},
        uses="for",
        serves=clause.said,
    )
    scope.steps.insert(at, scope.steps.pop())
    scope.dot = None


def _each_named(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Build a loop over words that were listed; a place in an address stands for the word."""
    names, inner = clause.values["literals"], scope.nested(scope.dot)
    places = {place[1] or place[2] for body in clause.body for url in _urls(body) for place in addresses.NAMED.finditer(url)}
    noun = next(iter(places), None) or "item"
    inner.known = [*scope.known]
    inner.current = Value(noun, many=False, variable=f"${key(noun)}", words=frozenset({"literal", "one", "name"}))
    inner.known.append(inner.current)
    builder.build(clause.body, inner, follows=False, loop=True)
    task: Task = {"for": {"each": key(noun), "in": f"${{ {json.dumps(names, ensure_ascii=False)} }}"}, "do": inner.tasks}
    scope.add(scope.name(f"each-{noun}"), f"For each of {', '.join(names)}", task, uses="for", serves=clause.said)
    scope.dot = None


def _urls(clause: Clause) -> list[str]:
    return [*clause.values.get("urls", []), *filter(None, [clause.values.get("url", "")])]


def parallel(builder: Builder, clause: Clause, scope: Scope) -> None:
    parts = [
        Clause("fetch", part.said, {**part.values, "urls": [url]})
        for part in clause.body
        for url in (part.values.get("urls") or [""])
        if part.kind == "fetch" and len(part.values.get("urls", [])) > 1
    ]
    body = parts or clause.body
    name, at = scope.name("in-parallel"), len(scope.steps)
    branches: list[Task] = []
    values: list[Value | None] = []
    for part in body:
        inner = scope.nested(scope.dot)
        inner.known = [*scope.known]
        before = len(inner.known)
        builder.build([part], inner, follows=False, loop=True)
        branches += (
            inner.tasks
            if len(inner.tasks) == 1
            else [{scope.name("branch"): {"do": inner.tasks, "metadata": {"parley": {"title": sentence(part.said)}}}}]
        )
        values.append(inner.known[-1] if len(inner.known) > before else None)
    race = {"compete": True} if clause.values.get("compete") else {}
    task = scope.add(
        name,
        "The first to answer" if race else "At the same time",
        {"fork": {**race, "branches": branches}},
        uses="fork",
        serves=clause.said,
    )
    scope.steps.insert(at, scope.steps.pop())
    if race:
        _won(builder, scope, task, values)
    else:
        _joined(scope, task, values)


def _won(builder: Builder, scope: Scope, task: Task, values: list[Value | None]) -> None:
    """Name what the first branch to end brought: its answer alone is the fork's."""
    if any(value is None for value in values):
        builder.notes.unclear("whichever answers first")
    value = Value("answer", many=False, raw=True, producer=task, key="answer", label="the first answer", guessed=True)
    builder.produced(scope, value)


def _joined(scope: Scope, task: Task, values: list[Value | None]) -> None:
    """Name what the branches brought; a fork's output is the list of their outputs."""
    found = [(at, value) for at, value in enumerate(values) if value is not None]
    if not found:
        scope.dot = None
        return
    keys: list[str] = []
    for _, value in found:
        keys.append(value.key if value.key not in keys else f"{value.key}_{len(keys) + 1}")
    parts = ", ".join(f"{name}: .[{at}]" for name, (at, _) in zip(keys, found, strict=True))
    task["output"] = {"as": f"${{ {{{parts}}} }}"}
    for name, (_, value) in zip(keys, found, strict=True):
        scope.known.append(Value(name, many=value.many, raw=value.raw, producer=task, key="answers", inner=f".{name}{value.inner}"))
    both = Value("answers", many=True, producer=task, key="answers", joined=True)
    scope.known.append(both)
    scope.current = scope.dot = both


def catch(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Build what is to be done when a call fails; the data that the call should have brought is not there then."""
    inner = scope.nested(None)
    inner.known, inner.current = [], None
    builder.build(clause.body, inner, follows=False)
    if not inner.tasks:
        builder.notes.unclear(clause.said)  # what shall happen then?
    wrap.catch(clause, inner.tasks, scope, builder.notes)


def stop(builder: Builder, clause: Clause, rest: list[Clause], scope: Scope, *, needed: bool) -> None:
    """End the workflow here. At the very end of it there is nothing to do."""
    if rest:
        builder.notes.missing.append(f"what shall happen after “{clause.said}”: nothing that follows it would ever be done")
    elif needed:
        scope.add(scope.name("stop"), "Stop here", {"set": "${ . }", "then": "end"}, uses="set", serves=clause.said)


def branch(builder: Builder, clause: Clause, scope: Scope, *, follows: bool, last: bool, loop: bool) -> None:
    """Build an "if": a task with `if`, a block with `if`, or a switch with two ways."""
    condition: Condition = clause.values["condition"]
    if condition.kind == "approved" and condition.value and condition.about and scope.decided is None:  # "if Bob approves": he is asked
        builder.approve(Clause("approve", clause.said, {"who": "me" if condition.about.lower() in ("i", "we") else condition.about}), scope)
    test, words = _test(builder, clause, scope), sentence(clause.said.rstrip(", "))
    stops = [part.kind for part in clause.body] == ["stop"]
    name, at = scope.name(short(clause.said)), len(scope.steps)
    if stops and not clause.otherwise:
        cases: list[Task] = [{"yes": {"when": f"${{ {test} }}", "then": "end"}}]
        scope.add(name, words, {"switch": cases}, uses="switch", serves=clause.said)
        return
    yes, no = scope.nested(scope.dot), scope.nested(scope.dot)
    builder.build(clause.body, yes, follows=follows, loop=loop)
    builder.build(clause.otherwise, no, follows=follows, loop=loop)
    if clause.otherwise:
        ways = (() if stops else yes.tasks, () if [part.kind for part in clause.otherwise] == ["stop"] else no.tasks)
        wrap.branch(scope, name, words, test, ways, clause, alone=last and scope.top and not follows)
    elif len(yes.tasks) == 1 and "if" not in next(iter(yes.tasks[0].values())):
        ((only, task),) = yes.tasks[0].items()
        scope.tasks.append({only: {"if": f"${{ {test} }}", **task}})
        scope.names.discard(name)
    elif yes.tasks:
        scope.add(name, words, {"if": f"${{ {test} }}", "do": yes.tasks}, uses="do", serves=clause.said)
        scope.steps.insert(at, scope.steps.pop())
    scope.dot = None


def _test(builder: Builder, clause: Clause, scope: Scope) -> str:
    """Return the jq of an "if"."""
    condition: Condition = lists.settled(clause.values["condition"], builder.notes)
    if condition.kind == "approved":
        base = scope.decided.read(scope) if scope.decided else ".approved"
        test = base if condition.value else f"{base} | not"
        _who_decided(condition, clause, scope, builder)
    else:
        value = scope.current
        counted = lists.whole(scope)
        if condition.kind == "count":
            lists.called(condition.about, counted, builder.notes)
        base = lists.items(counted, scope, builder.notes) if condition.kind == "count" else value.read(scope) if value else "."
        test = conditions.to_jq(condition, base, lambda one: lists.field_of(one, builder.notes), strict=True)
    return f"({test}) | not" if clause.values["negate"] else test


def _who_decided(condition: Condition, clause: Clause, scope: Scope, builder: Builder) -> None:
    """An approval that nobody was asked for, or that somebody else was asked for, is not understood."""
    asked = str((scope.decided.producer or {}).get("with", {}).get("assignee", "")) if scope.decided else ""
    who = builder.notes.person if condition.about.lower() in ("i", "me", "we") else condition.about
    if scope.decided is None or (who and asked and who.lower() != asked.lower() and not who.lower().startswith(("the ", "my "))):
        builder.notes.unclear(clause.said)


def decides(rest: list[Clause]) -> bool:
    """Say whether an "if approved …" follows: then it alone says what hangs on the decision."""
    return any(_on_decision(clause) for clause in rest)


def _on_decision(clause: Clause) -> bool:
    return clause.kind == "if" and clause.values["condition"].kind == "approved"


def refusals(clauses: list[Clause]) -> list[Clause]:
    """Put "if I say no, …", said after what an approval guards, behind the approval, where the way without it ends."""
    kept = list(clauses)
    for at, clause in enumerate(clauses):
        later = next((other for other in clauses[at + 1 :] if _on_decision(other)), None) if clause.kind == "approve" else None
        if later is None or clause.otherwise or later.otherwise or later is clauses[at + 1]:
            continue
        if later.values["condition"].value == later.values["negate"]:  # "if not approved", "unless approved"
            clause.otherwise = later.body
            kept.remove(later)
    return kept
