"""What every queue does; memory and procrastinate under the same tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.container import Container
from app.store.queue import MemoryQueue, ProcrastinateQueue, Queue

pytestmark = pytest.mark.postgres


@pytest.fixture(params=["memory", "procrastinate"])
async def queue(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[Queue]:
    if request.param == "memory":
        yield MemoryQueue()
        return
    queue = ProcrastinateQueue(container.store.database, silent_s=0.5)
    yield queue
    await queue.close()


async def claimed(queue: Queue, limit: int = 10) -> list[str]:
    return [wake_up.run_id for wake_up in await queue.claim(limit, within_s=0)]


async def test_what_was_asked_for_is_claimed_once_in_order(queue: Queue) -> None:
    await queue.enqueue(None, ["a", "b", "c"])

    assert await claimed(queue, 2) == ["a", "b"]
    assert await claimed(queue) == ["c"]
    assert await claimed(queue) == []


async def test_asking_twice_is_asking_once_until_it_is_taken(queue: Queue) -> None:
    await queue.enqueue(None, ["a"])
    await queue.enqueue(None, ["a", "b"])

    assert sorted(await claimed(queue)) == ["a", "b"]


async def test_a_second_wake_up_of_a_run_waits_for_the_first(queue: Queue) -> None:
    await queue.enqueue(None, ["a"])
    [first] = await queue.claim(1, within_s=0)
    await queue.enqueue(None, ["a"])

    assert await claimed(queue) == []
    await queue.release(first)
    assert await claimed(queue) == ["a"]


async def test_released_again_it_is_there_for_any_worker(queue: Queue) -> None:
    await queue.enqueue(None, ["a"])
    [first] = await queue.claim(1, within_s=0)

    await queue.release(first, again=True)
    await queue.release(first)

    assert await claimed(queue) == ["a"]


async def test_cancelled_before_it_is_taken_it_is_forgotten(queue: Queue) -> None:
    await queue.enqueue(None, ["a", "b"])

    await queue.cancel(None, "a")
    await queue.cancel(None, "nobody")

    assert await claimed(queue) == ["b"]


async def test_claim_waits_no_longer_than_it_is_told(queue: Queue) -> None:
    began = time.monotonic()

    assert list(await queue.claim(1, within_s=0.1)) == []
    assert 0.05 < time.monotonic() - began < 5


async def test_a_rolled_back_transaction_wakes_nobody(container: Container) -> None:
    with pytest.raises(RuntimeError):
        async with container.store.database.session("default") as session:
            await container.store.queue.enqueue(session, ["a"])
            raise RuntimeError

    assert await claimed(container.store.queue) == []


async def test_what_a_silent_worker_had_taken_is_dropped(container: Container) -> None:
    """Its run is found by the sweep; here the wake-up must not stand in the way of the next one."""
    silent = ProcrastinateQueue(container.store.database, silent_s=0.5)
    alive = ProcrastinateQueue(container.store.database, silent_s=0.5)
    await silent.enqueue(None, ["a"])
    [taken] = await silent.claim(1, within_s=0)
    await alive.enqueue(None, ["a"])
    assert await claimed(alive) == []

    await asyncio.sleep(0.7)
    await alive.heartbeat()

    assert await claimed(alive) == ["a"]
    await silent.release(taken)  # a zombie's late release changes nothing
