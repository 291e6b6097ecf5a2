"""The adapters on PostgreSQL as a bench: a run in our hands, and the world around it through the same actions people use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select

from app.actions import Actor
from app.container import Container
from app.running import Runner
from app.store import tables as t
from app.store.mailbox import RunMailbox
from app.store.notifying import SIGNAL
from app.store.runs import Lease
from graphs.run.pins import Pins
from graphs.run.ports import JSON, Events, Journal, Mailbox, Notices
from tests.fakes import approved, definition


class PostgresBench:
    def __init__(self, container: Container, actor: Actor, lease: Lease) -> None:
        self._container = container
        self._store = container.store
        self._actor = actor
        self._lease = lease
        self._mailboxes: list[RunMailbox] = []

    @property
    def _place(self) -> tuple[str, str, int]:
        return self._lease.tenant, self._lease.run_id, self._lease.epoch

    def journal(self) -> Journal:
        return self._store.journal(*self._place)

    def mailbox(self) -> Mailbox:
        self._mailboxes.append(self._store.mailbox(*self._place))
        return self._mailboxes[-1]

    def events(self) -> Events:
        return self._store.events(self._lease.tenant)

    def notices(self) -> Notices:
        return self._store.notices(self._lease.tenant, self._lease.run_id, None)

    def pins(self) -> Pins:
        return self._store.pins(self._lease.tenant, self._lease.run_id)

    async def answer(self, path: str, payload: JSON, by: str) -> None:
        actor = Actor(self._actor.tenant, "u", by, "admin", "cli")
        await self._container.actions.answer(actor, self._lease.run_id, path, payload)

    async def post_event(self, event: Mapping[str, JSON]) -> None:
        await self._container.actions.accept_events(self._actor, [event])

    async def published(self) -> Sequence[Mapping[str, JSON]]:
        async with self._store.database.session(self._lease.tenant) as session:
            return list((await session.execute(select(t.events.c.event).order_by(t.events.c.seq))).scalars())

    async def noticed(self) -> Sequence[str]:
        async with self._store.database.session(self._lease.tenant) as session:
            return list((await session.execute(select(t.notices.c.title).order_by(t.notices.c.created_at))).scalars())

    def heard(self, payload: str) -> None:
        """What a worker does with a signal."""
        if self._lease.run_id in payload:
            for mailbox in self._mailboxes:
                mailbox.arrived.set()


@asynccontextmanager
async def postgres_bench(container: Container, actor: Actor) -> AsyncIterator[PostgresBench]:
    run = await container.actions.start(actor, (await approved(container, actor, definition("a: {set: {x: 1}}"))).id)
    lease = await Runner(container, "bench").claim(run.id)
    assert lease is not None
    bench = PostgresBench(container, actor, lease)
    container.store.listener.on(SIGNAL, bench.heard)
    container.store.listener.start()
    await container.store.listener.ready.wait()
    yield bench
