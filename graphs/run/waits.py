"""What the strands of one run wait for, and how it reaches them.

A wait is registered with the mailbox before it counts (`register`), after the journal is flushed: whoever answers an approval sees
nothing that could still be lost. Timeouts of tasks are kept aside and become durable only when the run is parked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from graphs.run.ports import JSON, Awaited, Delivery, Journal, Mailbox, Posted
from graphs.run.strands import Strands


class Waits:
    def __init__(self, mailbox: Mailbox, journal: Journal, strands: Strands) -> None:
        self._mailbox = mailbox
        self._journal = journal
        self._strands = strands
        self._arrived: dict[str, Delivery] = {}
        self._pending: dict[str, tuple[Awaited, asyncio.Future[Any]]] = {}  # of a Delivery, or of what a listening is handed
        self._cursors: dict[str, int | None] = {}  # how far each listening has come
        self._given: set[str] = set()  # listenings that took what they were given by hand
        self._deadlines: dict[str, Awaited] = {}
        self._durable: set[str] = set()  # registered with the mailbox by this process
        self._stale: list[str] = []
        self.closing = False  # the run is parked or given up: what is cancelled now is still awaited
        self.begun = asyncio.Event()  # set when a strand begins to wait

    def __bool__(self) -> bool:
        return bool(self._pending)

    async def receive(self, awaited: Awaited) -> Delivery:
        """Return what arrived for *awaited*, now or later."""
        if awaited.path in self._arrived:
            return self._arrived[awaited.path]
        delivery: Delivery = await self._wait(awaited)
        return delivery

    async def listen(self, awaited: Awaited, after: int | None) -> Sequence[Posted]:
        """Return the next events for the listening *awaited*, which is done with those up to *after*; never none."""
        path = awaited.path
        if path not in self._arrived:
            self._cursors[path] = after
            try:
                handed: Sequence[Posted] | Delivery = await self._wait(awaited)
            finally:
                del self._cursors[path]
            if not isinstance(handed, Delivery):
                return handed
        self._given.add(path)
        return (Posted(number=None, event=self._arrived.pop(path).payload),)

    async def _wait(self, awaited: Awaited) -> Any:
        path = awaited.path
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[path] = (awaited, future)
        self.begun.set()
        self._strands.leave()
        try:
            return await future
        except asyncio.CancelledError:
            if self._pending.pop(path, None):
                self._strands.join()
            self.drop(path)
            raise

    def arrived(self, path: str) -> bool:
        return path in self._arrived

    def deliver(self, deliveries: Mapping[str, Delivery]) -> bool:
        """Hand *deliveries* to whoever waits for them, keep the others; tell whether a strand goes on."""
        for path, delivery in deliveries.items():
            if path not in self._given:
                self._arrived.setdefault(path, delivery)
        ready = [path for path in self._pending if path in self._arrived]
        for path in ready:
            _, future = self._pending.pop(path)
            if not future.done():
                self._strands.join()
                future.set_result(self._arrived[path])
        return bool(ready)

    @property
    def cursors(self) -> dict[str, int | None]:
        """The listenings that wait, and how far each has come."""
        return {path: after for path, after in self._cursors.items() if path in self._pending}

    def hand(self, posted: Mapping[str, Sequence[Posted]]) -> bool:
        """Give events to the listenings that wait for them; tell whether a strand goes on."""
        ready = [path for path, events in posted.items() if events and path in self._pending]
        for path in ready:
            _, future = self._pending.pop(path)
            if not future.done():
                self._strands.join()
                future.set_result(posted[path])
        return bool(ready)

    def set_deadline(self, awaited: Awaited) -> None:
        self._deadlines[awaited.path] = awaited

    def clear_deadline(self, path: str) -> None:
        self._deadlines.pop(path, None)
        self.drop(path)

    def drop(self, path: str) -> None:
        """Remember that nobody waits for *path* any more."""
        if not self.closing:
            self._stale.append(path)

    def awaited(self) -> list[Awaited]:
        """Everything the run waits for: its blocked strands first, then the timeouts around them."""
        return [*(awaited for awaited, _ in self._pending.values()), *self._deadlines.values()]

    def nearest(self, now: datetime, within_s: float) -> float | None:
        """Return the seconds until the next timer if that is at most *within_s*; 0 when it is due."""
        times = [awaited.wake_at for awaited in self.awaited() if awaited.wake_at]
        if not times or min(times) > now + timedelta(seconds=within_s):
            return None
        return max(0.0, (min(times) - now).total_seconds())

    async def register(self, *, parking: bool = False) -> None:
        """Make new waits durable and give up stale ones; for parking the timeouts too. Raises LeaseLost, StoreUnavailable."""
        if any(path in self._durable for path in self._stale):
            await self._journal.flush()  # that nobody waits any more is a result too
            await self.withdraw_stale()
        wanted: Iterable[Awaited] = self.awaited() if parking else (awaited for awaited, _ in self._pending.values())
        fresh = [awaited for awaited in wanted if awaited.path not in self._durable]
        if fresh:
            await self._journal.flush()
            await self._mailbox.expect(fresh)
            self._durable.update(awaited.path for awaited in fresh)

    async def withdraw_stale(self) -> None:
        """Tell the mailbox what nobody waits for any more; the journal is flushed."""
        stale, self._stale = [path for path in self._stale if path in self._durable], []
        if stale:
            await self._mailbox.withdraw(stale)
            self._durable.difference_update(stale)

    def restored(self, path: str) -> None:
        """Remember that an earlier process may have registered *path*."""
        self._durable.add(path)


def to_json(awaited: Awaited) -> dict[str, JSON]:
    """Return *awaited* as plain JSON, times in ISO 8601."""
    return {
        "path": awaited.path,
        "reference": awaited.reference,
        "kind": awaited.kind,
        "wake_at": awaited.wake_at.isoformat() if awaited.wake_at else None,
        "event": dict(awaited.event) if awaited.event is not None else None,
        "form": dict(awaited.form) if awaited.form is not None else None,
        "attempt": awaited.attempt,
        "after": awaited.after,
    }


def from_json(data: Mapping[str, JSON]) -> Awaited:
    wake_at = datetime.fromisoformat(data["wake_at"]) if data.get("wake_at") else None
    return Awaited(**{**data, "wake_at": wake_at})
