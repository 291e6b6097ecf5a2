"""How often a task happens in one run and over all runs, in words that are true: "once" only where every way leads through it.

Errors that nobody wrote down are left out of it (any run can fail anywhere); a `raise` is a way like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsl.checks.flow import LEAVES, successors
from dsl.jq_words import filter_words, things, value_words
from dsl.phrases import catch_words, retry_policy
from dsl.pointer import get
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, inner_blocks, targets_of, title_of
from dsl.words import event_words, joined, schedule_words

JSON = Any


class Frequency:
    """Answers for the tasks of one definition; what it finds out about a list is kept."""

    def __init__(self, data: JSON) -> None:
        self._data = data
        self._start = _started(data)
        self._rounds: dict[str, int] = {}  # filled list by list by `_goes_round`
        self._sure: dict[str, frozenset[int]] = {}  # by list: the positions every way leads through
        self._leaving: dict[str, bool] = {}  # by task: may it leave the list around it, from inside

    def words(self, step: Step) -> str:
        """Return "at most once per item of the orders, only when “Fetch” fails, in every run of the schedule: Every day at 09:00 (UTC)"."""
        once, more = "once", []
        certain = True
        inner, outer = step, step.parent
        while True:
            certain = certain and self._is_sure(inner)
            more += ["each time round"] if self._goes_round(inner) else []
            if outer is None:
                break
            if outer.kind == "for":
                items = f"per item of {_items(outer)}"
                once, more = ("once " + items, more) if once == "once" and not more else (once, [*more, f"once {items}"])
                certain = certain and "while" not in outer.task
            elif outer.kind == "try":
                more += list(_handles(outer, inner, self._data))
            inner, outer = outer, outer.parent
        return ", ".join([*_counted(once, more, certain), *([self._start] if self._start else [])])

    def _is_sure(self, step: Step) -> bool:
        """Tell whether whoever begins the list of *step* comes to *step* and does it."""
        block = step.siblings
        if "if" in step.task:
            return False
        if block.parallel:
            return get(block.owner.task if block.owner else {}, "/fork/compete") is not True
        if block.pointer not in self._sure:
            self._sure[block.pointer] = self._on_every_way(block)
        return step.index in self._sure[block.pointer]

    def _on_every_way(self, block: TaskBlock) -> frozenset[int]:
        """Return the positions without which the list cannot be left; nothing for a list with broken or doubled tasks."""
        if len(block.steps) != len(block.names) or len(set(block.names)) != len(block.names):
            return frozenset()
        positions = {name: number for number, name in enumerate(block.names)}
        following = [successors(step, positions, len(positions)) | self._ends(step) for step in block.steps]
        if all(targets == {after} for targets, after in zip(following, [*range(1, len(following)), LEAVES], strict=True)):
            return frozenset(range(len(following)))  # nothing branches
        return frozenset(step.index for step in block.steps if not _leaves_without(step.index, following))

    def _ends(self, step: Step) -> set[int]:
        return {LEAVES} if self._may_end(step) else set()

    def _may_end(self, step: Step) -> bool:
        """Tell whether something inside *step* ends the run or raises an error that *step* does not catch."""
        if step.reference not in self._leaving:
            self._leaving[step.reference] = any(self._ends_inside(block, step) for block in inner_blocks(step))
        return self._leaving[step.reference]

    def _ends_inside(self, block: TaskBlock, owner: Step) -> bool:
        caught = owner.kind == "try" and block.pointer.endswith("/try")
        return any("end" in targets_of(inner) or (inner.kind == "raise" and not caught) or self._may_end(inner) for inner in block.steps)

    def _goes_round(self, step: Step) -> bool:
        """Tell whether *step* or a later task of its list leads back to *step* or before it."""
        block = step.siblings
        if block.parallel:
            return False
        if block.pointer not in self._rounds:
            self._rounds.update(_lowest_ahead(block))
        return self._rounds.get(step.reference, step.index + 1) <= step.index


def _counted(once: str, more: list[str], certain: bool) -> list[str]:
    """Join the count itself and what multiplies or conditions it."""
    if once != "once" or not more:
        return [once if certain else f"at most {once}", *more]
    if certain or more[0].startswith(("up to", "only when")):  # these say themselves that it may be none
        return more
    first = "at most once each time round" if more[0] == "each time round" else f"at most {more[0]}"
    return [first if more[0].startswith(("each", "once")) else f"if at all, {more[0]}", *more[1:]]


def _leaves_without(position: int, following: list[set[int]]) -> bool:
    """Tell whether the list can be left without passing *position*."""
    if position == 0:
        return False
    found, waiting = {0}, [0]
    while waiting:
        for target in following[waiting.pop()]:
            if target == LEAVES:
                return True
            if target not in found and target != position:
                found.add(target)
                waiting.append(target)
    return False


def _items(loop: Step) -> str:
    items = get(loop.task, "/for/in")
    return (filter_words(items) or value_words(items)) if isinstance(items, str) else things(None)


def _handles(outer: Step, inner: Step, data: JSON) -> Iterator[str]:
    """Yield what a try adds: its retries to its body, its condition to what it does after a failure."""
    if inner.siblings.pointer.endswith("/catch/do"):
        reason = catch_words(outer.task)
        still = "still fails" if retry_policy(outer.task, data) else "fails"
        yield f"only when “{title_of(outer.name, outer.task)}” {still}{f' {reason}' if reason else ''}"
        return
    policy = retry_policy(outer.task, data)
    if policy is None:
        return
    count = get(policy, "/limit/attempt/count")
    if isinstance(count, int):
        yield f"up to {count + 1} times ({count} {'retry' if count == 1 else 'retries'})"
    else:
        yield "until it works (no limit of retries)" if "limit" not in policy else "again for as long as its retries last"


def _lowest_ahead(block: TaskBlock) -> dict[str, int]:
    """Return, for every task of *block*, the first position that it or a later one leads to; the list itself is noted too."""
    positions = {name: number for number, name in enumerate(block.names)}
    found, lowest = {block.pointer: 0}, len(block.names)
    for step in reversed(block.steps):
        lowest = min([lowest, *(positions[target] for target in targets_of(step) if target in positions)])
        found[step.reference] = lowest
    return found


def _started(data: JSON) -> str:
    """Return what multiplies everything: "in every run of the schedule: …", "for each event com.example.order"."""
    schedule = data.get("schedule") if isinstance(data, dict) else None
    if not isinstance(schedule, dict):
        return ""
    zone = str(parley_of_document(data).get("timezone") or "UTC")
    timed = schedule_words({key: value for key, value in schedule.items() if key != "on"}, zone)
    told = [f"in every run of the schedule: {' or '.join(timed)}"] if timed else []
    if "on" in schedule:
        told.append(f"for each {event_words(get(schedule, '/on/one/with')).removeprefix('the ').removeprefix('an ')}")
    return joined(told, "and")
