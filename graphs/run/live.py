"""A run at work in this process, between LangGraph's nodes.

The interpreter is one asyncio task that lives across segments: the graph's node opens the gate, waits until 200 steps have passed, the
run has ended or nobody can work any more, and returns; the task stays where it is while LangGraph stores its checkpoint. When the run
parks, the task is dropped: the next start reads the journal instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from graphs.run.book import Book
from graphs.run.budget import budget_of
from graphs.run.deps import RunDeps
from graphs.run.ending import end
from graphs.run.errors import WorkflowError
from graphs.run.interpreter import Interpreter
from graphs.run.ports import JSON, Awaited, Delivery, Row
from graphs.run.step import Scope
from graphs.run.tree import Program
from graphs.run.whole import run_whole

Ended = Literal["full", "blocked", "over", "held"]
_LONGEST_NAP_S = 30.0  # between two looks into the mailbox while some strands work and others wait
_SHORTEST_NAP_S = 0.02  # a timer that is due here may be due a moment later in the store


@dataclass(slots=True)
class Session:
    """LangGraph's runtime context of one run: its ports, its program, and the interpreter while there is one."""

    deps: RunDeps
    program: Program
    workflow: Mapping[str, JSON] = field(default_factory=dict)  # {id?: what `$workflow.id` shows, started_at?: ISO 8601}
    live: Live | None = None
    _book: Book | None = None
    _arrived: Mapping[str, Delivery] | None = None

    async def book(self) -> Book:
        """Return the journal as it was durable when this session looked first."""
        if self._book is None:
            self._book = await Book.read(await self.deps.journal.load())
        return self._book

    async def look(self) -> Mapping[str, Delivery]:
        """Return what has arrived for the run before its interpreter begins."""
        self._arrived = await self.deps.mailbox.collect()
        return self._arrived

    async def arrived(self) -> Mapping[str, Delivery]:
        """Return what `look` found, which need not be read twice; what came since counts as a signal."""
        arrived, self._arrived = self._arrived, None
        return await self.deps.mailbox.collect() if arrived is None else arrived

    async def drop(self) -> None:
        """End the interpreter; what it had not made durable is forgotten."""
        live, self.live, self._book, self._arrived = self.live, None, None, None
        if live is not None:
            await live.close()


@asynccontextmanager
async def session(deps: RunDeps, program: Program, workflow: Mapping[str, JSON] | None = None) -> AsyncIterator[Session]:
    """Yield the context to drive a run with LangGraph's own methods; nothing of it is left afterwards."""
    own = Session(deps, program, workflow or {})
    try:
        yield own
    finally:
        await own.drop()


class Live:
    def __init__(self, own: Session, book: Book, *, run_id: str, data: JSON, started_at: str, cancelled: bool = False) -> None:
        self._deps = own.deps
        self._tell: Callable[[Mapping[str, JSON]], None] | None = None
        self.engine = Interpreter(own.deps, run_id, book, self._show, budget_of(own.program.definition, own.deps.limits))
        scope = Scope(
            program=own.program,
            path="",
            reference="",
            run_id=str(own.workflow.get("id") or run_id),
            input=data,
            started_at=datetime.fromisoformat(started_at),
            context={},
        )
        self._task = asyncio.create_task(run_whole(self.engine, scope, cancelled=cancelled), name=f"run {run_id}")

    def _show(self, row: Row) -> None:
        self._deps.observer.step(row)
        if self._tell is not None:
            self._tell({"path": row.path, "reference": row.reference, "kind": row.kind, "status": row.status, "attempt": row.attempt})

    @property
    def steps(self) -> int:
        return self.engine.gate.total

    def awaited(self) -> list[Awaited]:
        return self.engine.waits.awaited()

    def result(self) -> JSON:
        """Return the workflow's output. Raises WorkflowError, RunCancelled, LeaseLost, StoreUnavailable."""
        return self._task.result()

    async def segment(self, deliveries: Mapping[str, Delivery], tell: Callable[[Mapping[str, JSON]], None] | None) -> Ended:
        """Work until the segment is full, the run is over or it can only be parked; everything done is durable then."""
        self._tell = tell
        self.engine.waits.deliver(deliveries)
        self.engine.gate.open()
        while True:
            ended = await self._work()
            if ended == "held":
                await self.engine.waits.register(parking=True)
            await self._deps.journal.flush()
            await self._deps.fence()
            if not self._given_up:
                await self.engine.waits.withdraw_stale()
            if ended != "blocked" or self.engine.strands.quiet.is_set():  # a timeout may have struck while the journal was written
                return ended

    @property
    def _given_up(self) -> bool:
        """Whether the run ended here only because the store failed it: what it waits for is awaited still."""
        if not self._task.done() or self._task.cancelled():
            return False
        error = self._task.exception()
        return error is not None and not isinstance(error, WorkflowError)

    async def _work(self) -> Ended:
        gate, waits, quiet = self.engine.gate, self.engine.waits, self.engine.strands.quiet
        while True:
            waits.begun.clear()
            if self._task.done():
                return "over"
            if gate.brake.is_set() and quiet.is_set():
                return "held"
            if gate.full.is_set():
                return "full"
            nap_s: float | None = None
            if waits:
                nap_s = await self._look(quiet.is_set())
                if nap_s is None:
                    return "blocked"
            signals: list[Coroutine[Any, Any, Any]] = [gate.full.wait(), waits.begun.wait()]
            if nap_s is not None:
                signals.append(self._deps.mailbox.changed(nap_s))
            if not quiet.is_set():
                signals.append(quiet.wait())
            if not gate.brake.is_set():
                signals.append(gate.brake.wait())
            await self._until_any(signals)

    async def _look(self, all_blocked: bool) -> float | None:
        """Register waits and take deliveries; return how long to look on, or None when the run can only be parked."""
        waits = self.engine.waits
        await waits.register()
        if waits.deliver(await self._deps.mailbox.collect()) or await self._events():
            return 0.0
        if not all_blocked:
            return _LONGEST_NAP_S
        nap_s = waits.nearest(self._deps.clock.now(), self._deps.limits.short_wait_s)
        if nap_s is None:
            await waits.register(parking=True)
            return None
        return max(nap_s, _SHORTEST_NAP_S)

    async def _events(self) -> bool:
        """Give the listenings what came for them; what they have taken so far is durable first. Tell whether one goes on."""
        cursors = self.engine.waits.cursors
        if not cursors:
            return False
        await self._deps.journal.flush()
        return self.engine.waits.hand(await self._deps.mailbox.events(cursors))

    async def _until_any(self, signals: list[Coroutine[Any, Any, Any]]) -> None:
        waiting = [asyncio.ensure_future(signal) for signal in signals]
        try:
            await asyncio.wait([self._task, *waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            results = await asyncio.gather(*waiting, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def close(self) -> None:
        """Stop working; what the run waits for stays awaited."""
        self.engine.waits.closing = True
        await end(self._task)
