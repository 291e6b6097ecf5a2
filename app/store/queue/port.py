"""The port of five verbs. Every implementation passes `tests/integration/test_queue.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class WakeUp:
    """ "Advance run X", taken by one worker. `token` is the implementation's own."""

    run_id: str
    token: int


class Queue(Protocol):
    async def enqueue(self, session: AsyncSession | None, run_ids: Sequence[str]) -> None:
        """Ask for these runs to be advanced, as part of *session*'s transaction. A run that is asked for already is not asked for twice."""

    async def claim(self, limit: int, *, within_s: float) -> Sequence[WakeUp]:
        """Take up to *limit* wake-ups, oldest first; wait up to *within_s* for the first one. Two workers never hold one run's at once."""

    async def heartbeat(self) -> None:
        """Say that this worker is alive, and drop what workers that fell silent had taken."""

    async def release(self, wake_up: WakeUp, *, again: bool = False) -> None:
        """Give a taken wake-up back: done, or *again* for any worker. One that was dropped meanwhile is ignored."""

    async def cancel(self, session: AsyncSession | None, run_id: str) -> None:
        """Forget a wake-up nobody has taken yet."""
