"""Make runs go on: what waits becomes ready and is put into the queue, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, case, func, literal, null, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.store import tables as t
from app.store.queue.port import Queue


async def wake(session: AsyncSession, queue: Queue, run_ids: Sequence[str]) -> None:
    """Tell *run_ids* that something arrived. Runs that have ended stay as they are."""
    c = t.runs.c
    waits = c.status == "waiting"
    changed = await session.execute(
        update(t.runs)
        .where(c.id.in_(run_ids), c.status.in_(("ready", "running", "waiting")))
        .values(
            signals=c.signals + literal(1, BigInteger),
            ready_at=case((waits, func.clock_timestamp()), else_=c.ready_at),
            reason=case((waits, ""), else_=c.reason),
            wake_at=case((waits, null()), else_=c.wake_at),
            status=case((waits, "ready"), else_=c.status),
        )
        .returning(c.id, c.status)
    )
    ready = [row.id for row in changed if row.status == "ready"]
    if ready:
        await queue.enqueue(session, ready)
