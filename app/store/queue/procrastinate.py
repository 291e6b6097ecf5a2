"""The queue in procrastinate's tables: one job "advance run X" a run, `lock` and `queueing_lock` are the run's id, removed when done.

procrastinate brings the tables, the notifications and the workers' heartbeats. Its own worker loop is not used: it ends when PostgreSQL
restarts, and it cannot hand a job to somebody who decides later whether to run it. Nor is its way to fetch: it knows no fairness between
tenants (`queue.parley_fetch` in the migrations does). A job is never one step: every step of a run goes through one wake-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.store.database import Database
from app.store.ending import within
from app.store.queries import query
from app.store.queue.port import WakeUp
from app.store.together import Together

if TYPE_CHECKING:
    from procrastinate.manager import JobManager

log = structlog.get_logger("parley.store")
CLOSE_S = 2.0
CHANNEL = "procrastinate_any_queue_v1"
ENQUEUE = text(query("queue", "enqueue").replace("%(runs)s::text[]", "CAST(:runs AS text[])"))
CANCEL = text(query("queue", "cancel").replace("%(run)s", ":run"))


class ProcrastinateQueue:
    """
    Args:
        silent_s: Seconds without a heartbeat after which a worker counts as gone.
        most: Runs of one tenant that are at work at once, over all workers; 0 is no limit.
    """

    channels: Sequence[str] = (CHANNEL,)
    asking: str = query("queue", "enqueue")

    def __init__(self, database: Database, *, silent_s: float = 8.0, most: int = 0) -> None:
        self._database = database
        self._most = most
        self._silent_s = silent_s
        self._manager: JobManager | None = None
        self._worker: int | None = None
        self._taken: set[int] = set()
        self._late: set[int] = set()  # to be dropped
        self._unsure = False  # whether we know all that we have taken
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
        if self._late:
            await self._drop_all([])
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "drop-stalled"), {"silent_s": self._silent_s})

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        if wake_up.token not in self._taken:
            return
        self._taken.remove(wake_up.token)
        self._late.add(wake_up.token)  # should we be stopped here: the next heartbeat drops it
        await self._drop(wake_up.token)
        if again:
            await self.enqueue(None, [wake_up.run_id])
        self.changed.set()  # a second wake-up of this run may have been held back by the first: nobody notifies of it

    async def _drop_all(self, tokens: Sequence[int]) -> Sequence[None]:
        """Remove jobs that are done. Those that cannot be removed now go with the next ones: left behind, they hold their runs back."""
        late = list(self._late)
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "drop"), {"jobs": late})
        self._late.difference_update(late)
        return [None] * len(tokens)

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        if session is not None:
            await session.execute(CANCEL, {"run": run_id})
            return
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "cancel"), {"run": run_id})

    async def drop(self, run_ids: Sequence[str]) -> None:
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "drop-taken"), {"runs": list(run_ids)})

    async def close(self) -> None:
        """Say goodbye, so that nobody waits for this worker's heartbeat."""
        await self._drop.close()
        if self._manager is None or self._worker is None:
            return
        from procrastinate.exceptions import ConnectorException

        worker, self._worker = self._worker, None
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._manager.unregister_worker(worker)
        except (TimeoutError, ConnectorException, PoolTimeout, psycopg.Error, OSError) as exc:
            log.warning("The queue could not be told that this worker leaves; its silence tells", why=str(exc).strip())

    async def _fetch(self, limit: int) -> list[WakeUp]:
        """Ask for one, for two, for four …: a lone wake-up does not pay for many, and many do not pay for each."""
        await self._open()
        if self._unsure:
            await self._give_back_unknown()
        self._unsure = True  # until the caller has what we take: we may be stopped on the way, or the connection may break
        taken: list[WakeUp] = []
        count = 1
        while len(taken) < limit:
            count = min(count, limit - len(taken))
            rows = await self._take(count)
            taken += [WakeUp(str(run_id), job) for job, run_id in rows]
            if len(rows) < count:
                break
            count *= 2
        self._taken.update(wake_up.token for wake_up in taken)
        self._unsure = False
        return taken

    async def _take(self, count: int) -> list[tuple[int, str]]:
        try:
            return await self._ask(count)
        except psycopg.errors.ForeignKeyViolation:  # we were silent for so long that others took us for gone
            self._worker = None
            self._taken.clear()
            await self._open()
            return await self._ask(count)

    async def _ask(self, count: int) -> list[tuple[int, str]]:
        values = {"count": count, "most": self._most, "worker": self._worker}
        async with self._database.pool.connection() as connection:
            return await (await connection.execute(query("queue", "fetch"), values)).fetchall()

    async def _give_back_unknown(self) -> None:
        """Put back what we took and nobody here knows of: a living worker's jobs are taken from it by nobody."""
        async with self._database.pool.connection() as connection:
            known = {"worker": self._worker, "known": [*self._taken, *self._late]}
            lost = await (await connection.execute(query("queue", "drop-unknown"), known)).fetchall()
            await connection.execute(query("queue", "enqueue"), {"runs": [run_id for (run_id,) in lost]})

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
