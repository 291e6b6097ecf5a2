"""The worker's part of schedules: look which triggers are due, let each have its turn, sleep until the next one.

Any number of workers do this at once. A due time is the database's, so that all agree on it and a machine that slept, or whose clock is
wrong, does no harm. One indexed query a tick, however many triggers there are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from app.scheduling.batch import Batch
from app.scheduling.turn import Turn
from app.store.patience import lost
from app.store.queries import query

if TYPE_CHECKING:
    from app.container import Container
    from graphs.run.templates import Expr

log = structlog.get_logger("parley.schedule")
TICK_LIMIT, BATCH = 500, 50
OTHERS_PAUSE_S = 0.2  # what is due is in another worker's hands
BROKEN_REST_S = 30.0


class Schedules:
    """One a worker. `step` is called again and again."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._store = container.store
        self._broken: dict[tuple[str, str], float] = {}  # triggers that failed on a mistake of ours → when they are looked at again

    async def step(self) -> None:
        """Start what is due; when there was nothing, sleep until something is, at most `sweep_s`."""
        due = await self._due()
        looked = 0
        for tenant, ids in _batches(due):
            looked += await self._turns(tenant, ids)
        if not looked:
            pause_s = await self._until_next()
            await asyncio.sleep(max(OTHERS_PAUSE_S if due else 0.02, pause_s))

    async def _due(self) -> list[tuple[str, str]]:
        async with self._store.database.pool.connection() as connection:
            rows = await (await connection.execute(query("triggers", "due"), {"limit": TICK_LIMIT})).fetchall()
        now = time.monotonic()
        self._broken = {key: again for key, again in self._broken.items() if again > now}
        return [(tenant, id_) for tenant, id_ in rows if (tenant, id_) not in self._broken]

    async def _until_next(self) -> float:
        async with self._store.database.pool.connection() as connection:
            values = {"limit_s": self._container.settings.sweep_s}
            row = await (await connection.execute(query("triggers", "next"), values)).fetchone()
        return float(row[0]) if row else self._container.settings.sweep_s

    async def _turns(self, tenant: str, ids: Sequence[str]) -> int:
        """Let triggers of one tenant have their turns; one that fails is put aside for a while, the others are not held up by it."""
        try:
            return await self._together(tenant, ids)
        except Exception as exc:
            if _away(exc):
                raise
            if len(ids) > 1:
                return sum([await self._turns(tenant, [id_]) for id_ in ids])
            log.exception("A schedule could not be looked at; it is tried again later", trigger=ids[0])
            self._broken[tenant, ids[0]] = time.monotonic() + BROKEN_REST_S
            return 0

    async def _together(self, tenant: str, ids: Sequence[str]) -> int:
        async with self._store.database.session(tenant) as session:
            batch = await Batch.lock(session, ids)
            for turn in batch.turns:
                await self._turn(session, turn)
            runs = await batch.write(self._container.catalogue, self._store.queue)
        for turn in batch.turns:
            if turn.error and turn.starts:
                log.warning("A schedule could not start its workflow", trigger=turn.id, why=turn.error)
        if runs:
            log.info("Schedules have started runs", runs=len(runs))
        return len(batch.turns) + len(batch.gone)

    async def _turn(self, session: Any, turn: Turn) -> None:
        try:
            turn.take()
        except ValueError as error:  # the time zone, say, is no longer known here
            turn.error, turn.next_due = f"The schedule cannot be read: {error}", None
        if turn.active and turn.spec.kind == "on":
            from app.scheduling.events import take_events

            await take_events(session, turn, self._evaluate)

    async def _evaluate(self, expression: Expr, data: Any) -> Any:
        """Evaluate an expression of a filter: before a run there are no variables. Raises ExpressionError."""
        return await self._container.expressions.evaluate(expression.source, data, {})


def _batches(due: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    by_tenant: dict[str, list[str]] = {}
    for tenant, id_ in due:
        by_tenant.setdefault(tenant, []).append(id_)
    for tenant, ids in by_tenant.items():
        for begin in range(0, len(ids), BATCH):
            yield tenant, ids[begin : begin + BATCH]


def _away(error: BaseException) -> bool:
    """Return whether *error*, or what caused it, is a database that is away."""
    cause: BaseException | None = error
    while cause is not None:
        if lost(cause):
            return True
        cause = cause.__cause__
    return False
