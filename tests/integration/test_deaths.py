"""How often workers died over a run is counted from one take-over to the next; what it got done, or a rest, ends the count."""

from __future__ import annotations

import pytest

from app.actions import Actor
from app.container import Container
from app.running import Runner
from app.store.runs import Lease
from graphs.run.ports import Row
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres


class Taken:
    """One run that worker after worker takes over."""

    def __init__(self, container: Container, actor: Actor) -> None:
        self._container = container
        self._actor = actor
        self._runner = Runner(container, "somebody")
        self.run = ""

    async def start(self) -> Taken:
        text = definition("ok: {call: 'approve:1.0.0@default', with: {title: 'Go?'}}")
        self.run = (await self._container.actions.start(self._actor, (await approved(self._container, self._actor, text)).id)).id
        return self

    async def claim(self) -> Lease:
        lease = await self._runner.claim(self.run)
        assert lease is not None
        return lease

    async def died(self) -> int:
        """Have the worker fall silent; return how many deaths the next one is told of."""
        async with self._container.store.database.transaction(self._actor.tenant) as connection:
            await connection.execute("UPDATE parley.runs SET lease_until = now() - interval '1 second' WHERE id = %s", [self.run])
        return (await self.claim()).deaths

    async def wrote(self, lease: Lease, path: str) -> None:
        journal = self._container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(Row(path=path, attempt=1, kind="step", reference=path, status="finished"))
        await journal.flush()

    async def rested(self, lease: Lease) -> Lease:
        """Have the run wait for its person, and somebody take it when there is news."""
        assert await self._runner.advance(lease) == "waiting"
        async with self._container.store.database.transaction(self._actor.tenant) as connection:
            await connection.execute("UPDATE parley.runs SET status = 'ready' WHERE id = %s", [self.run])
        return await self.claim()


async def test_deaths_are_counted_in_a_row(container: Container, actor: Actor) -> None:
    taken = await Taken(container, actor).start()

    assert (await taken.claim()).deaths == 0
    assert [await taken.died() for _ in range(3)] == [1, 2, 3]


async def test_a_new_row_in_the_journal_ends_the_count(container: Container, actor: Actor) -> None:
    taken = await Taken(container, actor).start()
    await taken.claim()
    await taken.died()
    await taken.died()
    lease = Lease(taken.run, actor.tenant, 3)

    await taken.wrote(lease, "/do/0/other")

    assert await taken.died() == 1


async def test_a_rest_ends_the_count(container: Container, actor: Actor) -> None:
    taken = await Taken(container, actor).start()
    await taken.claim()
    await taken.died()

    assert (await taken.rested(Lease(taken.run, actor.tenant, 2))).deaths == 0
