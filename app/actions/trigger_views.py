"""Schedules as people and programs are shown them: one a workflow, with all that starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.children import number
from app.scheduling.spec import Spec
from app.store import tables as t
from app.titles import title_of
from app.views import iso
from dsl.words import schedule_words

JSON = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerView:
    """What starts a workflow by itself."""

    name: str
    namespace: str
    title: str
    version: str
    version_id: str
    status: str  # active, paused, inactive (never activated)
    starts: Sequence[Mapping[str, JSON]]  # {kind, words, zone, missed, overlap, next_due}
    next_due: str | None  # the first of them
    waiting: int  # starts that wait for a run to end
    last: Mapping[str, JSON] | None  # {at, due_at, outcome, reason, run_id}
    error: str
    activated_by: str
    activated_at: str | None
    paused_by: str
    paused_at: str | None

    def to_json(self) -> dict[str, JSON]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def trigger_view(
    version: Row[Any], specs: Sequence[Spec], rows: Sequence[Row[Any]] = (), last: Row[Any] | None = None, waiting: int = 0,
    *, now: datetime | None = None,
) -> TriggerView:  # fmt: skip
    """Return the view of a workflow's schedule; without *rows* it was never activated, and shows when it would start *now*."""
    first = rows[0] if rows else None
    due = {row.kind: row.next_due if row.status == "active" else None for row in rows}
    if now is not None:
        due = {spec.kind: _would(spec, now) for spec in specs}
    moments = [moment for moment in due.values() if moment is not None]
    return TriggerView(
        name=version.name, namespace=version.namespace, title=title_of(version.definition), version=version.version, version_id=version.id,
        status=first.status if first is not None else "inactive", starts=[_start(spec, due.get(spec.kind)) for spec in specs],
        next_due=iso(min(moments)) if moments and first is not None else None, waiting=waiting, last=_last(last),
        error=next((row.error for row in rows if row.error), ""), activated_by=first.activated_by if first is not None else "",
        activated_at=iso(first.activated_at) if first is not None else None, paused_by=first.paused_by if first is not None else "",
        paused_at=iso(first.paused_at) if first is not None else None,
    )  # fmt: skip


async def trigger_views(session: AsyncSession, *, named: str | None = None, limit: int = 500) -> list[TriggerView]:
    """Return what was activated, by name; with *named* (`name` or `namespace/name`) only that."""
    c, v, s = t.triggers.c, t.versions.c, t.trigger_starts.c
    statement = select(t.triggers).order_by(c.namespace, c.name, c.kind).limit(limit)
    rows = (await session.execute(statement.where(_is_named(t.triggers, named)) if named is not None else statement)).all()
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in rows:
        found.setdefault((row.namespace, row.name), []).append(row)
    ids = [row.id for row in rows]
    versions = {row.id: row for row in await session.execute(select(t.versions).where(v.id.in_({row.version_id for row in rows})))}
    newest = select(s.trigger_id, func.max(s.number).label("number")).where(s.trigger_id.in_(ids), s.outcome != "queued")
    of = newest.group_by(s.trigger_id).subquery()
    last = {
        row.trigger_id: row
        for row in await session.execute(select(t.trigger_starts).join(of, and_(of.c.trigger_id == s.trigger_id, of.c.number == s.number)))
    }
    waits = select(s.trigger_id, func.count()).where(s.trigger_id.in_(ids), s.outcome == "queued").group_by(s.trigger_id)
    waiting = {row[0]: row[1] for row in await session.execute(waits)}
    views = []
    for own in found.values():
        lines = sorted((last[row.id] for row in own if row.id in last), key=lambda line: line.at)
        specs = [Spec.from_json(row.kind, row.spec) for row in own]
        count = sum(waiting.get(row.id, 0) for row in own)
        views.append(trigger_view(versions[own[0].version_id], specs, own, lines[-1] if lines else None, count))
    return views


async def never_activated(session: AsyncSession, *, named: str | None = None, limit: int = 500) -> list[Row[Any]]:
    """Return the newest versions that have a schedule, of workflows of which none was activated, by name."""
    c, a = t.versions.c, t.triggers.c
    known = select(a.id).where(a.namespace == c.namespace, a.name == c.name).exists()
    statement = select(c.id, c.namespace, c.name, c.version, text("(definition -> 'schedule') IS NOT NULL AS has")).where(~known)
    newest: dict[tuple[str, str], Any] = {}
    for row in await session.execute(statement.where(_is_named(t.versions, named)) if named is not None else statement):
        before = newest.get((row.namespace, row.name))
        if before is None or number(row.version) > number(before.version):
            newest[row.namespace, row.name] = row
    ids = [row.id for _, row in sorted(newest.items()) if row.has][:limit]
    return list((await session.execute(select(t.versions).where(c.id.in_(ids)))).all())


def _is_named(table: Table, named: str) -> ColumnElement[bool]:
    namespace, _, name = named.rpartition("/")
    return (table.c.name == name) & (table.c.namespace == namespace) if namespace else table.c.name == name


def _would(spec: Spec, now: datetime) -> datetime | None:
    try:
        timing = spec.timing(now)
    except ValueError:
        return None
    return timing.next_after(now) if timing is not None else None


def _start(spec: Spec, due: datetime | None) -> dict[str, JSON]:
    words = schedule_words({spec.kind: spec.value}, spec.zone)
    return {
        "kind": spec.kind, "words": words[0] if words else spec.kind, "zone": spec.zone, "missed": spec.missed, "overlap": spec.overlap,
        "next_due": iso(due),
    }  # fmt: skip


def _last(line: Row[Any] | None) -> dict[str, JSON] | None:
    if line is None:
        return None
    return {"at": iso(line.at), "due_at": iso(line.due_at), "outcome": line.outcome, "reason": line.reason, "run_id": line.run_id}
