"""Runs: start, look, cancel, retry. Everything that makes a run ready wakes a worker in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

import dsl
from app.actions.base import ActionsBase, Actor, one, record
from app.actions.beginning import begin, check_lock
from app.actions.errors import Busy, Conflict, Forbidden, Invalid
from app.actions.events import checked_events
from app.actions.forms import misfits
from app.store import tables as t
from app.store.ids import new_id, new_run_id
from app.store.inbox import attributes_of
from app.store.lanes import admit
from app.store.queries import query
from app.store.waking import wake
from app.views import RunView, read_new_run_view, read_run_view, read_run_views, worker_missing
from graphs.run.compensation import BEGUN
from graphs.run.paths import to_reference

ENDED = ("completed", "faulted", "cancelled")
TOO_MANY_READY = text(query("control", "too-many-ready").replace("%(limit)s", ":limit"))
LOOPBACK = ("127.0.0.0/8", "::1/128")


class RunActions(ActionsBase):
    async def start(
        self,
        actor: Actor,
        version_id: str,
        *,
        input: Any = None,  # noqa: A002 - the word of the DSL
        conversation: str | None = None,
        here: str | None = None,
        loopback: bool = False,
        events: Sequence[Mapping[str, Any]] = (),
    ) -> RunView:
        """
        Start a run of an approved version. It is durable when this returns; a worker picks it up.

        Args:
            input: The workflow's input; `None` is the empty object.
            here: Name of the process that will run it itself (`parley run`); no worker is woken then.
            events: CloudEvents for this run alone, delivered in their order whatever the inbox has seen.
            loopback: This run may call this machine, whoever goes on with it. The command line alone may allow that.

        Raises:
            Conflict: a function or child workflow is not what was approved (a changed lock).
            Forbidden: *loopback*, but not from the command line.
            Invalid: the input does not fit the workflow's schema, the text names the field; a workflow that an event starts was given
                none; or one of *events* is no CloudEvent.
        """
        given = checked_events([{"id": new_id(), **event} if isinstance(event, Mapping) else event for event in events])
        data = {} if input is None else input
        if loopback and actor.via != "cli":
            why = "Only the command line may, for the run it starts."
            raise Forbidden("let a run call this machine's own addresses", role=actor.role, needed="admin", why=why)
        options = {"http_allow": list(LOOPBACK)} if loopback else {}
        async with self._acting(actor, "operator", "start runs") as session:
            version = await one(session, t.versions, "version", version_id)
            await self._check_lock(session, version)
            if input is None:
                _check_event(version.definition)
            check_input(version.definition, data)
            run_id = new_run_id()
            await self._room(session)
            lease = _leased(here, self._store.settings.lease_s) if here else {}
            await begin(session, version, run_id, input=data, started_by=actor.name, conversation=conversation, options=options, **lease)
            if given:
                await session.execute(insert(t.given_events), [_given(actor.tenant, run_id, *one) for one in enumerate(given, 1)])
            more = {"events": len(given)} if given else {}
            await record(session, actor, "start", f"run:{run_id}", version_id=version_id, digest=version.digest, **more)
            if options:
                await record(session, actor, "allow-addresses", f"run:{run_id}", **options)
            if not here:
                await self._store.queue.enqueue(session, [run_id])
            return await read_new_run_view(session, run_id)

    async def run(self, actor: Actor, run_id: str) -> RunView:
        async with self._acting(actor, "viewer", "see runs") as session:
            await one(session, t.runs, "run", run_id)
            missing = await worker_missing(session)
            view = await read_run_view(session, run_id, worker_missing=missing)
        return await self._store.redacted(actor.tenant, view)

    async def runs(self, actor: Actor, *, status: str | None = None, limit: int = 50) -> list[RunView]:
        """Return runs, newest first, without their steps."""
        async with self._acting(actor, "viewer", "see runs") as session:
            views = await read_run_views(session, status=status, limit=limit)
        return [await self._store.redacted(actor.tenant, view) for view in views]

    async def nobody_works(self, actor: Actor) -> bool:
        """Return whether no worker has been seen lately: then a ready run stays where it is."""
        async with self._acting(actor, "viewer", "see runs") as session:
            return await worker_missing(session)

    async def cancel(self, actor: Actor, run_id: str) -> RunView:
        """
        Ask a run to stop; one that nobody runs stops at once, unless something is to be undone (`metadata.parley.compensate`).

        A run that has ended stays as it is.
        """
        async with self._acting(actor, "operator", "cancel runs") as session:
            row = await one(session, t.runs, "run", run_id, lock=True)
            if row.status not in ENDED and (row.status == "stuck" or not row.cancel_requested):
                await record(session, actor, "cancel", f"run:{run_id}")
                await self._cancel(session, row)
        self._store.announce(run_id)
        return await self.run(actor, run_id)

    async def _cancel(self, session: AsyncSession, row: Row[Any]) -> None:
        c = t.runs.c
        if row.status == "running":
            await session.execute(update(t.runs).where(c.id == row.id).values(cancel_requested=True, signals=c.signals + 1))
            self._store.signalled([row.id])
            return
        undo = not row.cancel_requested and await _can_be_undone(session, row.id)
        values = {"reason": "", "cancel_requested": True, "suspend_requested": False, "held": False, "wake_at": None}
        if undo:
            values.update(status="ready", ready_at=func.clock_timestamp(), failures=0)
        else:
            values.update(status="cancelled", ended_at=func.clock_timestamp())
        await session.execute(update(t.runs).where(c.id == row.id).values(values))
        a = t.awaits.c
        await session.execute(
            update(t.awaits)
            .where(a.run_id == row.id, a.delivered_at.is_(None), a.withdrawn_at.is_(None))
            .values(withdrawn_at=func.clock_timestamp())
        )
        for table in (t.listens, t.arrivals, t.live):
            await session.execute(delete(table).where(table.c.run_id == row.id))
        if undo:
            await self._store.queue.enqueue(session, [row.id])
            return
        await self._store.queue.cancel(session, row.id)
        await self._next_in_lane(session, row.lane)

    async def _next_in_lane(self, session: AsyncSession, lane: str | None) -> None:
        """Let the next runs of a lane begin, after one of it ended or asked for its turn."""
        admitted = await admit(session, lane) if lane else []
        if admitted:
            await self._store.queue.enqueue(session, admitted)

    async def _room(self, session: AsyncSession) -> None:
        """Raise Busy when so many runs are ready and not begun that more would only wait longer."""
        limit = self._store.settings.ready_limit
        if (await session.execute(TOO_MANY_READY, {"limit": limit})).scalar_one():
            raise Busy(
                f"{limit} runs are ready and wait for a worker; no more can be started now.", code="too-many-ready",
                why="PARLEY_READY_LIMIT says how many may wait.", next="Try again later, or start more workers: parley worker.",
            )  # fmt: skip

    async def retry(self, actor: Actor, run_id: str) -> RunView:
        """
        Try the failed step of a faulted run again; what finished stays finished. Let a run that was put aside (`stuck`) go on.

        Raises:
            Conflict: the run did not fault, what it had done was undone, or its lock changed.
        """
        async with self._acting(actor, "operator", "retry runs") as session:
            row = await one(session, t.runs, "run", run_id, lock=True)
            if row.status not in ("faulted", "stuck"):
                raise Conflict(
                    f"The run is {row.status}; only a faulted run can be retried.", code="not-faulted", where=f"run {run_id}",
                    next="Start a new run of the workflow instead.",
                )  # fmt: skip
            await self._check_lock(session, await one(session, t.versions, "version", row.version_id))
            if row.status == "faulted":
                await _must_stand(session, row)
                await _write_retry(session, actor, row)
            cancelling = row.status == "stuck" and row.cancel_requested
            c = t.runs.c
            await session.execute(
                update(t.runs).where(c.id == run_id)
                .values(
                    status="ready", reason="", error=None, ended_at=None, ready_at=func.clock_timestamp(), cancel_requested=cancelling,
                    failures=0, deaths=0, held=row.lane is not None,
                )
            )  # fmt: skip
            await record(session, actor, "retry", f"run:{run_id}")
            await self._next_in_lane(session, row.lane)
            await self._store.queue.enqueue(session, [run_id])
        self._store.announce(run_id)
        return await self.run(actor, run_id)

    async def _check_lock(self, session: AsyncSession, version: Row[Any]) -> None:
        await check_lock(session, version, self._catalogue)

    async def _wake(self, session: AsyncSession, run_ids: list[str]) -> None:
        await wake(session, self._store.queue, run_ids)
        self._store.signalled(run_ids)


def _given(tenant: str, run_id: str, number: int, event: Mapping[str, Any]) -> dict[str, Any]:
    return {"tenant_id": tenant, "run_id": run_id, "number": number, "attributes": attributes_of(event), "event": dict(event)}


def _leased(owner: str, lease_s: float) -> dict[str, Any]:
    return {
        "status": "running", "owner": owner, "epoch": 1, "started_at": func.clock_timestamp(),
        "lease_until": func.clock_timestamp() + text(f"interval '{float(lease_s)} seconds'"), "held": False,
    }  # fmt: skip


async def _can_be_undone(session: AsyncSession, run_id: str) -> bool:
    c = t.journal.c
    return bool((await session.execute(select(exists().where(c.run_id == run_id, c.kind == "compensate")))).scalar_one())


async def _must_stand(session: AsyncSession, row: Row[Any]) -> None:
    """Raise Conflict when what the run had done was undone: it cannot go on as if it were there."""
    c = t.journal.c
    if (await session.execute(select(exists().where(c.run_id == row.id, c.path == BEGUN, c.kind == "compensate")))).scalar_one():
        raise Conflict(
            "What this run had done was undone when it failed; it cannot go on from there.", code="compensated", where=f"run {row.id}",
            next=f"Run it again from the start: parley rerun {row.id}",
        )  # fmt: skip


async def _write_retry(session: AsyncSession, actor: Actor, row: Row[Any]) -> None:
    """Add the journal row that voids the failure: it names the step that failed first."""
    c = t.journal.c
    path = row.failed_path or "/"
    earlier = (await session.execute(select(func.count()).where(c.run_id == row.id, c.path == path, c.kind == "retry"))).scalar_one()
    await session.execute(
        insert(t.journal).values(
            tenant_id=row.tenant_id, run_id=row.id, path=path, attempt=earlier + 1, kind="retry", reference=to_reference(path),
            status="started",
            output=f"retried by {actor.name}", has_context=False, started_at=func.now(), mark="", sealed=False,
        )
    )  # fmt: skip


def _check_event(definition: dict[str, Any]) -> None:
    """Raise Invalid when an event starts the workflow: without one it would work on nothing, and send nothing to others."""
    awaited = (definition.get("schedule") or {}).get("on")
    if not awaited:
        return
    filters = [awaited["one"]] if "one" in awaited else [*(awaited.get("any") or []), *(awaited.get("all") or [])]
    types = " or ".join(str(kind) for one in filters if (kind := (one.get("with") or {}).get("type"))) or "an event"
    raise Invalid(
        f"This workflow works on the event that starts it ({types}), and none was given.", code="event-needed",
        why="A run by hand has no event; once the schedule is activated, events start runs by themselves.",
        next="Give the event as input, on the command line: parley run FILE --input '[{\"type\": \"…\", \"data\": {…}}]'.",
    )  # fmt: skip


def check_input(definition: dict[str, Any], data: Any) -> None:
    """Raise Invalid when *data* does not fit `input.schema.document`."""
    schema = ((definition.get("input") or {}).get("schema") or {}).get("document")
    if schema is None:
        return
    found = misfits(schema, data)
    if found:
        raise Invalid(
            "The input does not fit the workflow.", code="invalid-input", where=f"the input, {found[0].where}",
            why="; ".join(one.what for one in found),
            next="Give an input that fits `input.schema` of the definition.",
            problems=[dsl.Problem(code="invalid-input", reference="/input", message=one.what) for one in found],
        )  # fmt: skip
