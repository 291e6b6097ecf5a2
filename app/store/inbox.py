"""The port `Events`, and the door for events from outside: inbox, subscriptions and wake-ups in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.store.database import AsyncConnection, Database, to_text
from app.store.patience import patient
from app.store.queries import query
from graphs.run.event_keys import digest

if TYPE_CHECKING:
    from app.store.notifying import Notifier

JSON = Any


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some events."""

    new: int  # the others were here before
    receivers: tuple[int, ...]  # for each of them, how many runs may need it


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

    async def accept(self, events: Sequence[Mapping[str, JSON]]) -> int:
        """Do what `take` does and return how many were new."""
        return (await self.take(events)).new

    @patient
    async def take(self, events: Sequence[Mapping[str, JSON]]) -> Taken:
        """
        Take *events* in and hand each to every run that may need it, in one transaction: what is taken is committed when this returns.

        Raises:
            StoreUnavailable: the database is away; nothing was taken.
        """
        woken: dict[str, None] = {}
        async with self._database.quick(self._tenant) as connection:
            await connection.execute(query("mailbox", "lock-events"))
            new = await self._insert(connection, events)
            runs = await self._hand_out(connection, new) if new else []
            if runs:
                woken = dict.fromkeys(run for run, _ in runs)
                changed = await (await connection.execute(query("runs", "signal"), {"runs": sorted(woken)})).fetchall()
                ready = [run for run, status in changed if status == "ready"]
                await connection.execute(self._asking, {"runs": ready})
        self._notifier.signal(list(woken))
        receivers = Counter(number for _, number in set(runs))
        numbers = {(event["source"], event["id"]): number for number, event in new.items()}
        return Taken(len(new), tuple(receivers[numbers.get((event["source"], event["id"]), 0)] for event in events))

    async def _insert(self, connection: AsyncConnection, events: Sequence[Mapping[str, JSON]]) -> dict[int, Mapping[str, JSON]]:
        """Return those that are new by their number."""
        first: dict[tuple[str, str], Mapping[str, JSON]] = {}
        for event in events:
            first.setdefault((event["source"], event["id"]), event)
        values = {
            "source": [source for source, _ in first], "id": [id_ for _, id_ in first], "type": [event["type"] for event in first.values()],
            "attributes": [to_text(attributes_of(event)) for event in first.values()],
            "event": [to_text(dict(event)) for event in first.values()],
        }  # fmt: skip
        rows = await (await connection.execute(query("mailbox", "accept-events"), values)).fetchall()
        return {number: first[source, id_] for source, id_, number in rows}

    async def _hand_out(self, connection: AsyncConnection, new: Mapping[int, Mapping[str, JSON]]) -> list[tuple[str, int]]:
        """Write down for every listening which of *new* it has to look at; return (run, number) of each."""
        compared = [row[0] for row in await (await connection.execute(query("mailbox", "places"))).fetchall()]
        if not compared:
            return []
        wanted = [(places, digest(event, json.loads(places)), number) for places in compared for number, event in new.items()]
        places, digests, numbers = zip(*wanted, strict=True)
        values = {"places": list(places), "digest": list(digests), "number": list(numbers)}
        return [(run, number) for run, number in await (await connection.execute(query("mailbox", "arrive"), values)).fetchall()]


def attributes_of(event: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return an event without its data: what waits compare."""
    return {name: value for name, value in event.items() if name not in ("data", "data_base64")}
