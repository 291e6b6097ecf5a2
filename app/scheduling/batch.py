"""Some triggers of one tenant in one transaction: locked, looked at, and everything that came of it written. All of it happens, or nothing.

A trigger's row is locked as long as it is looked at, and every start has a line under its due time or event: so no two workers start the
same, and a worker that is killed has started nothing or all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Row, bindparam, case, delete, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.beginning import begin_all, check_lock, new_run
from app.actions.errors import ActionError
from app.scheduling.spec import Spec
from app.scheduling.turn import Start, Turn
from app.store import tables as t
from app.store.queue.port import Queue

ALIVE = ("ready", "running", "waiting", "suspended")
KEPT = timedelta(days=30)  # lines of what was started
STARTED_BY = "schedule"
LET_GO = text("SET LOCAL idle_in_transaction_session_timeout = '60s'")  # a worker that was suspended does not keep others from its triggers


class Batch:
    """The triggers that could be locked; those that somebody else looks at are left to them."""

    def __init__(self, session: AsyncSession, turns: list[Turn], gone: list[str]) -> None:
        self.session = session
        self.turns = turns
        self.gone = gone  # ids of triggers that were removed

    @classmethod
    async def lock(cls, session: AsyncSession, ids: Sequence[str]) -> Batch:
        await session.execute(LET_GO)
        c = t.triggers.c
        statement = select(t.triggers).where(c.id.in_(ids)).order_by(c.id).with_for_update(skip_locked=True, key_share=True)
        rows = (await session.execute(statement)).all()
        there = set((await session.execute(select(c.id).where(c.id.in_(ids)))).scalars())
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        turns = [_turn(row, now) for row in rows]
        batch = cls(session, turns, [id_ for id_ in ids if id_ not in there])
        await batch._read({turn.id: turn for turn in turns})
        return batch

    async def _read(self, turns: Mapping[str, Turn]) -> None:
        """Take the ends of runs in, and see which runs have not ended and which starts wait."""
        e, r, s = t.trigger_endings.c, t.runs.c, t.trigger_starts.c
        ended: dict[str, dict[str, datetime]] = {}
        took = delete(t.trigger_endings).where(e.trigger_id.in_([*turns, *self.gone])).returning(e.trigger_id, e.run_id, e.ended_at)
        for row in await self.session.execute(took):
            ended.setdefault(row.trigger_id, {})[row.run_id] = row.ended_at
        watched = [id_ for id_, turn in turns.items() if turn.spec.overlap != "parallel"]
        alive = select(r.trigger_id, func.count()).where(r.trigger_id.in_(watched), r.status.in_(ALIVE)).group_by(r.trigger_id)
        for id_, count in (await self.session.execute(alive)).all():
            turns[str(id_)].alive = count
        waiting = select(s.trigger_id, func.count(), func.min(s.number)).where(s.trigger_id.in_(watched), s.outcome == "queued")
        first: list[int] = []
        for id_, count, number in (await self.session.execute(waiting.group_by(s.trigger_id))).all():
            turns[id_].queued = count
            first.append(number)
        for row in await self.session.execute(select(t.trigger_starts).where(s.trigger_id.in_(watched), s.number.in_(first))):
            turns[row.trigger_id].oldest_queued = Start(key=row.key, due_at=row.due_at, outcome="queued", input=row.input)
        for id_, runs in ended.items():
            if id_ in turns:
                turns[id_].ended = runs

    async def write(self, catalogue: Mapping[str, Any], queue: Queue) -> list[str]:
        """Start what is to be started and keep how the triggers stand; return the ids of the new runs."""
        versions = await self._versions()
        refused = {id_: await self._refusal(version, catalogue) for id_, version in versions.items()}
        for turn in self.turns:
            for start in turn.starts:
                if start.outcome == "started" and refused.get(turn.version_id):
                    start.refuse(refused[turn.version_id])
            turn.error = next((start.reason for start in turn.starts if start.outcome == "refused"), turn.error)
        written = await self._written()
        rows = []
        for turn in self.turns:
            begun = {str(start.run_id): start for start in turn.starts if start.run_id is not None and (turn.id, start.key) in written}
            for id_, start in begun.items():
                rows.append(new_run(versions[turn.version_id], id_, input=start.input, started_by=STARTED_BY, trigger_id=turn.id))
            turn.begun(list(begun))
        await begin_all(self.session, rows)
        runs = [str(row["id"]) for row in rows]
        await self._keep()
        await self._tidy()
        if runs:
            await queue.enqueue(self.session, runs)
        return runs

    async def _versions(self) -> dict[str, Row[Any]]:
        wanted = {turn.version_id for turn in self.turns if any(start.outcome == "started" for start in turn.starts)}
        rows = await self.session.execute(select(t.versions).where(t.versions.c.id.in_(sorted(wanted)))) if wanted else ()
        return {row.id: row for row in rows}

    async def _refusal(self, version: Row[Any], catalogue: Mapping[str, Any]) -> str:
        """Return why nothing of *version* may start now, as whoever presses Run would be told; empty when it may."""
        try:
            await check_lock(self.session, version, catalogue)
        except ActionError as error:
            return " ".join(filter(None, (error.what, error.why, error.next)))
        return ""

    async def _written(self) -> set[tuple[str, str]]:
        """Write the lines; return (trigger, key) of those that were not there before, and of queued ones whose turn it is now."""
        c = t.trigger_starts.c
        fresh = [_line(turn, start) for turn in self.turns for start in turn.starts if not start.from_queue]
        written: set[tuple[str, str]] = set()
        if fresh:
            statement = insert(t.trigger_starts).on_conflict_do_nothing().returning(c.trigger_id, c.key)
            written = {(row.trigger_id, row.key) for row in await self.session.execute(statement, fresh)}
        for turn in self.turns:
            for start in turn.starts:
                if start.from_queue:
                    same = (c.trigger_id == turn.id) & (c.key == start.key)
                    values = {"outcome": start.outcome, "reason": start.reason, "run_id": start.run_id, "version_id": turn.version_id}
                    await self.session.execute(
                        update(t.trigger_starts).where(same).values(input=null(), at=func.clock_timestamp(), **values)
                    )
                    written.add((turn.id, start.key))
        return written

    async def _keep(self) -> None:
        """Store how the triggers stand; the last error stays until something was started."""
        c = t.triggers.c
        stand: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("next_due", "decided_at", "current_run")}
        error = case((bindparam("new_told", type_=Boolean()), bindparam("new_error")), else_=c.error)
        statement = update(t.triggers).where(c.id == bindparam("of")).values(**stand, error=error)
        rows = [
            {
                "of": turn.id, "new_next_due": turn.next_due, "new_decided_at": turn.now, "new_current_run": turn.current_run,
                "new_told": bool(turn.starts or turn.error), "new_error": turn.error,
            }
            for turn in self.turns
        ]  # fmt: skip
        if rows:
            await (await self.session.connection()).execute(statement, rows)

    async def _tidy(self) -> None:
        c, e = t.trigger_starts.c, t.trigger_events.c
        ids = [turn.id for turn in self.turns if turn.starts]
        old = c.trigger_id.in_(ids) & (c.at < func.clock_timestamp() - KEPT) & (c.outcome != "queued")
        if ids:
            await self.session.execute(delete(t.trigger_starts).where(old))
        nobodys = [*self.gone, *(turn.id for turn in self.turns if not turn.active)]
        if nobodys:
            await self.session.execute(delete(t.trigger_events).where(e.trigger_id.in_(nobodys)))


def _turn(row: Row[Any], now: datetime) -> Turn:
    return Turn(
        tenant=row.tenant_id, id=row.id, version_id=row.version_id, active=row.status == "active",
        spec=Spec.from_json(row.kind, row.spec), now=now,
        anchor=row.anchor, next_due=row.next_due, decided_at=row.decided_at, current_run=row.current_run,
    )  # fmt: skip


def _line(turn: Turn, start: Start) -> dict[str, Any]:
    return {
        "tenant_id": turn.tenant, "trigger_id": turn.id, "key": start.key, "due_at": start.due_at, "outcome": start.outcome,
        "reason": start.reason, "run_id": start.run_id, "version_id": turn.version_id,
        "input": start.input if start.outcome == "queued" else None,
    }  # fmt: skip
