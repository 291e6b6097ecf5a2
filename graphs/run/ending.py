"""End background tasks for certain.

`asyncio.wait_for` of Python 3.11 forgets a cancellation that comes when what it waits for is just done (a connection pool's queue is such
a place): cancelled once, a task may go on for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 0.5


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel *tasks* and return when all are over, whatever they do with the first cancellation."""
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
