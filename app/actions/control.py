"""Hold a run and let it go on, run it again from a chosen task, start many at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import dsl
from app.actions.base import Actor, one, record
from app.actions.beginning import begin, turn
from app.actions.errors import Conflict, Invalid
from app.actions.prefix import Prefix, copy, find
from app.actions.runs import ENDED, RunActions, check_input
from app.store import blobs
from app.store import tables as t
from app.store.ids import new_run_id
from app.store.lanes import admit
from app.views import RunView, read_new_run_view

AS_IT_WAS: Final = object()  # no other input was given
BATCH = 500  # starts in one transaction
SHOWN = 20  # problems of a list that are told


class ControlActions(RunActions):
    async def suspend(self, actor: Actor, run_id: str) -> RunView:
        """
        Hold a run: one at work stops at its next step, and ends what it has in hand. What comes meanwhile is kept for it.

        Raises:
            Conflict: the run has ended, was put aside, or is being cancelled.
        """
        async with self._acting(actor, "operator", "suspend runs") as session:
            row = await one(session, t.runs, "run", run_id, lock=True)
            if row.status in (*ENDED, "stuck") or row.cancel_requested:
                state = "being cancelled" if row.cancel_requested and row.status not in ENDED else row.status
                raise Conflict(f"The run is {state}; only a run under way can be suspended.", code="not-under-way", where=f"run {run_id}")
            if row.status != "suspended" and not row.suspend_requested:
                await record(session, actor, "suspend", f"run:{run_id}")
                await self._suspend(session, row)
        self._store.announce(run_id)
        return await self.run(actor, run_id)

    async def _suspend(self, session: AsyncSession, row: Row[Any]) -> None:
        c = t.runs.c
        if row.status == "running":
            await session.execute(update(t.runs).where(c.id == row.id).values(suspend_requested=True, signals=c.signals + 1))
            self._store.signalled([row.id])
            return
        await session.execute(update(t.runs).where(c.id == row.id).values(status="suspended", reason="", wake_at=None))
        await self._store.queue.cancel(session, row.id)

    async def resume(self, actor: Actor, run_id: str) -> RunView:
        """
        Let a suspended run go on; timers that fell due meanwhile fire now.

        Raises:
            Conflict: it is not suspended.
        """
        async with self._acting(actor, "operator", "resume runs") as session:
            row = await one(session, t.runs, "run", run_id, lock=True)
            if row.status != "suspended" and not row.suspend_requested:
                raise Conflict(f"The run is {row.status}, not suspended.", code="not-suspended", where=f"run {run_id}")
            values: dict[str, Any] = {"suspend_requested": False}
            if row.status == "suspended":
                values.update(status="ready", ready_at=func.clock_timestamp(), reason="")
            await session.execute(update(t.runs).where(t.runs.c.id == run_id).values(values))
            await record(session, actor, "resume", f"run:{run_id}")
            if row.status == "suspended":
                await self._next_in_lane(session, row.lane if row.held else None)
                await self._store.queue.enqueue(session, [run_id])
        self._store.announce(run_id)
        return await self.run(actor, run_id)

    async def rerun(self, actor: Actor, run_id: str, *, task: str | None = None, input: Any = AS_IT_WAS) -> RunView:  # noqa: A002
        """
        Start a new run of the same version: from the start, or from *task* on, with the results of everything before it.

        Args:
            task: Name, reference or path of a task that was begun; a path where it was done several times.
            input: Instead of what the workflow was given; with *task*, instead of what that task was given.

        Raises:
            NotFound, Conflict: the task was never begun, was done several times, or is inside a fork; what came before it was undone; or
                the lock of the version changed.
            Invalid: the input does not fit the workflow's schema.
        """
        async with self._acting(actor, "operator", "start runs") as session:
            row = await one(session, t.runs, "run", run_id)
            version = await one(session, t.versions, "version", row.version_id)
            await self._check_lock(session, version)
            await self._room(session)
            data = await blobs.whole(session, run_id, row.input) if "input" in (row.large or ()) else row.input
            if task is None and input is not AS_IT_WAS:
                data = {} if input is None else input
                check_input(version.definition, data)
            prefix = None if task is None else await find(session, row, task)
            id_ = new_run_id()
            await self._begin_again(session, actor, row, version, id_, data, prefix)
            if prefix is not None:
                await copy(session, self._store.vault, row, id_, prefix, input, given=input is not AS_IT_WAS)
                await one(session, t.runs, "run", run_id)  # not removed meanwhile, and a part of its journal with it
            more = {"task": prefix.path} if prefix else {}
            await record(session, actor, "rerun", f"run:{id_}", of=run_id, version_id=version.id, digest=version.digest, **more)
            await self._store.queue.enqueue(session, [id_])
            return await read_new_run_view(session, id_)

    async def _begin_again(
        self, session: AsyncSession, actor: Actor, row: Row[Any], version: Row[Any], id_: str, data: Any, prefix: Prefix | None
    ) -> None:
        kept = {name: value for name, value in row.options.items() if name == "http_allow" and actor.via == "cli"}
        options = {**kept, "rerun": {"run": row.id, "task": prefix.path if prefix else ""}}
        epoch = 1 if prefix else 0  # who takes the first epoch takes it that nothing is in the journal
        await begin(
            session, version, id_, input=data, started_by=actor.name, conversation=row.conversation, options=options, epoch=epoch
        )  # fmt: skip

    async def start_many(
        self, actor: Actor, version_id: str, items: Sequence[Mapping[str, Any]], *, conversation: str | None = None
    ) -> list[dict[str, Any]]:
        """
        Start a run for each of *items*, `{input, key?}`, in batches of one transaction each; all are checked before the first begins.

        The same key for the same version starts one run, now and later: it can be repeated after a failure.

        Returns:
            `{run, key, new}` for each item, in their order; `new` is false for a run that was there already.

        Raises:
            Invalid: an input does not fit, or a key is given twice; `problems` lists which.
            Busy: too many runs are ready already; the batches before were started.
            Conflict: the lock of the version changed.
        """
        async with self._acting(actor, "operator", "start runs") as session:
            version = await one(session, t.versions, "version", version_id)
            await self._check_lock(session, version)
        _check_items(version.definition, items)
        started: list[dict[str, Any]] = []
        for first in range(0, len(items), BATCH):
            async with self._acting(actor, "operator", "start runs") as session:
                await self._room(session)
                started += await self._start_batch(session, actor, version, items[first : first + BATCH], conversation)
        return started

    async def _start_batch(
        self, session: AsyncSession, actor: Actor, version: Row[Any], items: Sequence[Mapping[str, Any]], conversation: str | None
    ) -> list[dict[str, Any]]:
        columns = {
            "tenant_id": version.tenant_id, "version_id": version.id, "started_by": actor.name, "conversation": conversation,
            "options": {}, **turn(version),
        }  # fmt: skip
        ids = sorted(new_run_id() for _ in items)  # the first one given is the first in its lane
        rows = [{**columns, "id": id_, "input": _input(item), "start_key": item.get("key")} for id_, item in zip(ids, items, strict=True)]
        large = {row["id"]: written for row in rows if (written := blobs.too_large(row["input"])) is not None}
        for row in rows:
            aside = large.get(row["id"])
            row["large"] = None if aside is None else ["input"]
            row["input"] = row["input"] if aside is None else json.loads(blobs.reference(aside, blobs.digest_of(aside)))
        c = t.runs.c
        new = {row.id for row in await session.execute(insert(t.runs).on_conflict_do_nothing().returning(c.id), rows)}
        for id_ in new & large.keys():
            await blobs.add_text(session, id_, large[id_])
        keys = [row["start_key"] for row in rows if row["id"] not in new]
        known = (await session.execute(select(c.id, c.start_key).where(c.version_id == version.id, c.start_key.in_(keys)))).all()
        earlier = {row.start_key: row.id for row in known}
        await record(
            session, actor, "start-many", f"version:{version.id}", digest=version.digest, started=len(new), known=len(rows) - len(new)
        )
        if columns.get("lane"):
            await admit(session, columns["lane"])
        await self._store.queue.enqueue(session, sorted(new))
        return [
            {"run": row["id"] if row["id"] in new else earlier[row["start_key"]], "key": row["start_key"], "new": row["id"] in new}
            for row in rows
        ]


def _input(item: Mapping[str, Any]) -> Any:
    return {} if item.get("input") is None else item["input"]


def _check_items(definition: dict[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    """Raise Invalid when one of *items* cannot start a run."""
    wrong: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        key = item.get("key")
        if key is not None and (not isinstance(key, str) or not key or len(key) > 200):
            wrong.append((number, "the key is a text of 1 to 200 characters"))
        elif key is not None and seen.setdefault(key, number) != number:
            wrong.append((number, f"the key {key!r} is item {seen[key]}'s already"))
        try:
            check_input(definition, _input(item))
        except Invalid as error:
            wrong.append((number, error.why))
    if wrong:
        raise Invalid(
            f"{len(wrong)} of {len(items)} inputs cannot start a run; none was started.", code="invalid-input", where=f"item {wrong[0][0]}",
            why=wrong[0][1], next="Correct them and start all again.",
            problems=[dsl.Problem(code="invalid-input", reference="/input", message=f"item {n}: {what}") for n, what in wrong[:SHOWN]],
        )  # fmt: skip
