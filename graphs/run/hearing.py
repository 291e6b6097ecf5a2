"""One listening at work: the events it takes, one after the other, each in the journal before anything is done with it.

Every event that is taken has a row (kind `event`, `PATH/event[NUMBER]`): `{number, of, filter, until, keys, event}`. After a kill the rows
say what was taken and as what; the listening goes on after the last number. What the filters' expressions gave when it began is a row too
(`PATH/event[fixed]`) when they used variables, which may have changed since.

Events are looked at in portions, so that an `until` condition over thousands of them costs one evaluation a portion.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from graphs.run import event_keys, matching, paths, strategies
from graphs.run.errors import BASE, WorkflowError
from graphs.run.matching import Fixed, FixedFilter, Listening, Taken
from graphs.run.ports import GIVEN, JSON, Awaited, Posted, Row
from graphs.run.step import Step
from graphs.run.strategies import Strategy
from graphs.run.templates import Expr
from graphs.run.until import Ending


@dataclass(frozen=True, slots=True)
class _Candidate:
    posted: Posted
    taken: Taken
    last: bool | None  # whether `until` holds with it; None: not known before its iteration is over


class Hearing:
    """The events of one execution of a `listen`, for its output; those of `until` are taken and kept to itself."""

    def __init__(self, step: Step, strategy: Strategy, fixed: Fixed, read: str) -> None:
        self._step = step
        self._read = read
        self._condition = strategy.condition
        self._ending = None if strategy.condition is None else Ending(strategy.condition)
        self._listening = Listening(fixed)
        self._signature = _signature(fixed)
        # conditions that look at more than the event may change with every iteration
        self._steady = _steady(fixed) and (strategy.condition is None or _is_steady(strategy.condition))
        self._rows = deque(row for row in step.engine.book.events(step.path) if "event" in row.output)
        self._cursor = max((row.output["number"] for row in self._rows if row.output["number"] is not None), default=None)
        self._waiting: deque[Posted] = deque()  # read, not looked at
        self._ahead: deque[_Candidate] = deque()
        self._over = False
        self._open = False  # `until` was not evaluated for the last one
        self.seen: list[JSON] = []  # what `until` sees: the events as they are read

    @classmethod
    async def begin(cls, step: Step, strategy: Strategy, read: str) -> Hearing:
        """Settle what the filters compare. Raises WorkflowError."""
        return cls(step, strategy, await _fixed(step, strategy), read)

    async def next(self) -> JSON:
        """Return the next event as it is read, or MISSING when the listening is over. Raises WorkflowError (expression)."""
        while not self._over:
            taken = await self._next()
            if taken is not None and not taken[1].until:
                self.seen.append(reading(taken[0], self._read))
                return self.seen[-1]
        return matching.MISSING

    async def _next(self) -> tuple[Mapping[str, JSON], Taken] | None:
        """Take one event; None when the listening is over, or after something that has to be looked at anew."""
        if self._rows:
            return self._again(self._rows.popleft())
        if self._open:
            self._open = False
            self._over = await self._step.holds(self._condition, self.seen) if self._condition else False
        if self._over or self._listening.complete:
            self._over = True
            return None
        if not self._ahead:
            await self._look_ahead()
            return None
        candidate = self._ahead.popleft()
        while self._waiting.popleft() is not candidate.posted:
            pass
        if candidate.posted.number in self._step.engine.heard.taken:  # by another branch, meanwhile
            self._ahead.clear()
            return None
        self._take(candidate)
        self._over = candidate.last is True
        self._open = candidate.last is None and self._condition is not None
        return candidate.posted.event, candidate.taken

    def _again(self, row: Row) -> tuple[Mapping[str, JSON], Taken]:
        """Take what an earlier process took."""
        taken = Taken.from_json(row.output)
        self._listening.keep(taken)
        self._step.moment = max(self._step.moment, row.ended_at or self._step.moment)
        self._open = not self._rows and self._condition is not None and not taken.until
        return row.output["event"], taken

    def _take(self, candidate: _Candidate) -> None:
        step, posted = self._step, candidate.posted
        self._listening.keep(candidate.taken)
        output = {"number": posted.number, "of": self._signature, **candidate.taken.to_json(), "event": posted.event}
        step.engine.heard.take(output)
        row = _row(step, mark(posted.number), output)
        step.engine.deps.journal.write(row)
        step.moment = max(step.moment, row.ended_at or step.moment)

    async def _look_ahead(self) -> None:
        """Find out which of the events that were read are for us, as far as that can be told before they are worked on."""
        if not self._waiting:
            await self._read_on()
        listening = self._listening.copy()
        found: list[tuple[Posted, Taken]] = []
        for posted in self._waiting:
            if listening.complete or (found and not self._steady):
                break
            await self._step.engine.breathe()
            if posted.number in self._step.engine.heard.taken:
                continue
            taken = await listening.take(posted.event, self._evaluate)
            if taken is not None:
                listening.keep(taken)
                found.append((posted, taken))
        if not found:
            self._waiting.clear()
            return
        last = await self._last(found)
        for position, (posted, taken) in enumerate(found):
            known = self._condition is None or self._steady
            self._ahead.append(_Candidate(posted, taken, position == last if known else None))
            if position == last:
                break

    async def _read_on(self) -> None:
        step = self._step
        needs = [_without_secrets(step, need) for need in event_keys.needs(self._listening.fixed)]
        after = step.engine.heard.after(self._signature) if self._signature and self._cursor is None else None
        awaited = Awaited(
            path=paths.again(step.path, step.attempt),
            reference=step.reference,
            kind="event",
            event=event_keys.shown(needs),
            attempt=step.attempt,
            after=after,
        )
        self._waiting.extend(await step.engine.waits.listen(awaited, self._cursor))
        numbers = [posted.number for posted in self._waiting if posted.number is not None]
        self._cursor = max([*numbers, self._cursor] if self._cursor is not None else numbers, default=None)

    async def _last(self, found: Sequence[tuple[Posted, Taken]]) -> int | None:
        """Return the first of *found* with which the `until` condition holds, when that can be told now."""
        if self._ending is None or not self._steady:
            return None
        fresh = [reading(posted.event, self._read) for posted, _ in found]
        return await self._ending.first(self._step, self.seen, fresh)

    async def _evaluate(self, expression: Expr, data: JSON) -> JSON:
        return await self._step.evaluate(expression, data)

    def close(self) -> None:
        """Nobody listens here any more."""
        self._step.engine.waits.drop(paths.again(self._step.path, self._step.attempt))


def mark(number: int | None) -> str:
    """Return how an event's number stands in the path of its row: `17`, `given-2` (of `--events`), `hand`."""
    if number is None:
        return "hand"
    return str(number) if number >= 0 else f"given-{number + GIVEN}"


