"""What every queue does; memory, procrastinate and batches under the same tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from app.container import Container, Prepared
from app.store.queue import BatchQueue, MemoryQueue, Place, ProcrastinateQueue, Queue

pytestmark = pytest.mark.postgres


POSTGRES: dict[str, Any] = {"procrastinate": ProcrastinateQueue, "batches": BatchQueue}
MOST = 3


class Runs:
    """Runs of several tenants, in the database and in memory."""

    def __init__(self, database: Prepared) -> None:
        self._owner = database.owner
        self.places: dict[str, Place] = {}

    def add(self, tenant: str, count: int, *, priority: int = 50, held: bool = False) -> list[str]:
        ids = [f"{tenant}-{priority}-{number:05}" for number in range(count)]
        self.places.update(dict.fromkeys(ids, Place(tenant, priority, held)))
        with psycopg.connect(**self._owner) as connection:
            connection.execute("SET session_replication_role = replica")  # no version is needed here
            statement = (
                "INSERT INTO parley.runs (tenant_id, id, version_id, started_by, priority, held) SELECT %s, i, 'v', 'ada', %s, %s"
                " FROM unnest(%s::text[]) AS i"
            )
            connection.execute(statement, [tenant, priority, held, ids])
        return ids

    def place(self, run_id: str) -> Place:
        return self.places.get(run_id, Place())


@pytest.fixture
def runs(database: Prepared) -> Runs:
    return Runs(database)


@pytest.fixture(params=["memory", *POSTGRES])
async def queue(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[Queue]:
    queue = MemoryQueue() if request.param == "memory" else POSTGRES[request.param](container.store.database, silent_s=0.5)
    yield queue
    await queue.close()


@pytest.fixture(params=["memory", *POSTGRES])
async def limited(request: pytest.FixtureRequest, container: Container, runs: Runs) -> AsyncIterator[Queue]:
    """A queue that knows whose runs are, and lets MOST of a tenant be at work."""
    database = container.store.database
    queue: Queue = MemoryQueue(runs.place, most=MOST) if request.param == "memory" else POSTGRES[request.param](database, most=MOST)
    yield queue
    await queue.close()


@pytest.fixture(params=list(POSTGRES))
async def pair(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[tuple[Queue, Queue]]:
    """Two workers' queues, of which one may fall silent."""
    one, other = (POSTGRES[request.param](container.store.database, silent_s=0.5) for _ in range(2))
    yield one, other
    await asyncio.gather(one.close(), other.close())


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


async def test_a_tenant_with_many_ready_runs_does_not_keep_another_waiting(limited: Queue, runs: Runs) -> None:
    await limited.enqueue(None, runs.add("many", 50))
    await limited.enqueue(None, runs.add("few", 2))

    first = await claimed(limited, 4)

    assert sorted(run_id.partition("-")[0] for run_id in first) == ["few", "few", "many", "many"]


async def test_no_tenant_has_more_runs_at_work_than_the_limit(limited: Queue, runs: Runs) -> None:
    await limited.enqueue(None, runs.add("many", 9))
    taken = await limited.claim(9, within_s=0)

    assert (len(taken), await claimed(limited)) == (MOST, [])
    await limited.release(taken[0])
    assert await claimed(limited) == [f"many-50-{MOST:05}"]


async def test_within_a_tenant_the_highest_priority_goes_first(limited: Queue, runs: Runs) -> None:
    for priority in (10, 90, 50):
        await limited.enqueue(None, runs.add("one", 1, priority=priority))

    assert await claimed(limited) == ["one-90-00000", "one-50-00000", "one-10-00000"]


async def test_a_run_whose_turn_has_not_come_is_not_put_in(limited: Queue, runs: Runs) -> None:
    await limited.enqueue(None, runs.add("one", 2, held=True))

    assert await claimed(limited) == []


async def test_two_workers_share_and_neither_gets_what_the_other_has(pair: tuple[Queue, Queue]) -> None:
    one, _ = pair
    await one.enqueue(None, [f"run-{number:03}" for number in range(100)])

    taken = await asyncio.gather(*(claimed(queue, 10) for _ in range(5) for queue in pair))

    everything = [run_id for some in taken for run_id in some]
    assert len(set(everything)) == len(everything) > 50


async def test_what_a_silent_worker_had_taken_is_dropped(pair: tuple[Queue, Queue]) -> None:
    """Its run is found by the sweep; here the wake-up must not stand in the way of the next one."""
    silent, alive = pair
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
