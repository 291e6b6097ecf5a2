"""Which tasks a person's approval certainly comes before. Whatever is not certain counts as undecided.

Certain is: an `approve` task, and then a `switch` of the same list whose cases let only an approved run go on, or an `if` on the
approval. A task is decided when no way from the start of its list reaches it without such a case; what stands inside a decided
task is decided too. Nobody decides where an extension may answer for the approval or choose for the switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dsl.catalogue import DEFAULT_CATALOGUE, parse_name
from dsl.checks.flow import LEAVES
from dsl.dominance import dominated, reached
from dsl.expressions.program import strip
from dsl.extending import extensions
from dsl.outside import own_function
from dsl.pointer import MISSING, get
from dsl.walk import (
    Step,
    TaskBlock,
    all_steps,
    declared_blocks,
    declared_steps,
    inner_blocks,
    is_directive,
    steps,
    subscription_of,
    switch_cases,
    top_block,
)

JSON = Any

_KEPT = re.compile(
    r"(?:\$input|\.|\$context)\s*\+\s*\{\s*\"?(\w+)\"?\s*:\s*(\.|\.approved)\s*\}|\{\s*\"?(\w+)\"?\s*:\s*(\.|\.approved)\s*\}"
)
_ADDS = re.compile(r"\$context\s*\+\s*\{\s*\"?(\w+)\"?\s*:")


def deciders(data: JSON) -> dict[str, str]:
    """Return who decides, by the reference of every task that an approval certainly precedes; tasks of functions for one call of them."""
    found: dict[str, str] = {}
    if not any(_is_approval(step, data) for step in (*steps(data), *declared_steps(data))):
        return found
    lists = [top_block(data), *(block for block in declared_blocks(data) if block.owner is None)]
    document = _Document(data)
    if document.approves:
        for block in lists:
            if block is not None:
                _block(block, "", document, found)
    return found


class _Document:
    """What the whole document says that counts for every list."""

    def __init__(self, data: JSON) -> None:
        self.data = data
        self.extended = {extension.kind for extension in extensions(data) if extension.extended}
        own = get(data, f"/use/catalogs/{DEFAULT_CATALOGUE}") is not MISSING  # then `approve` is not what it seems
        self.approves = not own and not self.extended & {"all", "call", "switch"}
        self._keys: dict[str, int] = {}  # how many tasks add to the context under a key
        self._replacing: set[str] = set()  # tasks that replace the whole context
        for step in all_steps(data) if self.approves else ():
            for export in _exports(step):
                key = _added(export)
                if key:
                    self._keys[key] = self._keys.get(key, 0) + 1
                else:
                    self._replacing.add(step.reference)

    def exported(self, approval: Step) -> set[str]:
        """Return where in the context the answer of *approval* stands whatever other tasks do."""
        others = len(self._replacing) - (approval.reference in self._replacing)
        if "output" in approval.task or "export" not in approval.task or others:
            return set()
        paths = _kept(approval.task["export"], "$context", set())
        own = [_added(export) for export in _exports(approval)]
        alone = all(self._keys.get(key, 0) == own.count(key) for key in (path.split(".")[1] for path in paths))
        return {f"$context{path}" for path in paths} if alone else set()


def _added(export: JSON) -> str:
    """Return the key under which an `export.as` adds to the context, "" when it replaces it or adds more."""
    match = _ADDS.match(strip(export)) if isinstance(export, str) and "," not in export else None
    return match[1] if match else ""


def _exports(step: Step) -> Iterator[JSON]:
    """Yield every `export.as` of a task, its iterator's too."""
    for owner in (step.task, step.task.get("foreach"), subscription_of(step.task).get("foreach")):
        export = owner.get("export") if isinstance(owner, dict) else None
        if isinstance(export, dict) and "as" in export:
            yield export["as"]


def _block(block: TaskBlock, by: str, document: _Document, found: dict[str, str]) -> None:
    """Note the decided tasks of *block*; *by* decided before the block began, or nobody."""
    own = {} if block.parallel else _in_list(block, document)
    for step in block.steps:
        decider = by or own.get(step.index, "")
        if decider:
            found[step.reference] = decider
        for inner in inner_blocks(step):
            _block(inner, decider, document, found)


def _in_list(block: TaskBlock, document: _Document) -> dict[int, str]:
    """Return who decides by position in *block*.

    What can still be reached when every way is closed that only an approved run takes is undecided.
    """
    approvals = [step for step in block.steps if _is_approval(step, document.data)]
    broken = any(step.index != position for position, step in enumerate(block.steps))  # items that are no tasks
    if not approvals or broken or len(block.steps) != len(block.names) or len(set(block.names)) != len(block.names):
        return {}
    answers = _Answers(block, approvals, document)
    edges = [list(_edges(step, answers)) for step in block.steps]
    reachable = reached([[target for target, _ in ways] for ways in edges])
    undecided = set(reached([[target for target, by in ways if not by] for ways in edges]))
    found: dict[int, str] = {}
    waiting = []
    for position in reachable:
        asked = _asked(block.steps[position], answers)
        if asked:
            found[position] = asked
        for target, by in edges[position] if position in undecided else ():
            if by and target not in undecided and target not in found:
                found[target] = by
                waiting.append(target)
    while waiting:
        position = waiting.pop()
        for target, _ in edges[position]:
            if target != LEAVES and target not in undecided and target not in found:
                found[target] = found[position]
                waiting.append(target)
    return found


