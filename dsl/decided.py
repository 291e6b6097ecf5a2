"""Which tasks a person's approval certainly comes before. Whatever is not certain counts as undecided.

Certain is: an `approve` task, and then a `switch` of the same list whose cases let only an approved run go on, or an `if` on the
approval. A task is decided when no way from the start of its list reaches it without such a case; what stands inside a decided
task is decided too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dsl.catalogue import DEFAULT_CATALOGUE, parse_name
from dsl.expressions.program import strip
from dsl.walk import Step, TaskBlock, inner_blocks, is_directive, steps, switch_cases, top_block

JSON = Any

_LEAVES = -1
_KEPT = re.compile(
    r"(?:\$input|\.|\$context)\s*\+\s*\{\s*\"?(\w+)\"?\s*:\s*(\.|\.approved)\s*\}|\{\s*\"?(\w+)\"?\s*:\s*(\.|\.approved)\s*\}"
)
_ADDS = re.compile(r"\$context\s*\+\s*\{\s*\"?(\w+)\"?\s*:")


def deciders(data: JSON) -> dict[str, str]:
    """Return who decides, by the reference of every task that an approval certainly precedes."""
    found: dict[str, str] = {}
    top = top_block(data)
    if top is not None:
        _block(top, "", data, found)
    return found


def _block(block: TaskBlock, by: str, data: JSON, found: dict[str, str]) -> None:
    """Note the decided tasks of *block*; *by* decided before the block began, or nobody."""
    own = {} if block.parallel else _in_list(block, data)
    for step in block.steps:
        decider = by or own.get(step.name, "")
        if decider:
            found[step.reference] = decider
        for inner in inner_blocks(step):
            _block(inner, decider, data, found)


def _in_list(block: TaskBlock, data: JSON) -> dict[str, str]:
    if len(block.steps) != len(block.names) or len(set(block.names)) != len(block.names):
        return {}
    found: dict[str, str] = {}
    for approval in block.steps:
        if not _is_approval(approval):
            continue
        reached = _reached_without(approval, block, data)
        for step in block.steps:
            if step.index not in reached or _asks_for_it(step, approval, block, data):
                found.setdefault(step.name, _who(approval))
    reachable = {block.steps[position].name for position in _reachable(block)} if found else set()
    return {name: by for name, by in found.items() if name in reachable}


def _is_approval(step: Step) -> bool:
    parsed = parse_name(step.task["call"]) if step.kind == "call" and isinstance(step.task["call"], str) else None
    return parsed is not None and parsed.name == "approve" and parsed.catalogue == DEFAULT_CATALOGUE and "if" not in step.task


def _who(approval: Step) -> str:
    arguments = approval.task.get("with")
    assignee = arguments.get("assignee") if isinstance(arguments, dict) else None
    assignee = " or ".join(map(str, assignee)) if isinstance(assignee, list) else assignee
    return str(assignee) if isinstance(assignee, str) and assignee.strip() else "a person"


def _reached_without(approval: Step, block: TaskBlock, data: JSON) -> set[int]:
    """Return the positions that a run can reach without an answer 'approved' of *approval*."""
    conditions = _conditions(approval, block, data)
    found, waiting = {0}, [0]
    while waiting:
        step = block.steps[waiting.pop()]
        for target, approved in _edges(step, block, conditions(step)):
            if not approved and target != _LEAVES and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _edges(step: Step, block: TaskBlock, conditions: frozenset[str]) -> Iterator[tuple[int, bool]]:
    """Yield (position, only when approved) of every way out of *step*."""
    following = step.index + 1 if step.index + 1 < len(block.steps) else _LEAVES
    if "if" in step.task:
        yield following, False  # skipped
    if step.kind == "raise":
        return
    rejected, default = False, False
    for case in switch_cases(step):
        when = case.get("when")
        target = _position(case.get("then"), following, block)
        if isinstance(when, str):
            yield target, rejected or _holds(when, conditions)
            rejected = rejected or _fails(when, conditions)
        else:
            default = True
            later = any(_fails(str(other.get("when")), conditions) for other in switch_cases(step) if "when" in other)
            yield target, later
    if not default:
        yield _position(step.task.get("then"), following, block), rejected


def _position(then: JSON, following: int, block: TaskBlock) -> int:
    if not isinstance(then, str) or then == "continue":
        return following
    return _LEAVES if is_directive(then) or then not in block.names else block.names.index(then)


def _conditions(approval: Step, block: TaskBlock, data: JSON) -> Any:
    """Return a function: the paths that hold the answer of *approval* when a given step looks at its input or context."""
    on_context = _exported(approval, data)
    direct = _kept(approval.task.get("output"), "$input", {".approved"})
    before: dict[int, set[int]] = {}
    for step in block.steps:
        for target, _ in _edges(step, block, frozenset()):
            before.setdefault(target, set()).add(step.index)
    dominated = _dominated(approval, block)

    def conditions(step: Step) -> frozenset[str]:
        paths = set(on_context) if step.index in dominated else set()
        if before.get(step.index) == {approval.index} and step.index != 0 and not (step.kind == "switch" and "input" in step.task):
            paths |= direct
        return frozenset(paths)

    return conditions


def _dominated(approval: Step, block: TaskBlock) -> set[int]:
    """Return the positions that are only reached through *approval*."""
    found = {0} - {approval.index}
    waiting = list(found)
    while waiting:
        for target, _ in _edges(block.steps[waiting.pop()], block, frozenset()):
            if target not in found and target not in (_LEAVES, approval.index):
                found.add(target)
                waiting.append(target)
    return {step.index for step in block.steps} - found - {approval.index}


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


def _exported(approval: Step, data: JSON) -> set[str]:
    if "output" in approval.task or "export" not in approval.task:
        return set()
    paths = _kept(approval.task["export"], "$context", set())
    keys = {path.split(".")[1] for path in paths}
    for step in steps(data):
        export = step.task.get("export")
        if step.reference == approval.reference or not isinstance(export, dict) or "as" not in export:
            continue
        match = _ADDS.match(strip(export["as"])) if isinstance(export["as"], str) else None
        if match is None or match[1] in keys or "," in export["as"]:
            return set()  # another task may replace what this one kept
    return {f"$context{path}" for path in paths}


def _holds(when: str, conditions: frozenset[str]) -> bool:
    code = strip(when)
    if " or " in code or "(" in code or "," in code or "//" in code:
        return False
    parts = [part.strip() for part in code.split(" and ")]
    return any(part in conditions or (part.removesuffix("== true").strip() in conditions and part.endswith("== true")) for part in parts)


def _fails(when: str, conditions: frozenset[str]) -> bool:
    """Tell whether *when* holds for every run that was not approved."""
    code = " ".join(strip(when).split())
    return any(code in (f"{path} | not", f"{path}|not", f"{path} == false", f"{path} != true") for path in conditions)


def _asks_for_it(step: Step, approval: Step, block: TaskBlock, data: JSON) -> bool:
    condition = step.task.get("if")
    return isinstance(condition, str) and _holds(condition, _conditions(approval, block, data)(step))


def _reachable(block: TaskBlock) -> set[int]:
    """Return the positions that a run can come to at all."""
    found, waiting = {0}, [0]
    while waiting:
        for target, _ in _edges(block.steps[waiting.pop()], block, frozenset()):
            if target != _LEAVES and target not in found:
                found.add(target)
                waiting.append(target)
    return found
