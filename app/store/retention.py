"""What is no longer kept: finished runs after a while, with everything that belongs to them, and events nobody can need any more.

Audit, proposals, versions and whatever is alive stay. Workers do this beside the runs, one at a time (an advisory lock a batch), in small
batches. A run goes in two steps: first out of sight, its id into `removals`; then its journal, values, checkpoints and notices, a few
thousand rows at a time. Whoever is killed in between leaves `removals` to the next.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import structlog

from app.store.database import AsyncConnection, Database
from app.store.model_calls import REPLIES_KEPT_S, SPENDING_KEPT_S
from app.store.queries import query
from graphs.run.durations import seconds

log = structlog.get_logger("parley.retention")
EVERY_S = 600.0
BREATH_S = 0.05  # between two batches
RUNS = 50  # that are taken out of sight in one batch
ROWS = 2_000  # that are removed by one statement
DAY_S = 86_400.0
PARTS = (
    "remove-journal", "remove-blobs", "remove-writes", "remove-checkpoint-blobs", "remove-checkpoints", "remove-notices", "remove-live",
)  # fmt: skip


@dataclass(slots=True)
class Removed:
    """How much one sweep has removed."""

    runs: int = 0
    rows: int = 0  # of those runs
    events: int = 0
    replies: int = 0  # of models, in conversations

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a tenant's runs are kept: by version, and all others; None is for ever."""

    versions: dict[str, float]
    default_s: float | None

    @property
    def shortest_s(self) -> float | None:
        known = [*self.versions.values(), *([] if self.default_s is None else [self.default_s])]
        return min(known, default=None)


class Retention:
    """Removes what is no longer kept. *days* of 0 keeps runs and events for ever, where a definition does not say otherwise."""

    def __init__(self, database: Database, *, days: float) -> None:
        self._database = database
        self._default_s = days * DAY_S or None

    async def step(self) -> None:
        """Wait, then sweep: what a worker repeats. Workers that were started together look at different moments."""
        await asyncio.sleep(EVERY_S * random.uniform(0.5, 1))  # noqa: S311 - no secret
        removed = await self.sweep()
        if removed:
            log.info(
                "What is no longer kept was removed", runs=removed.runs, rows=removed.rows, events=removed.events, replies=removed.replies
            )

    async def sweep(self) -> Removed:
        """Remove everything that is due, of all tenants; what another worker is at is left to it."""
        removed = Removed()
        async with self._database.checked() as connection:
            tenants = [row[0] for row in await (await connection.execute(query("retention", "tenants"))).fetchall()]
        for tenant in tenants:
            await self._tenant(tenant, removed)
        return removed

    async def _tenant(self, tenant: str, removed: Removed) -> None:
        async with self._database.transaction(tenant) as connection:
            rules = await self._rules(connection)
            needed = (await (await connection.execute(query("retention", "oldest-needed"))).fetchone() or (None,))[0]
        more = True
        while more:
            more = (
                await self._batch(tenant, rules, removed)
                or await self._events(tenant, needed, removed)
                or await self._replies(tenant, removed)
            )
            await asyncio.sleep(BREATH_S)

    async def _rules(self, connection: AsyncConnection) -> Rules:
        found = await (await connection.execute(query("retention", "kept-longer-or-shorter"))).fetchall()
        return Rules({version: length for version, value in found if (length := _seconds(value)) is not None}, self._default_s)

    async def _batch(self, tenant: str, rules: Rules, removed: Removed) -> bool:
        """Go on with what was begun, else take the next runs out of sight. False: nothing is left, or another worker is at it."""
        async with self._database.transaction(tenant) as connection:
            if not await _alone(connection):
                return False
            found = await (await connection.execute(query("retention", "removals"), {"limit": RUNS})).fetchall()
            if found:
                removed.rows += await _remove(connection, [row[0] for row in found])
                return True
            if rules.shortest_s is None:
                return False
            values = {
                "versions": list(rules.versions), "seconds": list(rules.versions.values()), "shortest_s": rules.shortest_s,
                "default_s": rules.default_s, "limit": RUNS,
            }  # fmt: skip
            gone = await (await connection.execute(query("retention", "expire"), values)).fetchall()
            removed.runs += len(gone)
            return bool(gone)

    async def _events(self, tenant: str, needed: datetime | None, removed: Removed) -> bool:
        if self._default_s is None:
            return False
        async with self._database.transaction(tenant) as connection:
            if not await _alone(connection):
                return False
            values = {"default_s": self._default_s, "needed": needed, "limit": ROWS}
            gone = (await connection.execute(query("retention", "expire-events"), values)).rowcount
        removed.events += gone
        return gone > 0

    async def _replies(self, tenant: str, removed: Removed) -> bool:
        """Remove what models answered more than a week ago: whoever was killed then is not coming back for it."""
        async with self._database.transaction(tenant) as connection:
            if not await _alone(connection):
                return False
            values = {"kept_s": REPLIES_KEPT_S, "limit": ROWS}
            gone = (await connection.execute(query("model_calls", "expire-replies"), values)).rowcount
            await connection.execute(query("model_calls", "expire-spending"), {"kept_s": SPENDING_KEPT_S})
        removed.replies += gone
        return gone > 0


def _seconds(duration: Any) -> float | None:
    """Return how long *duration* is; None for one without a fixed length, which counts as not given."""
    try:
        return seconds(duration)
    except ValueError:
        return None


async def _alone(connection: AsyncConnection) -> bool:
    row = await (await connection.execute(query("retention", "alone"))).fetchone()
    return bool(row and row[0])


async def _remove(connection: AsyncConnection, runs: list[str]) -> int:
    """Remove a part of what belonged to *runs*; when it was the last one, forget them."""
    removed = 0
    for name in PARTS:
        limit = ROWS // 20 if name.endswith("blobs") else ROWS  # these are large
        gone = (await connection.execute(query("retention", name), {"runs": runs, "limit": limit})).rowcount
        removed += gone
        if gone == limit:
            return removed
    await connection.execute(query("retention", "removed"), {"runs": runs})
    return removed
