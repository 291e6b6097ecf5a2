"""The port of five verbs. Every implementation passes `tests/integration/test_queue.py`.

A claim is fair: whoever has the fewest runs at work is served first, chance decides between equals; within a tenant the highest priority
goes first, then the oldest. Whose a run is, and its priority, the queue knows by itself (`Place`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class WakeUp:
    """ "Advance run X", taken by one worker. `token` is the implementation's own."""

    run_id: str
    token: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands in the queue."""

    tenant: str = ""
    priority: int = 50  # 0 to 100, higher first
    held: bool = False  # not its turn: a wake-up would be for nothing


class Queue(Protocol):
    changed: asyncio.Event  # set by whoever hears that there is something new
    channels: Sequence[str]  # of NOTIFY, where that can be heard
    asking: str  # `enqueue` as a statement with the parameter `runs`, for transactions that are not SQLAlchemy's; "" in memory

    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        """Ask for these runs to be advanced, as part of *session*'s transaction. A run that is asked for already is not asked for twice."""

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        """Take up to *limit* wake-ups, fairly; wait up to *within_s* for the first one. Two workers never hold one run's at once."""

    async def heartbeat(self) -> None:
        """Say that this worker is alive, and drop what workers that fell silent had taken."""

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        """Give a taken wake-up back: done, or *again* for any worker. One that was dropped meanwhile is ignored."""

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        """Forget a wake-up nobody has taken yet."""

    async def drop(self, run_ids: Sequence[str]) -> None:
        """Forget what workers that lost these runs had taken: it is in the way of the wake-up for the next worker."""

    async def close(self) -> None:
        """Say goodbye, so that nobody waits for this worker's heartbeat."""
