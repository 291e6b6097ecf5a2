"""The port `Mailbox` on table `awaits`: where timers, events and answers reach one run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.store import blobs
from app.store.blobs import LARGE, Blob
from app.store.database import AsyncConnection, Database, to_text
from app.store.ending import within
from app.store.inbox import attributes_of
from app.store.patience import patient
from app.store.queries import query
from graphs.run.errors import LeaseLost
from graphs.run.event_keys import alternatives, names
from graphs.run.event_keys import digest as key_of
from graphs.run.ports import Awaited, Delivery, Posted


class RunMailbox:
    """
    The waits of one run under one epoch.

    `signals` is the run's counter as it was when `collect()` read: the worker parks the run only if it is the same still, so nothing that
    arrives in between is slept over. `arrived` is set by whoever hears that something came.
    """

    def __init__(self, database: Database, tenant: str, run_id: str, epoch: int, *, patience_s: float) -> None:
        self._database = database
        self._tenant = tenant
        self._epoch = epoch
        self.run_id = run_id
        self.patience_s = patience_s
        self.signals = -1
        self.arrived = asyncio.Event()
        self._timers: dict[str, datetime] = {}
        self._open: set[str] = set()  # waits of this run that nothing was collected for
        self._collected = False

    @patient
    async def expect(self, awaited: Sequence[Awaited]) -> None:
        forms, aside = self._forms(awaited)
        async with self._database.quick(self._tenant) as connection:
            listening = [wait for wait in awaited if wait.kind == "event"]
            if listening:
                await connection.execute(query("mailbox", "share-events"))
            if aside:
                await connection.execute(blobs.INSERT.sql, blobs.INSERT.parameters(aside))
            values = {"run": self.run_id, "epoch": self._epoch, **_columns(awaited), "form": forms}
            await connection.execute(query("mailbox", "expect"), values)
            held = await (await connection.execute(query("runs", "holds"), self._mine)).fetchone()
            if held is None:
                raise LeaseLost(f"run {self.run_id} has a new owner")
            for wait in awaited:
                self._open.add(wait.path)
                if wait.wake_at is not None:
                    self._timers.setdefault(wait.path, wait.wake_at)
            if listening:
                await self._listen(connection, listening, given=held[2])

    def _forms(self, awaited: Sequence[Awaited]) -> tuple[list[str | None], list[Blob]]:
        """Return the forms as their rows have them, and what of them is too large for a row: the data that a person is shown."""
        forms, aside = [None if wait.form is None else to_text(dict(wait.form)) for wait in awaited], []
        for at, wait in enumerate(awaited):
            data = to_text(wait.form.get("data")) if wait.form and len(forms[at] or "") > LARGE else ""
            if len(data) > LARGE:
                digest = blobs.digest_of(data)
                aside.append(Blob(self.run_id, self._epoch, digest, False, data))
                forms[at] = to_text({**(wait.form or {}), "data": json.loads(blobs.reference(data, digest)), "large": True})
        return forms, aside

    async def _listen(self, connection: AsyncConnection, listening: Sequence[Awaited], *, given: bool) -> None:
        """Let events that come find the listenings from now on, and give them what came before: since the run began, or at its start."""
        needs = [(wait, need) for wait in listening for need in alternatives(wait.event)]
        places = [names(need) for _, need in needs]
        digests = [key_of(need, at) for (_, need), at in zip(needs, places, strict=True)]
        path = [wait.path for wait, _ in needs]
        values = {"run": self.run_id, "path": path, "places": [json.dumps(at) for at in places], "digest": digests}
        await connection.execute(query("mailbox", "listen"), values)
        earlier = {
            "run": self.run_id, "path": path, "after": [wait.after for wait, _ in needs], "type": [need.get("type") for _, need in needs],
            "attributes": [to_text(attributes_of(need)) for _, need in needs],
        }  # fmt: skip
        await connection.execute(query("mailbox", "earlier-events"), earlier)
        if given:
            await connection.execute(
                query("mailbox", "given-events"), {name: earlier[name] for name in ("run", "path", "after", "attributes")}
            )

    @patient
    async def collect(self) -> Mapping[str, Delivery]:
        self.arrived.clear()
        async with self._database.glance(self._tenant) as connection:
            await connection.execute(query("mailbox", "ring"), {"run": self.run_id})
            if self._collected:
                values = {"run": self.run_id, "open": list(self._open)}
                rows = await (await connection.execute(query("mailbox", "collect-some"), values)).fetchall()
            else:
                rows = await (await connection.execute(query("mailbox", "collect"), {"run": self.run_id})).fetchall()
        self._collected = True
        self.signals = rows[0][0] if rows else -1
        found = {}
        for _, path, kind, payload, at, by in rows:
            if path is None:
                continue
            if at is None:
                self._open.add(path)
                continue
            self._open.discard(path)
            self._timers.pop(path, None)
            found[path] = Delivery(path=path, kind=kind, payload=payload, at=at, by=by)
        return found

    @patient
    async def events(self, cursors: Mapping[str, int | None], limit: int = 200) -> Mapping[str, Sequence[Posted]]:
        done = {path: after for path, after in cursors.items() if after is not None}
        async with self._database.glance(self._tenant) as connection:
            if done:
                values = {"run": self.run_id, "path": list(done), "after": list(done.values())}
                await connection.execute(query("mailbox", "forget-events"), values)
            wanted = {"run": self.run_id, "path": list(cursors), "limit": limit}
            rows = await (await connection.execute(query("mailbox", "next-events"), wanted)).fetchall()
        found: dict[str, list[Posted]] = {}
        for path, number, event in rows:
            found.setdefault(path, []).append(Posted(number=number, event=event))
        return found

    @patient
    async def withdraw(self, paths: Sequence[str]) -> None:
        async with self._database.glance(self._tenant) as connection:
            await connection.execute(query("mailbox", "withdraw"), {"run": self.run_id, "paths": list(paths)})
        for path in paths:
            self._timers.pop(path, None)
            self._open.discard(path)

    async def changed(self, timeout_s: float) -> None:
        due = [(moment - datetime.now(UTC)).total_seconds() for moment in self._timers.values()]
        await within(self.arrived, min([timeout_s, *due]))

    @property
    def _mine(self) -> dict[str, Any]:
        return {"run": self.run_id, "epoch": self._epoch}


def _columns(awaited: Sequence[Awaited]) -> dict[str, list[Any]]:
    def text(value: Mapping[str, Any] | None) -> str | None:
        return None if value is None else to_text(dict(value))

    return {
        "path": [wait.path for wait in awaited],
        "reference": [wait.reference for wait in awaited],
        "kind": [wait.kind for wait in awaited],
        "attempt": [wait.attempt for wait in awaited],
        "wake_at": [wait.wake_at for wait in awaited],
        "event": [text(wait.event) for wait in awaited],
    }
