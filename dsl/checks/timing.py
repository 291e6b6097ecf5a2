"""Times that cannot be: a timeout shorter than the wait inside it, a wait of nothing. (How long is too long is for the policy.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dsl.checks.constants import truth
from dsl.checks.found import advice, warning
from dsl.durations import YEAR_S, seconds_of
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step, TaskBlock
from dsl.words import duration_words

JSON = Any

_LONGEST_S: Final = 100 * YEAR_S
_OTHER_WAYS: Final = frozenset({"switch", "raise", "try", "do", "for", "fork"})


def timing(data: dict[str, JSON], every: list[TaskBlock]) -> Iterator[Problem]:
    inside = {block.pointer: block for block in every}
    known: dict[str, float] = {}
    for block in reversed(every):  # inner lists come after their outer ones
        known[block.pointer] = _least(block, known)
    for step in (step for block in inside.values() for step in block.steps):
        if step.kind == "wait" and seconds_of(step.task["wait"]) == 0:
            yield advice("zero-wait", join(step.reference, "wait"), f"'{step.name}' waits no time at all", "say how long, or remove it")
        if "timeout" in step.task:
            yield from _too_short(step.task["timeout"], _least_of(step, known), join(step.reference, "timeout"), f"'{step.name}'", data)
    if "timeout" in data:
        yield from _too_short(data["timeout"], known.get("/do", 0.0), "/timeout", "the workflow", data)


def _too_short(timeout: JSON, least: float, pointer: str, what: str, data: JSON) -> Iterator[Problem]:
    """A timeout by which the task, which waits at least *least* seconds, can never be done."""
    written = _named(timeout, data) if isinstance(timeout, str) else timeout
    after = written.get("after") if isinstance(written, dict) else None
    limit = seconds_of(after)
    if limit is None or limit < 0 or limit > least or least == 0 < limit:
        return
    waits = f"waits at least {_words(least)}" if least else "takes longer than that"
    message = f"{what} always runs into its timeout of {duration_words(after)}: it {waits}"
    yield warning("timeout-too-short", pointer, message, "give it more time, or let it wait less")


def _words(seconds: float) -> str:
    """Return "8 hours", "1 day and 6 minutes"."""
    parts = {}
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        parts[unit], seconds = divmod(seconds, size)
    return duration_words({**parts, "seconds": round(seconds, 3)})


def _named(name: str, data: JSON) -> JSON:
    use = data.get("use") if isinstance(data, dict) else None
    timeouts = use.get("timeouts") if isinstance(use, dict) else None
    return timeouts.get(name) if isinstance(timeouts, dict) else None


def _least(block: TaskBlock, known: dict[str, float]) -> float:
    """Return how many seconds a run waits at least before it comes out of *block* by itself."""
    if block.parallel:
        fork = block.owner.task.get("fork") if block.owner else None
        times = [_least_of(step, known) for step in block.steps]
        return (min if isinstance(fork, dict) and fork.get("compete") is True else max)(times, default=0.0)
    total = 0.0
    for step in block.steps:
        total += _least_of(step, known)
        if step.kind in _OTHER_WAYS or step.task.get("then", "continue") != "continue":
            break  # what is inside may lead out of the list
    return total


def _least_of(step: Step, known: dict[str, float]) -> float:
    if "if" in step.task and truth(step.task["if"]) is not True:
        return 0.0
    if step.kind == "wait":
        waits = seconds_of(step.task["wait"]) or 0.0
        return waits if 0 <= waits <= _LONGEST_S else 0.0  # what is longer has its own problem
    inner = {"do": ("do",), "fork": ("fork", "branches")}.get(step.kind or "")
    return known.get(join(step.reference, *inner), 0.0) if inner else 0.0
