"""Gates that hold answers until a test lets them go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_POLL_S = 0.02  # how soon a held answer notices that its client left


class Gates:
    """Named gates, closed until released; used from the server's loop only."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._wake = asyncio.Event()
        self.waiting: dict[str, int] = {}

    def release(self, name: str) -> None:
        """Open *name*: what it holds goes on, and what comes later passes, until `close`."""
        self._open.add(name)
        self._wake.set()

    def close(self, name: str) -> None:
        self._open.discard(name)

    def reset(self) -> None:
        self._open.clear()

    async def passed(self, name: str, has_left: Callable[[], bool]) -> bool:
        """Wait at *name*; False when the client left before it opened."""
        self.waiting[name] = self.waiting.get(name, 0) + 1
        try:
            while name not in self._open:
                if has_left():
                    return False
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), _POLL_S)
                except TimeoutError:
                    continue
            return True
        finally:
            self.waiting[name] -= 1
