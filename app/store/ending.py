"""Wait with a limit without swallowing a cancellation, as `asyncio.wait_for` of Python 3.11 does; end tasks for certain."""

from __future__ import annotations

import asyncio

from graphs.run.ending import end

__all__ = ["end", "within"]


async def within(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for *event*, at most *limit_s*; return whether it came."""
    try:
        async with asyncio.timeout(max(0.0, limit_s)):
            await event.wait()
    except TimeoutError:
        return False
    return True