def reading(event: Mapping[str, JSON], read: str) -> JSON:
    """Return *event* as `listen.read` says: `data`, `envelope`, or `raw` (the data as text)."""
    if read == "envelope":
        return event
    data = matching.data_of(event)
    if read == "data" or "data" not in event:
        return data
    return data if isinstance(data, str) else event_keys.as_text(data)


# what the filters compare


async def _fixed(step: Step, strategy: Strategy) -> Fixed:
    """Evaluate the filters' expressions; those of an earlier process count, where they might differ by now."""
    path = f"{step.path}/event[fixed]"
    earlier = next((row for row in step.engine.book.events(step.path) if row.path == path), None)
    replayed: deque[JSON] = deque(earlier.output["fixed"] if earlier else ())
    made: list[JSON] = []
    variable = False

    async def evaluate(expression: Expr, data: JSON) -> JSON:
        nonlocal variable
        variable = variable or bool(expression.names)
        if replayed:
            made.append(replayed.popleft())
        else:
            try:
                made.append({"value": await step.evaluate(expression, data)})
            except WorkflowError as error:
                if error.type != f"{BASE}expression":
                    raise
                made.append({"error": error.detail})
        if "error" in made[-1]:
            raise WorkflowError.of("expression", made[-1]["error"])
        return made[-1]["value"]

    fixed = await strategies.fix(strategy, evaluate, step.data)
    if variable and earlier is None:
        step.engine.deps.journal.write(_row(step, "fixed", {"fixed": made}))
    return fixed


def _row(step: Step, mark: str, output: JSON) -> Row:
    return Row(
        path=f"{step.path}/event[{mark}]",
        attempt=step.attempt,
        kind="event",
        reference=f"{step.reference}/event",
        status="finished",
        output=output,
        ended_at=step.engine.deps.clock.now(),
    )


def _without_secrets(step: Step, need: event_keys.Need) -> event_keys.Need:
    """Leave out what holds the value of a secret: what a run waits for is shown to people."""
    return {name: value for name, value in need.items() if step.engine.redactor.value(value) == value}


def _is_steady(expression: Expr) -> bool:
    return not expression.names and re.search(r"\bnow\b", expression.source) is None


def _steady(fixed: Fixed) -> bool:
    """Tell whether the conditions see nothing but the event."""
    own = all(_is_steady(expression) for one in fixed.filters for expression in _expressions(one))
    return own and (fixed.until is None or _steady(fixed.until))


def _expressions(one: FixedFilter) -> list[Expr]:
    return [*(each.source for each in one.correlations), *(found for _, test in one.tests for found in _conditions(test))]


def _conditions(test: matching.Test) -> list[Expr]:
    if isinstance(test, matching.Condition):
        return [test.expression]
    return [found for _, member in test.members for found in _conditions(member)] if isinstance(test, matching.Members) else []


def _signature(fixed: Fixed) -> str:
    """Return a short digest of a listening of which an equal one passes over the same events, else the empty text."""
    keyed = any(each.expected is matching.MISSING for one in fixed.filters for each in one.correlations)
    if fixed.mode == "all" or fixed.until is not None or keyed or not _steady(fixed):
        return ""
    return hashlib.sha256(repr(_plain(fixed)).encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    """Return *value* so that its text is the same in every process: a compiled pattern is left out, its text stands beside it."""
    if is_dataclass(value):
        members = {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.name not in ("pattern", "names")}
        return type(value).__name__, members
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value
