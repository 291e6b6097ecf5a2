"""The fifth layer: can every task be reached, does every way end, is every loop and retry bounded?

Only what is certain counts: an expression that depends on data may hold or not, and a task may always end in an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dsl.checks.catches import catches
from dsl.checks.constants import truth
from dsl.checks.found import advice, error, problem, warning
from dsl.checks.listens import listens, never_ends
from dsl.checks.switches import cases_of, dead_cases, two_defaults
from dsl.checks.timing import timing
from dsl.expressions.errors import shown
from dsl.expressions.masking import masked
from dsl.expressions.program import strip
from dsl.nearest import quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step, TaskBlock, all_blocks, is_directive, switch_cases, targets_of

JSON = Any

LEAVES = -1  # the list is left: at its end, by `exit`, `end` or an error
_ENDS = -2  # the whole run ends, or an error goes out

_WITHOUT_END: Final = re.compile(r"\brepeat\(|\binfinite\b|\bwhile\(\s*true\s*;|\buntil\(\s*false\s*;|\brecurse\(\s*\.\s*\)")
_CUT: Final = re.compile(r"\b(?:limit|first|until|label|nth)\b")


def flow(data: dict[str, JSON]) -> Iterator[Problem]:
    bounded = "timeout" in data
    every = list(all_blocks(data))
    ways = _Ways(every)
    for block in every:
        yield from _of_list(block, bounded, ways)
    for step in (step for block in every for step in block.steps):
        yield from dead_cases(step)
        yield from two_defaults(step)
        yield from _conditions(step)
        yield from catches(step, data)
        yield from listens(step, bounded)
    yield from timing(data, every)


def _of_list(block: TaskBlock, bounded: bool, ways: _Ways) -> Iterator[Problem]:
    if block.parallel:
        yield from _branches(block)
    elif not block.names:
        yield warning("empty-list", block.pointer, "there is nothing to do here", "write at least one task")
    elif block.pointer in ways.following:
        yield from _lost(block, ways)
        yield from _endless(block, ways, bounded)


def _branches(block: TaskBlock) -> Iterator[Problem]:
    if not block.names:
        yield error("empty-fork", block.pointer, "the fork has no branches", "write at least two branches, or remove it")
    fork = block.owner.task.get("fork") if block.owner else None
    if len(block.names) == 1 and isinstance(fork, dict) and fork.get("compete") is True:
        hint = "add a second branch, or write the task without the fork"
        yield advice("single-branch", block.pointer, f"'{block.names[0]}' competes with nobody", hint)


def _all_known(block: TaskBlock) -> bool:
    """Tell whether every way is certain: no item is doubled or broken, and every target is known; each of those has its own problem."""
    names = {step.name for step in block.steps}
    if len(names) != len(block.names):
        return False
    return all(is_directive(target) or target in names for step in block.steps for target in targets_of(step))


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


class _Ways:
    """Where a run goes on after each task, without ways that are never taken, for all lists of a definition."""

    def __init__(self, every: list[TaskBlock]) -> None:
        self.following: dict[str, list[set[int]]] = {}  # by the pointer of a list whose ways are all known
        self._passable: dict[str, bool] = {}  # whether a run may come out of a list and go on behind it
        for block in reversed(every):  # inner lists come after their outer ones
            if block.parallel:
                self._passable[block.pointer] = self._fork_passes(block)
            elif block.steps and _all_known(block):
                positions = {step.name: number for number, step in enumerate(block.steps)}
                following = [self._after(step, positions) for step in block.steps]
                self.following[block.pointer] = following
                self._passable[block.pointer] = any(LEAVES in following[number] for number in _reach({0}, following))

    def passes(self, step: Step) -> bool:
        """Tell whether what follows a task can come after it, as far as the lists inside it decide that."""
        here = step.reference
        match step.kind:
            case "do":
                return self._passable.get(join(here, "do"), True)
            case "try":
                return self._passable.get(join(here, "try"), True) or self._passable.get(join(here, "catch", "do"), True)
            case "fork":
                return self._passable.get(join(here, "fork", "branches"), True)
        return True

    def _fork_passes(self, block: TaskBlock) -> bool:
        ways = [self._after(step, {step.name: 0}) for step in block.steps]
        fork = block.owner.task.get("fork") if block.owner else None
        decide = any if isinstance(fork, dict) and fork.get("compete") is True else all
        return not ways or decide(LEAVES in way for way in ways)

    def _after(self, step: Step, positions: dict[str, int]) -> set[int]:
        here = positions[step.name]
        following = here + 1 if here + 1 < len(positions) else LEAVES
        holds = truth(step.task["if"]) if "if" in step.task else True
        reached: set[int] = set() if holds else {following}
        if holds is False:
            return reached
        if step.kind == "raise" or never_ends(step) or not self.passes(step):
            return reached | {_ENDS}
        cases = cases_of(step)
        reached.update(_position(case.then, positions, following) for case in cases if not case.dead)
        if not any(case.when is None or truth(case.when) is True for case in cases):
            reached.add(_position(step.task.get("then"), positions, following))
        return reached


def _position(then: JSON, positions: dict[str, int], following: int) -> int:
    if not isinstance(then, str) or then == "continue":
        return following
    return {"exit": LEAVES, "end": _ENDS}.get(then, positions.get(then, following))


def _lost(block: TaskBlock, ways: _Ways) -> Iterator[Problem]:
    reached = _reach({0}, ways.following[block.pointer])
    for number, step in enumerate(block.steps):
        if number not in reached:
            before = block.steps[number - 1]
            hint = f"let a `then` or a case lead to it, or remove it; '{before.name}' before it {_why_not(before, ways)}"
            yield warning("unreachable-task", step.reference, f"no way leads to the task '{step.name}'", hint)


def _why_not(before: Step, ways: _Ways) -> str:
    if before.kind == "raise":
        return "ends in an error"
    if never_ends(before):
        return "listens for ever"
    return "goes elsewhere" if ways.passes(before) else "never lets a run go on"


def _reach(start: set[int], edges: list[set[int]]) -> set[int]:
    found, waiting = set(start), list(start)
    while waiting:
        for target in edges[waiting.pop()]:
            if target >= 0 and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _endless(block: TaskBlock, ways: _Ways, bounded: bool) -> Iterator[Problem]:
    following = ways.following[block.pointer]
    backward: list[set[int]] = [set() for _ in block.steps]
    leaving = set()
    for number, targets in enumerate(following):
        for target in targets:
            if target < 0:
                leaving.add(number)
            else:
                backward[target].add(number)
    trapped = [block.steps[number] for number in sorted(_reach({0}, following) - _reach(leaving, backward))]
    if trapped:
        hears = any(step.kind == "listen" for step in trapped)
        message = f"once here, the run goes round for ever: {quoted(step.name for step in trapped)}"
        hint = "add a `switch` with a case that leads out, or a `timeout` of the workflow"
        yield problem("endless-cycle", trapped[0].reference, message, hint, "warning" if bounded or hears else "error")


def _conditions(step: Step) -> Iterator[Problem]:
    """Tasks and loops whose condition does not depend on anything."""
    if truth(step.task.get("if")) is False:
        message = f"the task '{step.name}' never runs: its `if` is always false"
        yield warning("never-runs", join(step.reference, "if"), message, "write a condition that can hold, or remove the task")
    if step.kind != "for":
        return
    goes_on = truth(step.task.get("while"))
    if goes_on is False:
        message = f"the loop '{step.name}' never runs: its `while` is always false"
        yield warning("never-runs", join(step.reference, "while"), message, "write a condition that can hold, or remove the loop")
    elif goes_on is True:
        hint = "leave it out; to repeat until something holds, let a `then` of a later `switch` lead back"
        yield advice(
            "idle-condition", join(step.reference, "while"), "a `while` that always holds changes nothing: a `for` ends with its list", hint
        )
    yield from _items(step)


def _items(step: Step) -> Iterator[Problem]:
    loop = step.task["for"]
    source = loop.get("in") if isinstance(loop, dict) else None
    if not isinstance(source, str):
        return
    code = strip(source)
    hidden = masked(code)
    if code in ("[]", "null", "empty"):
        hint = "name the list, as in .orders"
        yield warning("never-runs", join(step.reference, "for", "in"), f"the loop '{step.name}' never runs: its list is empty", hint)
    elif _WITHOUT_END.search(hidden) and not _CUT.search(hidden):
        message = f"'{shown(code)}' never comes to an end, so the loop does not begin"
        yield error("endless-list", join(step.reference, "for", "in"), message, "cut it, as in [limit(100; …)]")
