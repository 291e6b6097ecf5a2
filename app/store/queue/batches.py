"""The queue on tables of our own, claimed in batches under SKIP LOCKED: for more than about 200 runs a second (`PARLEY_QUEUE=batches`).

Against procrastinate's tables it saves their triggers and their log of events. Who claims has a name; what a silent one had taken is
dropped by the others' heartbeats.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

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

log = structlog.get_logger("parley.store")
CLOSE_S = 2.0
LOOK_EVERY_S = 0.05  # nobody is notified: that would make commits wait for each other
ASK = text(query("queue", "ask").replace("%(runs)s::text[]", "CAST(:runs AS text[])"))
FORGET = text(query("queue", "forget-asked").replace("%(run)s", ":run"))


class BatchQueue:
    """
    Args:
        silent_s: Seconds without a heartbeat after which whoever claims counts as gone.
        most: Runs of one tenant that are at work at once, over all workers; 0 is no limit.
    """

    channels: Sequence[str] = ()
    asking: str = query("queue", "ask")

    def __init__(self, database: Database, *, silent_s: float = 8.0, most: int = 0) -> None:
        self._database = database
        self._silent_s = silent_s
        self._most = most
        self._owner = ""
        self._taken: set[int] = set()
        self._late: set[int] = set()  # to be dropped
        self._unsure = False  # whether we know all that we have taken
        self._drop: Together[int, None] = Together(self._drop_all, name="queue")
        self.changed = asyncio.Event()

    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        if session is not None:
            await session.execute(ASK, {"runs": list(run_ids)})
            return
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "ask"), {"runs": list(run_ids)})

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        give_up = asyncio.get_running_loop().time() + within_s
        while True:
            self.changed.clear()
            taken = await self._take(limit)
            left_s = give_up - asyncio.get_running_loop().time()
            if taken or left_s <= 0:
                return taken
            await within(self.changed, min(LOOK_EVERY_S, left_s))

    async def heartbeat(self) -> None:
        await self._open()
        if self._late:
            await self._drop_all([])
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "claimer-here"), {"owner": self._owner})
            await connection.execute(query("queue", "forget-silent"), {"silent_s": self._silent_s})

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        if wake_up.token not in self._taken:
            return
        self._taken.remove(wake_up.token)
        self._late.add(wake_up.token)  # should we be stopped here: the next heartbeat drops it
        await self._drop(wake_up.token)
        if again:
            await self.enqueue(None, [wake_up.run_id])
        self.changed.set()  # a second wake-up of this run may have been held back by the first

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        if session is not None:
            await session.execute(FORGET, {"run": run_id})
            return
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "forget-asked"), {"run": run_id})

    async def drop(self, run_ids: Sequence[str]) -> None:
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "forget-taken"), {"runs": list(run_ids)})

    async def close(self) -> None:
        """Say goodbye, so that nobody waits for this worker's heartbeat."""
        await self._drop.close()
        if not self._owner:
            return
        owner, self._owner = self._owner, ""
        try:
            async with asyncio.timeout(CLOSE_S), self._database.pool.connection() as connection:
                await connection.execute(query("queue", "claimer-gone"), {"owner": owner})
        except (TimeoutError, PoolTimeout, psycopg.Error, OSError) as exc:
            log.warning("The queue could not be told that this worker leaves; its silence tells", why=str(exc).strip())

    async def _take(self, limit: int) -> list[WakeUp]:
        await self._open()
        if self._unsure:
            await self._give_back_unknown()
        self._unsure = True  # until the caller has what we take: we may be stopped on the way, or the connection may break
        async with self._database.pool.connection() as connection:
            values = {"owner": self._owner, "count": limit, "most": self._most}
            rows = await (await connection.execute(query("queue", "take"), values)).fetchall()
        taken = [WakeUp(str(run_id), job) for job, run_id in rows]
        self._taken.update(wake_up.token for wake_up in taken)
        self._unsure = False
        return taken

    async def _drop_all(self, tokens: Sequence[int]) -> Sequence[None]:
        """Remove what is done. What cannot be removed now goes with the next: left behind, it holds its run back."""
        late = list(self._late)
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "forget-done"), {"jobs": late, "owner": self._owner})
        self._late.difference_update(late)
        return [None] * len(tokens)

    async def _give_back_unknown(self) -> None:
        """Put back what we took and nobody here knows of: it is taken from a living worker by nobody."""
        async with self._database.pool.connection() as connection:
            known = {"owner": self._owner, "known": [*self._taken, *self._late]}
            lost = await (await connection.execute(query("queue", "forget-unknown"), known)).fetchall()
            await connection.execute(query("queue", "ask"), {"runs": [run_id for (run_id,) in lost]})

    async def _open(self) -> None:
        if self._owner:
            return
        self._owner = secrets.token_hex(8)
        async with self._database.pool.connection() as connection:
            await connection.execute(query("queue", "claimer-here"), {"owner": self._owner})
