"""The queue of one process, for tests and for runs without a database."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from app.store.ending import within
from app.store.queue.port import Place, WakeUp


class MemoryQueue:
    """
    Args:
        places: Tells where a run stands; by default all are one tenant's and equal.
        most: Runs of one tenant that are at work at once; 0 is no limit.
    """

    channels: Sequence[str] = ()
    asking: str = ""

    def __init__(self, places: Callable[[str], Place] = lambda _: Place(), *, most: int = 0) -> None:
        self._places = places
        self._most = most
        self._waiting: dict[str, None] = {}  # in order
        self._taken: dict[int, str] = {}
        self._tokens = count(1)
        self.changed = asyncio.Event()

    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        self._waiting.update((run_id, None) for run_id in run_ids if run_id not in self._waiting and not self._places(run_id).held)
        self.changed.set()

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        taken = self._take(limit)
        if taken or within_s <= 0:
            return taken
        self.changed.clear()
        return self._take(limit) if await within(self.changed, within_s) else []

    async def heartbeat(self) -> None:
        return None

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        run_id = self._taken.pop(wake_up.token, None)
        if again and run_id is not None:
            self._waiting[run_id] = None
        self.changed.set()

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        self._waiting.pop(run_id, None)

    async def drop(self, run_ids: Sequence[str]) -> None:
        self._taken = {token: run_id for token, run_id in self._taken.items() if run_id not in run_ids}

    async def close(self) -> None:
        return None

    def _take(self, limit: int) -> list[WakeUp]:
        taken: list[WakeUp] = []
        while len(taken) < limit and (run_id := self._next()) is not None:
            taken.append(WakeUp(run_id, next(self._tokens)))
            del self._waiting[run_id]
            self._taken[taken[-1].token] = run_id
        return taken

    def _next(self) -> str | None:
        """Return the best run of the tenant with the fewest at work."""
        taken = set(self._taken.values())
        busy = Counter(self._places(run_id).tenant for run_id in taken)
        free: dict[str, list[str]] = {}
        for run_id in self._waiting:
            tenant = self._places(run_id).tenant
            if run_id not in taken and not (self._most and busy[tenant] >= self._most):
                free.setdefault(tenant, []).append(run_id)
        if not free:
            return None
        tenant = min(free, key=lambda one: (busy[one], random.random()))  # noqa: S311 (no secret)
        return max(free[tenant], key=lambda run_id: self._places(run_id).priority)  # the first of equals
