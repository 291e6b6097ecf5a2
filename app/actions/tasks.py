"""What runs ask of people, and the events that come from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update

from app.actions.base import Actor, one, record, require
from app.actions.errors import Conflict, Invalid, NotFound
from app.actions.events import checked_events
from app.actions.forms import misfits
from app.actions.runs import RunActions
from app.store import tables as t
from app.store.inbox import Taken
from app.views import RunView, TaskView, iso, task_view

REQUEST_PATIENCE_S = 5.0  # a sender waits no longer for a database that is away
PEOPLE = ("approve", "ask", "outcome-unknown")


class TaskActions(RunActions):
    async def tasks(self, actor: Actor, *, limit: int = 200) -> list[TaskView]:
        """Return what waits for a person, the oldest first."""
        async with self._acting(actor, "viewer", "see tasks") as session:
            a, r, v = t.awaits.c, t.runs.c, t.versions.c
            statement = (
                select(t.awaits, r.conversation, v.namespace, v.name, v.version, v.definition)
                .join(t.runs, (r.id == a.run_id) & (r.tenant_id == a.tenant_id))
                .join(t.versions, (v.id == r.version_id) & (v.tenant_id == r.tenant_id))
                .where(a.kind.in_(PEOPLE), a.delivered_at.is_(None), a.withdrawn_at.is_(None))
                .order_by(a.created_at, a.path).limit(limit)
            )  # fmt: skip
            views = [task_view(row) for row in await session.execute(statement)]
        return [await self._store.redacted(actor.tenant, view) for view in views]

    async def answer(self, actor: Actor, run_id: str, path: str, value: Any) -> RunView:
        """
        Answer what a run asks at *path*: `{"approved": bool, "comment": str}`, the values of an `ask` form, or `{"happened": bool}`,
        or `{"check": true}` where a proof can tell.

        The same answer twice is one answer.

        Raises:
            NotFound: the run does not ask anything there.
            Invalid: the answer does not fit; the text names the field.
            Conflict: somebody answered otherwise before, or the run has ended.
        """
        async with self._acting(actor, "approver", "answer tasks") as session:
            run = await one(session, t.runs, "run", run_id)
            c = t.awaits.c
            found = (c.run_id == run_id) & (c.path == path)
            row = (await session.execute(select(t.awaits).where(found, c.kind.in_(PEOPLE)).with_for_update())).first()
            if row is None:
                raise NotFound("task", f"{run_id} {path}")
            payload = checked(row, value, actor)
            if row.delivered_at is not None and _same(row.payload, payload):
                changed = False
            else:
                _must_wait(run, row)
                await session.execute(
                    update(t.awaits).where(found).values(payload=payload, delivered_at=func.clock_timestamp(), delivered_by=actor.name)
                )
                await record(session, actor, "answer", f"run:{run_id}", path=path, kind=row.kind, answer=_for_audit(row.kind, payload))
                await self._wake(session, [run_id])
                changed = True
        if changed:
            self._store.announce(run_id)
        return await self.run(actor, run_id)

    async def accept_events(self, actor: Actor, events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """
        Take CloudEvents in; durable when this returns. The same source and id counts once.

        Returns:
            `{"accepted": n, "duplicates": n}`

        Raises:
            Invalid: one of *events* is no CloudEvent; none is taken then.
        """
        taken = await self.take_events(actor, events)
        return {"accepted": taken.new, "duplicates": len(events) - taken.new}

    async def take_events(self, actor: Actor, events: Sequence[Mapping[str, Any]]) -> Taken:
        """Do what `accept_events` does, and say for each event how many runs may need it."""
        require(actor, "operator", "send events")
        return await self._store.events(actor.tenant, patience_s=REQUEST_PATIENCE_S).take(checked_events(events))

    async def given_taken(self, actor: Actor, run_id: str) -> set[int]:
        """Return which of the events given to a run at its start, counted from 1, one of its listenings took."""
        j = t.journal.c
        async with self._acting(actor, "viewer", "see runs") as session:
            await one(session, t.runs, "run", run_id)
            statement = select(j.path).where(j.run_id == run_id, j.kind == "event", j.path.contains("/event[given-"))
            paths = (await session.execute(statement)).scalars()
            return {int(path.rpartition("[given-")[2].removesuffix("]")) for path in paths}


def checked(row: Row[Any], value: Any, actor: Actor) -> Any:
    """Return the payload for the run. Raises Invalid naming the field."""
    if row.kind == "ask":
        _fits(row.form.get("schema") or {}, value)
        return dict(value) if isinstance(value, Mapping) else value
    if row.kind == "outcome-unknown" and isinstance(value, Mapping) and value.get("check") is True:
        if not (row.form or {}).get("check"):
            raise Invalid(
                "Nothing can look whether this happened.", code="no-proof", where="field check",
                why="The task has no call for proof (metadata.parley.proof) in the approved definition.", next="Say whether it happened.",
            )  # fmt: skip
        return {"check": True}
    key = "approved" if row.kind == "approve" else "happened"
    if not isinstance(value, Mapping) or not isinstance(value.get(key), bool):
        raise Invalid(f"The answer needs the field {key!r}: true or false.", code="invalid-answer", where=f"field {key}")
    if row.kind == "outcome-unknown":
        return {"happened": value["happened"]}
    comment = value.get("comment", "")
    if not isinstance(comment, str):
        raise Invalid("The field 'comment' is a text.", code="invalid-answer", where="field comment")
    return {"approved": value["approved"], "comment": comment, "by": actor.name}


def _fits(schema: Mapping[str, Any], value: Any) -> None:
    found = misfits(schema, value)
    if found:
        words = [one.what for one in found]
        raise Invalid(
            "The answer does not fit the form.", code="invalid-answer", where=found[0].where, why="; ".join(words), problems=words
        )


def _same(old: Any, new: Any) -> bool:
    """Compare two answers; who gave them does not count."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, "by": ""} == {**new, "by": ""}
    return bool(old == new)


def _must_wait(run: Row[Any], row: Row[Any]) -> None:
    where = f"run {run.id}, {row.path}"
    if row.delivered_at is not None:
        raise Conflict(
            f"{row.delivered_by} has answered already.", code="already-answered", where=where,
            why=f"That was at {iso(row.delivered_at)}; a task is answered once.",
        )  # fmt: skip
    if row.withdrawn_at is not None or run.status not in ("ready", "running", "waiting", "suspended", "stuck"):
        raise Conflict("Nobody waits for this answer any more.", code="no-longer-asked", where=where, why=f"The run is {run.status}.")


def _for_audit(kind: str, payload: Any) -> Any:
    """Decisions are kept word for word; of a form only which fields were filled in."""
    return payload if kind != "ask" else {"fields": sorted(payload) if isinstance(payload, dict) else []}
