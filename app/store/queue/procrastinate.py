"""The queue in procrastinate's tables: one job "advance run X" a run, `lock` and `queueing_lock` are the run's id, removed when done.

procrastinate brings the tables, the fetching under locks, the notifications and the workers' heartbeats. Its own worker loop is not
used: it ends when PostgreSQL restarts, and it cannot hand a job to somebody who decides later whether to run it. A job is never one
step: every step of a run goes through one wake-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.store.database import Database
from app.store.ending import within
from app.store.queries import query
from app.store.queue.port import WakeUp
from app.store.together import Together

if TYPE_CHECKING:
    from procrastinate.manager import JobManager

QUEUE = "runs"
CHANNEL = f"procrastinate_queue_v1#{QUEUE}"
ENQUEUE = text(query("queue", "enqueue").replace("%(runs)s::text[]", "CAST(:runs AS text[])"))
CANCEL = text(query("queue", "cancel").replace("%(run)s", ":run"))


class ProcrastinateQueue:
    """
    Args:
        silent_s: Seconds without a heartbeat after which a worker counts as gone.
    """

    def __init__(self, database: Database, *, silent_s: float = 8.0) -> None:
        self._database = database
        self._silent_s = silent_s
        self._manager: JobManager | None = None
        self._worker: int | None = None
        self._taken: set[int] = set()
        self._drop: Together[int, None] = Together(self._drop_all, name="queue")
        self.changed = asyncio.Event()  # set by whoever listens on CHANNEL

    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        if session is not None:
            await session.execute(ENQUEUE, {"runs": list(run_ids)})
            return
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "enqueue"), {"runs": list(run_ids)})

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        self.changed.clear()
        taken = await self._fetch(limit)
        if not taken and within_s > 0:
            await within(self.changed, within_s)  # looks again in any case: a notification may have been lost
            taken = await self._fetch(limit)
        return taken

    async def heartbeat(self) -> None:
        manager = await self._open()
        assert self._worker is not None
        await manager.update_heartbeat(self._worker)
        await manager.prune_stalled_workers(self._silent_s)
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "drop-stalled"), {"silent_s": self._silent_s})

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        if wake_up.token not in self._taken:
            return
        self._taken.remove(wake_up.token)
        await self._drop(wake_up.token)
        if again:
            await self.enqueue(None, [wake_up.run_id])
        self.changed.set()  # a second wake-up of this run may have been held back by the first: nobody notifies of it

    async def _drop_all(self, tokens: Sequence[int]) -> Sequence[None]:
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "drop"), {"jobs": list(tokens)})
        return [None] * len(tokens)

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        if session is not None:
            await session.execute(CANCEL, {"run": run_id})
            return
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "cancel"), {"run": run_id})

    async def close(self) -> None:
        """Say goodbye, so that nobody waits for this worker's heartbeat."""
        await self._drop.close()
        if self._manager is not None and self._worker is not None:
            worker, self._worker = self._worker, None
            await self._manager.unregister_worker(worker)

    async def _fetch(self, limit: int) -> list[WakeUp]:
        """Ask for one, for two, for four …: a lone wake-up does not pay for many, and many do not pay for each."""
        await self._open()
        taken: list[WakeUp] = []
        count = 1
        while len(taken) < limit:
            count = min(count, limit - len(taken))
            values = {"count": count, "queues": [QUEUE], "worker": self._worker}
            async with self._database.pool.connection() as connection:
                rows = await (await connection.execute(query("queue", "fetch"), values)).fetchall()
            taken += [WakeUp(str(run_id), job) for job, run_id in rows]
            self._taken.update(job for job, _ in rows)
            if len(rows) < count:
                break
            count *= 2
        return taken

    async def _open(self) -> JobManager:
        if self._manager is None:
            from procrastinate.manager import JobManager
            from procrastinate.psycopg_connector import PsycopgConnector

            connector = PsycopgConnector()
            pool: Any = self._database.pool
            await connector.open_async(pool)
            self._manager = JobManager(connector)
        if self._worker is None:
            self._worker = await self._manager.register_worker()
        return self._manager

    def forget_worker(self) -> None:
        """Register anew at the next verb: the database lost this worker (it was restored, or we were silent for too long)."""
        self._worker = None
        self._taken.clear()