def _is_approval(step: Step, data: JSON) -> bool:
    call = step.task["call"] if step.kind == "call" else None
    parsed = parse_name(call) if isinstance(call, str) else None
    known = parsed is not None and parsed.name == "approve" and parsed.catalogue == DEFAULT_CATALOGUE
    return known and "if" not in step.task and own_function(call, data) is None


def _who(approval: Step) -> str:
    arguments = approval.task.get("with")
    assignee = arguments.get("assignee") if isinstance(arguments, dict) else None
    assignee = " or ".join(map(str, assignee)) if isinstance(assignee, list) else assignee
    return str(assignee) if isinstance(assignee, str) and assignee.strip() else "a person"


class _Answers:
    """Where the answers of a list's approvals stand when a given task looks at its input or the context."""

    def __init__(self, block: TaskBlock, approvals: list[Step], document: _Document) -> None:
        self.positions = {name: number for number, name in enumerate(block.names)}
        self.extended = document.extended
        self._direct: dict[int, dict[str, str]] = {}  # by task: paths in its input
        self._on_context: dict[str, tuple[int, str]] = {}  # by path
        plain = [[target for target, _ in _edges(step, self)] for step in block.steps]
        before: dict[int, set[int]] = {}
        for position, targets in enumerate(plain):
            for target in targets:
                before.setdefault(target, set()).add(position)
        for approval in approvals:
            paths = dict.fromkeys(_kept(approval.task.get("output"), "$input", {".approved"}), _who(approval))
            for target in plain[approval.index]:
                if target not in (0, LEAVES) and before[target] == {approval.index}:
                    self._direct[target] = paths
        exported = {path: approval for approval in approvals for path in document.exported(approval)}
        self._on_context |= {path: (approval.index, _who(approval)) for path, approval in exported.items()}
        self._spans = dominated(plain) if exported else {}

    def by(self, path: str, step: Step) -> str:
        """Return who answered what stands at *path* when *step* looks at it, "" when that is no certain answer."""
        if not (step.kind == "switch" and "input" in step.task) and path in self._direct.get(step.index, {}):
            return self._direct[step.index][path]
        index, who = self._on_context.get(path, (LEAVES, ""))
        if not who or index == step.index:
            return ""
        own, other = self._spans.get(index), self._spans.get(step.index)
        return who if own and other and own[0] <= other[0] < own[1] else ""


def _edges(step: Step, answers: _Answers) -> Iterator[tuple[int, str]]:
    """Yield (position, who approved it, "" when nobody must have) of every way out of *step*."""
    following = step.index + 1 if step.index + 1 < len(step.siblings.names) else LEAVES
    if "if" in step.task:
        yield following, ""  # skipped
    if step.kind == "raise":
        return
    rejected, default = "", False
    cases = switch_cases(step)
    refusals = [_fails(case["when"], step, answers) if isinstance(case.get("when"), str) else "" for case in cases]
    for case, refused in zip(cases, refusals, strict=True):
        when = case.get("when")
        target = _position(case.get("then"), following, answers)
        if isinstance(when, str):
            yield target, rejected or _holds(when, step, answers)
            rejected = rejected or refused
        else:
            default = True
            yield target, next((refusal for refusal in refusals if refusal), "")
    if not default:
        yield _position(step.task.get("then"), following, answers), rejected


def _position(then: JSON, following: int, answers: _Answers) -> int:
    if not isinstance(then, str) or then == "continue":
        return following
    return LEAVES if is_directive(then) else answers.positions.get(then, LEAVES)


def _kept(flow: JSON, base: str, untouched: set[str]) -> set[str]:
    """Return where the answer stands after an `output.as` or `export.as` of the usual forms, nothing when that is not certain."""
    if not isinstance(flow, dict) or "as" not in flow:
        return untouched
    mapped = flow["as"]
    if isinstance(mapped, dict):
        pairs = [(key, strip(value)) for key, value in mapped.items() if isinstance(value, str)]
        return {f".{key}.approved" if value == "." else f".{key}" for key, value in pairs if value in (".", ".approved")}
    match = _KEPT.fullmatch(strip(mapped)) if isinstance(mapped, str) else None
    if match is None:
        return {".approved"} if isinstance(mapped, str) and strip(mapped) in (".", "$input + .") and base == "$input" else set()
    key, value = (match[1], match[2]) if match[1] else (match[3], match[4])
    return {f".{key}.approved" if value == "." else f".{key}"}


def _asked(step: Step, answers: _Answers) -> str:
    """Return whose approval the `if` of *step* asks for; nobody's where an extension may come before it."""
    condition = step.task.get("if")
    extended = step.kind in answers.extended or ("composite" in answers.extended and step.kind in ("do", "fork"))
    return _holds(condition, step, answers) if isinstance(condition, str) and not extended else ""


def _holds(when: str, step: Step, answers: _Answers) -> str:
    """Return whose approval *when* asks for, "" when it holds without one too."""
    code = strip(when)
    if " or " in code or "(" in code or "," in code or "//" in code:
        return ""
    parts = [part.strip() for part in code.split(" and ")]
    return next((by for part in parts if (by := answers.by(part.removesuffix("== true").strip(), step))), "")


def _fails(when: str, step: Step, answers: _Answers) -> str:
    """Return who refused when *when* holds for every run that was not approved, "" otherwise."""
    code = " ".join(strip(when).split())
    for refusal in (" | not", "|not", " == false", " != true"):
        if code.endswith(refusal) and (by := answers.by(code.removesuffix(refusal), step)):
            return by
    return ""
