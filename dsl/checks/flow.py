"""The fifth layer: can every task be reached, does every way end, is every loop and retry bounded?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsl.nearest import quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step, TaskBlock, blocks, is_directive, steps, switch_cases, targets_of

JSON = Any

LEAVES = -1  # the list is left: at its end, by `exit`, `end` or an error


def flow(data: dict[str, JSON]) -> Iterator[Problem]:
    bounded = "timeout" in data
    for block in blocks(data):
        if block.parallel:
            if not block.names:
                yield Problem(
                    code="empty-fork",
                    reference=block.pointer,
                    message="the fork has no branches",
                    hint="write at least two branches, or remove it",
                )
            continue
        if not block.names:
            yield Problem(
                code="empty-list",
                reference=block.pointer,
                message="there is nothing to do here",
                hint="write at least one task",
                severity="warning",
            )
        elif _all_known(block):
            yield from _ways(block, bounded)
    for step in steps(data):
        yield from _defaults(step)
        yield from _retries(step, data)


def _all_known(block: TaskBlock) -> bool:
    """Tell whether every way is certain: no item is doubled or broken, and every target is known; each of those has its own problem."""
    if len({step.name for step in block.steps}) != len(block.names):
        return False
    return all(is_directive(target) or target in block.names for step in block.steps for target in targets_of(step))


def successors(step: Step, positions: dict[str, int], count: int) -> set[int]:
    """Return the positions in its list where a run may go on after *step*; `LEAVES` where it leaves the list."""
    here = positions[step.name]
    following = here + 1 if here + 1 < count else LEAVES

    def position(then: JSON) -> int:
        if not isinstance(then, str) or then == "continue" or not (is_directive(then) or then in positions):
            return following  # an unknown target has its own problem
        return LEAVES if is_directive(then) else positions[then]

    reached = {following} if "if" in step.task else set()  # skipped: the next one follows, whatever `then` says
    if step.kind == "raise":
        return reached | {LEAVES}
    cases = switch_cases(step)
    reached |= {position(case.get("then")) for case in cases}
    if step.kind != "switch" or all("when" in case for case in cases):
        reached.add(position(step.task.get("then")))
    return reached


def _ways(block: TaskBlock, bounded: bool) -> Iterator[Problem]:
    positions = {step.name: number for number, step in enumerate(block.steps)}
    following = [successors(step, positions, len(block.steps)) for step in block.steps]
    reached = _reach({0}, following)
    for number, step in enumerate(block.steps):
        if number not in reached:
            before = block.steps[number - 1]
            hint = f"let a `then` or a case lead to it, or remove it; '{before.name}' before it goes elsewhere"
            message = f"no way leads to the task '{step.name}'"
            yield Problem(code="unreachable-task", reference=step.reference, message=message, hint=hint, severity="warning")
    backward: list[set[int]] = [set() for _ in block.steps]
    leaving = set()
    for number, targets in enumerate(following):
        for target in targets:
            if target == LEAVES:
                leaving.add(number)
            else:
                backward[target].add(number)
    trapped = sorted(reached - _reach(leaving, backward))
    if trapped:
        yield _endless([block.steps[number] for number in trapped], bounded)


def _reach(start: set[int], edges: list[set[int]]) -> set[int]:
    found, waiting = set(start), list(start)
    while waiting:
        for target in edges[waiting.pop()]:
            if target not in found and target != LEAVES:
                found.add(target)
                waiting.append(target)
    return found


def _endless(trapped: list[Step], bounded: bool) -> Problem:
    listens = any(step.kind == "listen" for step in trapped)
    return Problem(
        code="endless-cycle",
        reference=trapped[0].reference,
        message=f"once here, the run goes round for ever: {quoted(step.name for step in trapped)}",
        hint="add a `switch` with a case that leads out, or a `timeout` of the workflow",
        severity="warning" if bounded or listens else "error",
    )


def _defaults(step: Step) -> Iterator[Problem]:
    cases = step.task.get("switch") if step.kind == "switch" else None
    without = [
        join(step.reference, "switch", index, name)
        for index, item in enumerate(cases if isinstance(cases, list) else ())
        if isinstance(item, dict)
        for name, case in item.items()
        if isinstance(case, dict) and "when" not in case
    ]
    for reference in without[1:]:
        message = "a switch may have one case without `when`, and this is another"
        yield Problem(code="two-defaults", reference=reference, message=message, hint="give it a `when`, or remove it")


def _retries(step: Step, data: dict[str, JSON]) -> Iterator[Problem]:
    catch = step.task.get("catch")
    policy = catch.get("retry") if step.kind == "try" and isinstance(catch, dict) else None
    reference = join(step.reference, "catch", "retry")
    if isinstance(policy, str):
        use = data.get("use")
        retries = use.get("retries") if isinstance(use, dict) else None
        policy = retries.get(policy) if isinstance(retries, dict) else None
    if not isinstance(policy, dict):
        return
    limit = policy.get("limit")
    attempt = limit.get("attempt") if isinstance(limit, dict) else None
    counted = isinstance(attempt, dict) and "count" in attempt
    if not counted and not (isinstance(limit, dict) and "duration" in limit):
        hint = "add `limit: {attempt: {count: 3}}`"
        yield Problem(code="endless-retry", reference=reference, message="this retry has no limit", hint=hint, severity="warning")
