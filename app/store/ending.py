"""End background tasks for certain, and wait with a limit without swallowing a cancellation.

`asyncio.wait_for` of Python 3.11 can turn a cancellation that comes at the moment of the timeout into a TimeoutError: a loop that
suppresses it goes on for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel *tasks* and return when all are over, whatever they do with the first cancellation."""
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


async def within(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for *event*, at most *limit_s*; return whether it came."""
    try:
        async with asyncio.timeout(max(0.0, limit_s)):
            await event.wait()
    except TimeoutError:
        return False
    return True
