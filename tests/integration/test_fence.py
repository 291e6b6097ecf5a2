"""A worker that was stopped, or whose machine slept, past its lease: before anything goes out it asks whether the run is its own still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.running import Runner
from app.settings import Settings
from app.store.runs import Lease, boot_s
from graphs.run.errors import LeaseLost
from tests.fakes import approved, definition
from tests.world import World

pytestmark = pytest.mark.postgres

DESK = {"title": "A desk", "services": {"desk": {"routes": [{"request": "GET /orders", "answer": {"json": [1]}}]}}}


@pytest.fixture
def world() -> Iterator[World]:
    world = World.load(DESK)
    with world.thread():
        yield world


@pytest.fixture
async def outgoing(settings: Settings, database: Prepared) -> AsyncIterator[Container]:
    allowed = settings.model_copy(update={"http_allow": ("127.0.0.0/8",)})
    async with Container.open(allowed, role="worker", prepared=database) as opened:
        yield opened


async def slept(container: Container, actor: Actor, runner: Runner, world: World) -> Lease:
    """Return the lease of a run whose first task reads orders, as a process has it that was stopped right after taking it."""
    text = definition(f"load: {{call: http, with: {{method: get, endpoint: {{uri: '{world.base_url}/orders'}}}}}}")
    run = await container.actions.start(actor, (await approved(container, actor, text)).id)
    lease = await runner.claim(run.id)
    assert lease is not None
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute("UPDATE parley.runs SET lease_until = now() - interval '1 minute'")
    return replace(lease, since=boot_s() - 60)


async def test_when_another_has_taken_the_run_nothing_goes_out(outgoing: Container, actor: Actor, world: World) -> None:
    runner, other = Runner(outgoing, "stopped"), Runner(outgoing, "other")
    lease = await slept(outgoing, actor, runner, world)
    taken = await other.claim(lease.run_id)

    with pytest.raises(LeaseLost):
        await runner.advance(lease)

    assert world.saw("GET /orders").bodies == []
    assert taken is not None
    assert await other.advance(taken) == "completed"
    assert len(world.saw("GET /orders")) == 1


async def test_a_run_is_taken_again_only_when_it_has_left_our_hands(outgoing: Container, actor: Actor, world: World) -> None:
    """Its lease ran out, somebody's sweep found it, and its wake-up came to the worker that has it still."""
    runner = Runner(outgoing, "stopped")
    lease = await slept(outgoing, actor, runner, world)

    async with runner.holding(lease):
        again = asyncio.create_task(runner.claim(lease.run_id))
        await asyncio.sleep(0.1)
        waited = not again.done()
    taken = await again

    assert (waited, taken and taken.epoch) == (True, 2)


async def test_when_nobody_has_the_lease_is_renewed_and_the_run_goes_on(outgoing: Container, actor: Actor, world: World) -> None:
    runner = Runner(outgoing, "stopped")

    assert await runner.advance(await slept(outgoing, actor, runner, world)) == "completed"

    assert len(world.saw("GET /orders")) == 1
