"""Schedules: activate a version, pause, see when it starts next, remove. Nothing starts by itself before somebody activates it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.base import ActionsBase, Actor, one, record
from app.actions.beginning import check_lock
from app.actions.children import number
from app.actions.errors import Conflict, Invalid, NotFound
from app.actions.forms import misfits
from app.actions.trigger_views import TriggerView, never_activated, trigger_view, trigger_views
from app.scheduling.spec import Spec, problems_of, specs_of, types_of
from app.scheduling.times import upcoming
from app.store import tables as t
from app.store.ids import new_id
from app.views import VersionView, version_view

MOST_TIMES = 100


class TriggerActions(ActionsBase):
    async def activate(self, actor: Actor, version_id: str) -> TriggerView:
        """
        Let the schedule of an approved version start runs. It takes over from another version of the same workflow; a paused one goes on.

        What fell due while it was paused stays left out. A second time changes nothing.

        Raises:
            NotFound: there is no such version.
            Invalid: it has no schedule, one that cannot work, or it needs an input that a clock does not give.
            Conflict: a function or child workflow is not what was approved.
        """
        async with self._acting(actor, "operator", "activate schedules") as session:
            version = await one(session, t.versions, "version", version_id)
            specs = self._usable(version)
            await check_lock(session, version, self._catalogue)
            await _one_at_a_time(session, version.namespace, version.name)
            before = {row.kind: row for row in await _rows(session, version.namespace, version.name, lock=True)}
            now = await _now(session)
            changed = [await _activate(session, actor, version, spec, before.get(spec.kind), now) for spec in specs]
            gone = [row.id for kind, row in before.items() if kind not in {spec.kind for spec in specs}]
            if gone:
                await _remove(session, gone)
            if any(changed) or gone:
                earlier = sorted({row.version_id for row in before.values()} - {version_id})
                more = {"replaces": earlier[0]} if earlier else {}
                await record(session, actor, "activate", _subject(version), version_id=version_id, version=version.version, **more)
            return await _view(session, version.namespace, version.name)

    async def pause(self, actor: Actor, name: str) -> TriggerView:
        """
        Let a schedule start nothing until it is activated again; runs go on. What falls due or arrives meanwhile is left out, and so are
        events that wait for others. A second time changes nothing.

        Args:
            name: `name` or `namespace/name` of the workflow.

        Raises:
            NotFound: nothing of that name was activated.
            Conflict: workflows of several namespaces have it.
        """
        async with self._acting(actor, "operator", "pause schedules") as session:
            namespace, name = await _resolved(session, name)
            await _one_at_a_time(session, namespace, name)
            active = [row.id for row in await _rows(session, namespace, name, lock=True) if row.status == "active"]
            if active:
                c = t.triggers.c
                values = {"status": "paused", "paused_by": actor.name, "paused_at": func.clock_timestamp()}
                await session.execute(update(t.triggers).where(c.id.in_(active)).values(**values))
                await _forget(session, active)
                await record(session, actor, "pause", f"schedule:{namespace}/{name}")
            return await _view(session, namespace, name)

    async def deactivate(self, actor: Actor, name: str) -> None:
        """Forget a schedule that was activated, and what it was waiting for; runs go on. Raises NotFound, Conflict."""
        async with self._acting(actor, "operator", "remove schedules") as session:
            namespace, name = await _resolved(session, name)
            await _one_at_a_time(session, namespace, name)
            await _remove(session, [row.id for row in await _rows(session, namespace, name, lock=True)])
            await record(session, actor, "deactivate", f"schedule:{namespace}/{name}")

    async def triggers(self, actor: Actor, *, limit: int = 500) -> list[TriggerView]:
        """Return schedules that were activated, and newest versions with one that never was (`inactive`), by name, *limit* of each."""
        async with self._acting(actor, "viewer", "see schedules") as session:
            return await self._triggers(session, limit=limit)

    async def _triggers(self, session: AsyncSession, named: str | None = None, *, limit: int = 500) -> list[TriggerView]:
        views = await trigger_views(session, named=named, limit=limit)
        zone, now = self._store.settings.timezone, await _now(session)
        for row in await never_activated(session, named=named, limit=limit):
            views.append(trigger_view(row, specs_of(row.definition, zone), now=now))
        return sorted(views, key=lambda view: (view.namespace, view.name))

    async def trigger(self, actor: Actor, name: str) -> TriggerView:
        """Return one of `triggers`. Raises NotFound, Conflict."""
        async with self._acting(actor, "viewer", "see schedules") as session:
            found = await self._triggers(session, name)
        if not found:
            raise NotFound("schedule", name)
        if len(found) > 1:
            raise _ambiguous(name, [f"{view.namespace}/{view.name}" for view in found])
        return found[0]

    async def next_times(self, actor: Actor, name: str, *, count: int = 5) -> list[dict[str, Any]]:
        """
        Return the next *count* (1 to 100) due times of a schedule, as if it were active: `[{at, kind, zone}]`, `at` in UTC, ISO 8601.

        `after` has one at most: when the next run starts depends on when this one ends. Events have none.

        Raises:
            NotFound: no schedule has that name. Conflict: several have. Invalid: *count* is out of range.
        """
        if not 1 <= count <= MOST_TIMES:
            raise Invalid(f"{count} times cannot be shown.", code="invalid-count", where="count", why=f"It is 1 to {MOST_TIMES}.")
        view = await self.trigger(actor, name)
        async with self._acting(actor, "viewer", "see schedules") as session:
            now = await _now(session)
            rows = await _rows(session, view.namespace, view.name)
            if rows:
                known: list[tuple[Spec, Row[Any] | None]] = [(Spec.from_json(row.kind, row.spec), row) for row in rows]
            else:
                version = await one(session, t.versions, "version", view.version_id)
                known = [(spec, None) for spec in specs_of(version.definition, self._store.settings.timezone)]
        found = [time for spec, row in known for time in _times(spec, row, now, count)]
        return sorted(found, key=lambda time: time["at"])[:count]

    async def version_named(self, actor: Actor, name: str) -> VersionView:
        """
        Return the newest approved version of a workflow, by number; `name`, `namespace/name`, with `/version` exactly that one.

        Raises:
            NotFound: nothing approved has that name. Conflict: workflows of several namespaces have it.
        """
        async with self._acting(actor, "viewer", "see workflows") as session:
            c = t.versions.c
            parts = name.split("/")
            wanted = c.name == parts[0] if len(parts) == 1 else (c.namespace == parts[0]) & (c.name == parts[1])
            if len(parts) == 3:
                wanted &= c.version == parts[2]
            rows = (await session.execute(select(t.versions).where(wanted))).all() if len(parts) <= 3 else []
            if not rows:
                raise NotFound("workflow", name)
            if len({row.namespace for row in rows}) > 1:
                raise _ambiguous(name, sorted({f"{row.namespace}/{row.name}" for row in rows}))
            return version_view(max(rows, key=lambda row: (number(row.version), row.approved_at)))

    def _usable(self, version: Row[Any]) -> list[Spec]:
        """Return the triggers of *version*. Raises Invalid when there are none, or one of them cannot work."""
        where = f"{version.namespace}/{version.name} {version.version}"
        specs = specs_of(version.definition, self._store.settings.timezone)
        if not specs:
            raise Invalid(
                "This workflow has no schedule.", code="no-schedule", where=where, why="Only people and programs start it.",
                next="Add `schedule` with cron, every, after or on to the definition, and have it approved.",
            )  # fmt: skip
        wrong = problems_of(specs)
        if wrong:
            raise Invalid(
                "The schedule cannot work.", code="invalid-schedule", where=f"{where}, {wrong[0].reference}", why=wrong[0].message,
                next=wrong[0].hint, problems=wrong,
            )  # fmt: skip
        schema = ((version.definition.get("input") or {}).get("schema") or {}).get("document")
        found = misfits(schema, {}) if schema is not None and any(spec.kind != "on" for spec in specs) else []
        if found:
            raise Invalid(
                "A schedule cannot give what the workflow needs.", code="input-needed", where=f"{where}, /input/schema",
                why=f"A clock gives no input, and without one: {found[0].what}.",
                next="Give the input defaults, or start the workflow from another one that has the values.",
            )  # fmt: skip
        return specs


async def _activate(session: AsyncSession, actor: Actor, version: Row[Any], spec: Spec, before: Row[Any] | None, now: datetime) -> bool:
    """Make or change one row; return whether anything changed."""
    if before is None:
        values = {
            "tenant_id": version.tenant_id, "id": new_id(), "namespace": version.namespace, "name": version.name, "kind": spec.kind,
            **_columns(actor, version, spec, now), **_beginning(spec, now),
        }  # fmt: skip
        await session.execute(insert(t.triggers).values(**values))
        await _look_at(session, version.tenant_id, values["id"], spec)
        return True
    same = before.spec == spec.to_json()
    if before.status == "active" and before.version_id == version.id and same:
        return False
    values = _columns(actor, version, spec, now)
    if not same:
        values |= _beginning(spec, now, current_run=before.current_run if spec.kind == "after" else None)
    elif before.status == "paused":
        values |= _going_on(spec, before, now)
    await session.execute(update(t.triggers).where(t.triggers.c.id == before.id).values(**values))
    if spec.overlap != "queue":
        await _drop_queued(session, [before.id], "starts are no longer queued")
    if not same or before.status == "paused":
        await _look_at(session, version.tenant_id, before.id, spec)
        c = t.trigger_events.c  # what waits for others is looked at again, by the new filters
        again = {"gathering": None, "taken": None}
        await session.execute(update(t.trigger_events).where(c.trigger_id == before.id).values(**again))
    return True


def _columns(actor: Actor, version: Row[Any], spec: Spec, now: datetime) -> dict[str, Any]:
    return {
        "version_id": version.id, "status": "active", "spec": spec.to_json(), "watches": spec.watches, "error": "", "paused_by": "",
        "paused_at": None, "activated_by": actor.name, "activated_at": now,
    }  # fmt: skip


def _beginning(spec: Spec, now: datetime, *, current_run: str | None = None) -> dict[str, Any]:
    """Return the columns of a schedule that begins: `every` counts from now, `after` starts at once, or when the run before has ended."""
    timing = spec.timing(now)
    due = timing.next_after(now) if timing is not None else now if spec.kind == "after" and current_run is None else None
    return {"anchor": now, "next_due": due, "decided_at": now, "current_run": current_run}


def _going_on(spec: Spec, before: Row[Any], now: datetime) -> dict[str, Any]:
    """Return the columns of a schedule that goes on: `every` keeps its beat, what fell due meanwhile is left out."""
    timing = spec.timing(before.anchor)
    return {} if timing is None else {"next_due": timing.next_after(now), "decided_at": now}


async def _look_at(session: AsyncSession, tenant: str, trigger_id: str, spec: Spec) -> None:
    """Say which types of events are for this trigger from now on."""
    await session.execute(delete(t.trigger_types).where(t.trigger_types.c.trigger_id == trigger_id))
    if spec.kind == "on":
        rows = [{"tenant_id": tenant, "type": kind, "trigger_id": trigger_id} for kind in types_of(spec.value)]
        await session.execute(insert(t.trigger_types), rows)


async def _forget(session: AsyncSession, ids: list[str]) -> None:
    """Forget which events are for these triggers, those that came, and starts that wait for a run to end."""
    await session.execute(delete(t.trigger_types).where(t.trigger_types.c.trigger_id.in_(ids)))
    await session.execute(delete(t.trigger_events).where(t.trigger_events.c.trigger_id.in_(ids)))
    await _drop_queued(session, ids, "paused")


async def _drop_queued(session: AsyncSession, ids: list[str], reason: str) -> None:
    c = t.trigger_starts.c
    waiting = c.trigger_id.in_(ids) & (c.outcome == "queued")
    await session.execute(update(t.trigger_starts).where(waiting).values(outcome="skipped", reason=reason, input=None))


async def _remove(session: AsyncSession, ids: list[str]) -> None:
    await _forget(session, ids)
    await session.execute(delete(t.trigger_endings).where(t.trigger_endings.c.trigger_id.in_(ids)))
    await session.execute(delete(t.triggers).where(t.triggers.c.id.in_(ids)))


async def _one_at_a_time(session: AsyncSession, namespace: str, name: str) -> None:
    """Let nobody else change this workflow's schedule until the transaction ends."""
    key = f"parley.triggers:{namespace}/{name}:"
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key || current_setting('app.tenant'), 0))"), {"key": key})


