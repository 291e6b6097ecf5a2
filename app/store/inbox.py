"""The port `Events`, and the door for events from outside: inbox, subscriptions and wake-ups in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.store.database import AsyncConnection, Database, to_text
from app.store.patience import patient
from app.store.queries import query

if TYPE_CHECKING:
    from app.store.notifying import Notifier

JSON = Any


class EventInbox:
    """The events of one tenant."""

    def __init__(self, database: Database, notifier: Notifier, tenant: str, *, patience_s: float, asking: str) -> None:
        self._database = database
        self._notifier = notifier
        self._tenant = tenant
        self.patience_s = patience_s
        self._asking = asking  # the queue's statement

    async def publish(self, event: Mapping[str, JSON]) -> None:
        await self.accept([event])

    @patient
    async def accept(self, events: Sequence[Mapping[str, JSON]]) -> int:
        """
        Take *events* in and hand each to every run that waits for it; return how many were new.

        Raises:
            StoreUnavailable: the database is away; nothing was taken.
        """
        accepted, woken = 0, []
        async with self._database.quick(self._tenant) as connection:
            await connection.execute(query("mailbox", "lock-events"))
            for event in events:
                runs = await self._accept(connection, event)
                if runs is not None:
                    accepted += 1
                    woken += runs
            if woken:
                changed = await (await connection.execute(query("runs", "signal"), {"runs": sorted(set(woken))})).fetchall()
                ready = [run for run, status in changed if status == "ready"]
                await connection.execute(self._asking, {"runs": ready})
        self._notifier.signal(woken)
        return accepted

    async def _accept(self, connection: AsyncConnection, event: Mapping[str, JSON]) -> list[str] | None:
        """Return the runs that got *event*, None when it was here before."""
        attributes = to_text(attributes_of(event))
        key = {"source": event["source"], "id": event["id"]}
        values = {**key, "type": event["type"], "attributes": attributes, "event": to_text(dict(event))}
        if (await (await connection.execute(query("mailbox", "accept-event"), values)).fetchone()) is None:
            return None
        waiting = await (await connection.execute(query("mailbox", "subscribers"), {"attributes": attributes})).fetchall()
        got = []
        for run, path in waiting:
            delivery = {**key, "run": run, "path": path, "payload": values["event"]}
            if (await (await connection.execute(query("mailbox", "deliver-event"), delivery)).fetchone()) is not None:
                got.append(run)
        return got


def attributes_of(event: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return an event without its data: what waits compare."""
    return {name: value for name, value in event.items() if name not in ("data", "data_base64")}
