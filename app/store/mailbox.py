"""The port `Mailbox` on table `awaits`: where timers, events and answers reach one run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.store.database import AsyncConnection, Database, to_text
from app.store.ending import within
from app.store.patience import patient
from app.store.queries import query
from graphs.run.errors import LeaseLost
from graphs.run.ports import Awaited, Delivery


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

    @patient
    async def expect(self, awaited: Sequence[Awaited]) -> None:
        async with self._database.quick(self._tenant) as connection:
            listening = [wait.path for wait in awaited if wait.kind == "event"]
            if listening:
                await connection.execute(query("mailbox", "lock-events"))
            await connection.execute(query("mailbox", "expect"), {"run": self.run_id, "epoch": self._epoch, **_columns(awaited)})
            held = await (await connection.execute(query("runs", "holds"), self._mine)).fetchone()
            if held is None:
                raise LeaseLost(f"run {self.run_id} has a new owner")
            for wait in awaited:
                if wait.wake_at is not None:
                    self._timers.setdefault(wait.path, wait.wake_at)
            given = listening and held[2] and await self._given_events(connection, listening)
            earlier = listening and await self._earlier_events(connection, listening)
            if given or earlier:
                await connection.execute(query("runs", "signal"), {"runs": [self.run_id]})
                self.arrived.set()

    async def _given_events(self, connection: AsyncConnection, paths: list[str]) -> bool:
        """Deliver what this run alone was given when it started, in its order."""
        delivered = False
        for path in paths:
            got = await connection.execute(query("mailbox", "deliver-given"), {"run": self.run_id, "path": path})
            delivered = await got.fetchone() is not None or delivered
        return delivered

    async def _earlier_events(self, connection: AsyncConnection, paths: list[str]) -> bool:
        """Deliver what came in since the run began and before it listened; an event reaches a run once, the oldest first."""
        delivered = False
        while True:
            found = await (await connection.execute(query("mailbox", "earlier-events"), {"run": self.run_id, "paths": paths})).fetchall()
            if not found:
                break
            for path, source, id_, event in found:
                values = {"run": self.run_id, "path": path, "source": source, "id": id_, "payload": to_text(event)}
                await connection.execute(query("mailbox", "deliver-event"), values)
            delivered = True
        return delivered

    @patient
    async def collect(self) -> Mapping[str, Delivery]:
        self.arrived.clear()
        async with self._database.quick(self._tenant) as connection:
            await connection.execute(query("mailbox", "ring"), {"run": self.run_id})
            rows = await (await connection.execute(query("mailbox", "collect"), {"run": self.run_id})).fetchall()
        self.signals = rows[0][0] if rows else -1
        for row in rows:
            self._timers.pop(row[1], None)
        return {
            path: Delivery(path=path, kind=kind, payload=payload, at=at, by=by)
            for _, path, kind, payload, at, by in rows
            if path is not None
        }

    @patient
    async def withdraw(self, paths: Sequence[str]) -> None:
        async with self._database.quick(self._tenant) as connection:
            await connection.execute(query("mailbox", "withdraw"), {"run": self.run_id, "paths": list(paths)})
        for path in paths:
            self._timers.pop(path, None)

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
        "form": [text(wait.form) for wait in awaited],
    }
