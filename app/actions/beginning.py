"""The row of a new run, in the caller's transaction: the same whether a person starts it or a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.children import children
from app.actions.errors import Conflict
from app.actions.locks import differences, lock_of
from app.store import blobs
from app.store import tables as t
from app.store.lanes import admit
from dsl.settings import parley_of_document

PRIORITY = 50


async def begin(session: AsyncSession, version: Row[Any], run_id: str, *, input: Any, started_by: str, **columns: Any) -> None:  # noqa: A002
    """Add a run of *version*, ready unless *columns* of `runs` say otherwise. Whoever calls wakes a worker and has checked the lock."""
    await begin_all(session, [new_run(version, run_id, input=input, started_by=started_by, **columns)])


async def begin_all(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add runs made with `new_run`, in few statements."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for given in rows:
        aside = await blobs.add(session, given["id"], given["input"])
        row = dict(given) if aside is None else {**given, "input": aside, "large": ["input"]}
        alike.setdefault(tuple(sorted(row)), []).append(row)
    for group in alike.values():
        if len(group) == 1:  # its columns may be expressions, as of a run that its starter takes in hand
            await session.execute(insert(t.runs).values(group[0]))
        else:
            await session.execute(insert(t.runs), group)
    for lane in sorted({row["lane"] for row in rows if row.get("held")}):
        await admit(session, lane)


def new_run(version: Row[Any], run_id: str, *, input: Any, started_by: str, **columns: Any) -> dict[str, Any]:  # noqa: A002
    """Return the row of a run for `begin_all`."""
    values = {"tenant_id": version.tenant_id, "id": run_id, "version_id": version.id, "input": input, "started_by": started_by}
    return {**values, **turn(version), **columns}


def turn(version: Row[Any]) -> dict[str, Any]:
    """Return the columns of a run that say when it is its turn: `metadata.parley.priority` and `concurrency` of its definition."""
    settings = parley_of_document(version.definition)
    columns: dict[str, Any] = {"priority": settings.get("priority", PRIORITY)}
    if "concurrency" in settings:
        columns.update(lane=f"{version.namespace}/{version.name}", lane_limit=settings["concurrency"], held=True)
    return columns


async def check_lock(session: AsyncSession, version: Row[Any], catalogue: Mapping[str, Any]) -> None:
    """Raise Conflict when a function or a workflow that *version* uses is not what was approved with it."""
    now = lock_of(version.definition, catalogue, await children(session, version.definition))
    changed = differences(version.lock, now, version.definition)
    if changed:
        raise Conflict(
            f"{version.namespace}/{version.name} {version.version} is no longer what was approved.", code="lock-changed",
            where=f"version {version.id}", why="; ".join(changed) + ".", next="Propose the workflow again and approve it as it is now.",
        )  # fmt: skip
