"""Read from the database what lifecycle events are told from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.lifecycle import Run
from app.store import tables as t

_TURNS = {"suspend": "suspended", "resume": "resumed"}


def source_of(tenant: str, public_url: str | None) -> str:
    """Return the `source` of a tenant's lifecycle events."""
    return f"{public_url.rstrip('/')}/{tenant}" if public_url else f"urn:parley:{tenant}"


async def read_run(session: AsyncSession, run_id: str, source: str) -> tuple[Run, tuple[str, ...]] | None:
    """Return a run of the session's tenant and the secrets it may read; None when there is none."""
    r, v = t.runs.c, t.versions.c
    columns = (r.id, v.namespace, v.name, v.version, r.status, r.started_at, r.ended_at, r.output, r.error)
    join = (v.tenant_id == r.tenant_id) & (v.id == r.version_id)
    row = (await session.execute(select(*columns, v.secrets).join(t.versions, join).where(r.id == run_id))).first()
    if row is None:
        return None
    *values, secrets = row
    names = [column.name for column in columns]
    return Run(**dict(zip(names, values, strict=True)), source=source), tuple(secrets)


async def read_rows(session: AsyncSession, run_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Any]:
    """Return rows of a run's journal in their order, those after the number *after*."""
    j = t.journal.c
    columns = (j.seq, j.path, j.attempt, j.kind, j.reference, j.status, j.output, j.error, j.started_at, j.ended_at, j.sealed)
    return (await session.execute(select(*columns).where(j.run_id == run_id, j.seq > after).order_by(j.seq).limit(limit))).all()


async def read_waits(session: AsyncSession, run_id: str) -> Sequence[Any]:
    """Return what a run waits and waited for."""
    a = t.awaits.c
    columns = (a.path, a.reference, a.kind, a.attempt, a.created_at, a.delivered_at, a.withdrawn_at, a.delivered_at.label("ended_at"))
    return (await session.execute(select(*columns).where(a.run_id == run_id).order_by(a.created_at, a.path))).all()


async def read_turns(session: AsyncSession, run_id: str) -> list[tuple[str, datetime]]:
    """Return when people suspended and resumed a run: ("suspended" or "resumed", when)."""
    c = t.audit.c
    rows = await session.execute(select(c.act, c.at).where(c.subject == f"run:{run_id}", c.act.in_(_TURNS)).order_by(c.id))
    return [(_TURNS[act], at) for act, at in rows]
