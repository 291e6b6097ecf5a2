"""Lanes: the runs of a workflow that says how many may be under way at once (`metadata.parley.concurrency`). The others are held.

A held run is ready and in no queue. Whoever starts or ends a run of the lane lets the next ones begin, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.store.database import AsyncConnection
from app.store.queries import query

LOCK = text(query("control", "lock-lane").replace("%(lane)s", ":lane"))
ADMIT = text(query("control", "admit").replace("%(lane)s", ":lane"))


async def admit(session: AsyncSession, lane: str) -> list[str]:
    """Let the next runs of *lane* begin and return them; the caller puts them into the queue."""
    await session.execute(LOCK, {"lane": lane})
    return [row.id for row in await session.execute(ADMIT, {"lane": lane})]


async def admit_after(connection: AsyncConnection, ended: Sequence[str], asking: str) -> None:
    """Let the next runs begin in the lanes of runs that have *ended*; *asking* is the queue's statement."""
    lanes = await (await connection.execute(query("control", "lanes-of"), {"runs": list(ended)})).fetchall()
    for (lane,) in lanes:
        await connection.execute(query("control", "lock-lane"), {"lane": lane})
        next_ones = await (await connection.execute(query("control", "admit"), {"lane": lane})).fetchall()
        if next_ones:
            await connection.execute(asking, {"runs": [run_id for (run_id,) in next_ones]})