async def _rows(session: AsyncSession, namespace: str, name: str, *, lock: bool = False) -> list[Row[Any]]:
    c = t.triggers.c
    statement = select(t.triggers).where(c.namespace == namespace, c.name == name).order_by(c.id)
    return list((await session.execute(statement.with_for_update() if lock else statement)).all())


async def _resolved(session: AsyncSession, name: str) -> tuple[str, str]:
    """Return (namespace, name) of what was activated under *name*. Raises NotFound, Conflict."""
    c = t.triggers.c
    namespace, _, rest = name.rpartition("/")
    wanted = (c.name == rest) & (c.namespace == namespace) if namespace else c.name == rest
    found = (await session.execute(select(c.namespace, c.name).where(wanted).distinct().order_by(c.namespace))).all()
    if not found:
        raise NotFound("schedule", name)
    if len(found) > 1:
        raise _ambiguous(name, [f"{row.namespace}/{row.name}" for row in found])
    return found[0].namespace, found[0].name


async def _view(session: AsyncSession, namespace: str, name: str) -> TriggerView:
    return (await trigger_views(session, named=f"{namespace}/{name}"))[0]


def _times(spec: Spec, row: Row[Any] | None, now: datetime, count: int) -> list[dict[str, Any]]:
    timing = spec.timing(row.anchor if row is not None else now)
    if timing is not None:
        moments = upcoming(timing, now, count)
    elif spec.kind == "after" and row is None:
        moments = [now]
    else:
        moments = [row.next_due] if row is not None and row.next_due is not None else []
    return [{"at": moment.astimezone(UTC).isoformat(), "kind": spec.kind, "zone": spec.zone} for moment in moments]


async def _now(session: AsyncSession) -> datetime:
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now


def _subject(version: Row[Any]) -> str:
    return f"schedule:{version.namespace}/{version.name}"


def _ambiguous(name: str, known: list[str]) -> Conflict:
    return Conflict(
        f"There are several workflows named {name!r}.", code="ambiguous-name", why=f"They are {', '.join(known)}.",
        next="Name it with its namespace.",
    )  # fmt: skip
