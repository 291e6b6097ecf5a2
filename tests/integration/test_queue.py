"""What every queue does; memory and procrastinate under the same tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
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


async def test_a_wake_up_that_could_not_be_released_does_not_hold_its_run_back(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for a moment: the next heartbeat makes up for it."""
    queue = ProcrastinateQueue(container.store.database, silent_s=60)
    await queue.enqueue(None, ["a"])
    [first] = await queue.claim(1, within_s=0)
    await queue.enqueue(None, ["a"])
    with monkeypatch.context() as away:
        away.setattr(container.store.database, "pool", None)
        with pytest.raises(AttributeError):
            await queue.release(first)

    await queue.heartbeat()

    assert await claimed(queue) == ["a"]
    await queue.close()


async def test_what_was_taken_when_the_connection_broke_is_there_again(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server had given it away; the answer never came. Nobody else takes a living worker's jobs."""
    queue = ProcrastinateQueue(container.store.database, silent_s=60)
    await queue.enqueue(None, ["a", "b"])
    [first] = await queue.claim(1, within_s=0)

    async def breaks(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as breaking:
        breaking.setattr(psycopg.AsyncCursor, "fetchall", breaks)
        with pytest.raises(psycopg.OperationalError):
            await queue.claim(1, within_s=0)

    assert (first.run_id, await claimed(queue)) == ("a", ["b"])
    await queue.close()


async def test_a_worker_that_others_took_for_gone_registers_again(container: Container) -> None:
    """Its machine slept, say, for longer than a worker may be silent."""
    sleeper, other = (ProcrastinateQueue(container.store.database, silent_s=0.3) for _ in range(2))
    await sleeper.heartbeat()
    await asyncio.sleep(0.4)
    await other.heartbeat()
    await sleeper.enqueue(None, ["a"])

    assert await claimed(sleeper) == ["a"]
    await asyncio.gather(sleeper.close(), other.close())


async def test_what_was_taken_while_its_worker_was_stopped_is_there_again(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled between the first one and the next two: the first is nobody's."""
    queue = ProcrastinateQueue(container.store.database, silent_s=60)
    await queue.enqueue(None, ["a", "b", "c"])
    ask = queue._ask

    async def stopped(count: int) -> list[tuple[int, str]]:
        if count > 1:
            raise asyncio.CancelledError
        return await ask(count)

    with monkeypatch.context() as stopping:
        stopping.setattr(queue, "_ask", stopped)
        with pytest.raises(asyncio.CancelledError):
            await queue.claim(3, within_s=0)

    assert sorted(await claimed(queue)) == ["a", "b", "c"]
    await queue.close()
