"""The queue of one process, for tests and for runs without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from app.store.ending import within
from app.store.queue.port import WakeUp


class MemoryQueue:
    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}  # in order
        self._taken: dict[int, str] = {}
        self._tokens = count(1)
        self._changed = asyncio.Event()

    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        self._waiting.update(dict.fromkeys(run_ids))
        self._changed.set()

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        taken = self._take(limit)
        if taken or within_s <= 0:
            return taken
        self._changed.clear()
        return self._take(limit) if await within(self._changed, within_s) else []

    async def heartbeat(self) -> None:
        return None

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        run_id = self._taken.pop(wake_up.token, None)
        if again and run_id is not None:
            self._waiting[run_id] = None
        self._changed.set()

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        self._waiting.pop(run_id, None)

    def _take(self, limit: int) -> list[WakeUp]:
        busy = set(self._taken.values())
        free = [run_id for run_id in self._waiting if run_id not in busy][:limit]
        taken = [WakeUp(run_id, next(self._tokens)) for run_id in free]
        for wake_up in taken:
            del self._waiting[wake_up.run_id]
            self._taken[wake_up.token] = wake_up.run_id
        return taken
