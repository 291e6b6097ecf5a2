"""The rows of runs as their worker sees them: taken, read, ended. Many runs' at once where many come at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from app.store import blobs
from app.store.blobs import LARGE, Blob
from app.store.database import Database, to_text
from app.store.lanes import admit_after
from app.store.patience import patiently
from app.store.queries import query
from app.store.together import Together

JSON = Any
Item = TypeVar("Item")
DETAILS = (
    "id", "input", "conversation", "created_at", "started_at", "definition", "namespace", "name", "version", "digest", "lock", "secrets",
    "options", "started_by", "by_trigger",
)  # fmt: skip


def boot_s() -> float:
    """Return seconds on a clock that nobody sets, and that goes on while the process is stopped or the machine asleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Lease:
    """A run this process may write to, as long as nobody has a later epoch."""

    run_id: str
    tenant: str
    epoch: int
    cancel_requested: bool = False
    deaths: int = 0  # workers that died over it in a row
    since: float = field(default_factory=boot_s, compare=False)  # it runs out `lease_s` later, unless it is renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended."""

    lease: Lease
    status: str
    output: str | None  # JSON
    error: Mapping[str, JSON] | None
    failed_path: str


class RunRows:
    """The runs that one process, *owner*, has in hand."""

    def __init__(self, database: Database, owner: str, *, lease_s: float, patience_s: float, asking: str) -> None:
        self._database = database
        self._owner = owner
        self._lease_s = lease_s
        self._patience_s = patience_s
        self._asking = asking  # the queue's statement
        self.claim: Together[str, Lease | None] = Together(self._claim, name="claim")
        self.details: Together[Lease, dict[str, Any]] = Together(self._details, name="details")
        self.finish: Together[Ending, bool] = Together(self._finish, name="finish")

    async def close(self) -> None:
        await self.claim.close()
        await self.details.close()
        await self.finish.close()

    async def _claim(self, runs: Sequence[str]) -> list[Lease | None]:
        """Take leases; None for a run that is not ready, or in somebody's hands."""

        began = 0.0

        async def take() -> Any:
            nonlocal began
            began = boot_s()
            values = {"runs": sorted(set(runs)), "owner": self._owner, "lease_s": self._lease_s}
            async with self._database.pool.connection() as connection, connection.pipeline(), connection.transaction():
                await connection.execute(query("journal", "take-over"), {"runs": values["runs"]})
                return await (await connection.execute(query("runs", "claim"), values)).fetchall()

        rows = await patiently(take, patience_s=self._patience_s)
        taken = {run: Lease(run, tenant, epoch, cancel, deaths, began) for run, tenant, epoch, cancel, deaths in rows}
        return [taken.pop(run, None) for run in runs]

    async def _details(self, leases: Sequence[Lease]) -> list[dict[str, Any]]:
        """Read what the runs execute."""
        found = {}
        for tenant, own in _by_tenant(leases, lambda lease: lease).items():
            rows = await patiently(partial(self._read, tenant, own), patience_s=self._patience_s)
            found.update({row[0]: dict(zip(DETAILS, row, strict=True)) for row in rows})
        return [found[lease.run_id] for lease in leases]

    async def _read(self, tenant: str, leases: Sequence[Lease]) -> Any:
        async with self._database.quick(tenant) as connection:
            values = {"runs": [lease.run_id for lease in leases]}
            return await (await connection.execute(query("runs", "details"), values)).fetchall()

    async def _finish(self, endings: Sequence[Ending]) -> list[bool]:
        """Store how runs ended; False for one that has a new owner."""
        held: set[str] = set()
        for tenant, own in _by_tenant(endings, lambda ending: ending.lease).items():
            held |= await patiently(partial(self._end, tenant, own), patience_s=self._patience_s)
        return [ending.lease.run_id in held for ending in endings]

    async def _end(self, tenant: str, endings: Sequence[Ending]) -> set[str]:
        values = {
            "run": [ending.lease.run_id for ending in endings], "epoch": [ending.lease.epoch for ending in endings],
            "status": [ending.status for ending in endings], "output": [_row_output(ending) for ending in endings],
            "error": [to_text(dict(ending.error)) if ending.error else None for ending in endings],
            "failed_path": [ending.failed_path for ending in endings], "large": [_is_large(ending) for ending in endings],
        }  # fmt: skip
        aside = [_blob(ending) for ending in endings if _is_large(ending)]
        async with self._database.quick(tenant) as connection:
            if aside:
                await connection.execute(blobs.INSERT.sql, blobs.INSERT.parameters(aside))
            held = {row[0] for row in await (await connection.execute(query("runs", "finish"), values)).fetchall()}
            if len(held) < len(endings):  # a new owner; or it was us, and the answer got lost with the connection
                mine = {name: values[name] for name in ("run", "epoch")}
                held |= {row[0] for row in await (await connection.execute(query("runs", "ended-by-us"), mine)).fetchall()}
            await connection.execute(query("runs", "end-waits"), {"runs": sorted(held)})
            await connection.execute(query("runs", "end-live"), {"runs": sorted(held)})
            await admit_after(connection, sorted(held), self._asking)
        return held


def _is_large(ending: Ending) -> bool:
    return ending.output is not None and len(ending.output) > LARGE


def _blob(ending: Ending) -> Blob:
    output = ending.output or ""
    return Blob(ending.lease.run_id, ending.lease.epoch, blobs.digest_of(output), False, output)


def _row_output(ending: Ending) -> str | None:
    """Return what the run's row keeps of its output."""
    return blobs.reference(ending.output or "", _blob(ending).digest) if _is_large(ending) else ending.output


def _by_tenant(items: Sequence[Item], lease_of: Callable[[Item], Lease]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(lease_of(item).tenant, []).append(item)
    return found
