"""A worker killed with SIGKILL in the middle of a five-step run with a fork: no finished step runs twice, nothing unknown is called
known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from app.views import RunView
from tests.chaos.processes import Workers, url_of, workers
from tests.fakes import approved, definition, ended, eventually, status
from tests.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.postgres]

WORLD = {
    "title": "A desk that counts",
    "services": {
        "desk": {
            "routes": [
                {"request": "GET /orders", "answer": {"json": [1, 2]}},
                {"request": "GET /slow", "hold": "slow", "answer": {"json": {"slow": True}}},
                {"request": "POST /left", "answer": {"status": 201, "json": {"left": 1}}},
                {"request": "POST /right", "answer": {"status": 201, "json": {"right": 1}}},
                {"request": "POST /held", "hold": "door", "answer": {"status": 201, "json": {"held": 1}}},
                {"request": "POST /report", "answer": {"status": 201, "json": {"ok": True}}},
            ]
        }
    },
}


def call(method: str, url: str) -> str:
    body = "" if method == "GET" else ", body: {n: 1}"
    return f"{{call: http, with: {{method: {method.lower()}, endpoint: {{uri: '{url}'}}{body}}}}}"


def five_steps(base_url: str, *, between: str, before: str = "GET /orders") -> str:
    """Load, a fork (post left; pause and post right), a task to be killed in, a report, a mark."""
    method, path = before.split(" ")
    return definition(
        f"load: {call(method, base_url + path)}",
        "both: {fork: {branches: [{left: " + call("POST", base_url + "/left") + "}, "
        "{right: {do: [{nap: {wait: {milliseconds: 900}}}, {post: " + call("POST", base_url + "/right") + "}]}}]}}",
        f"middle: {between}",
        f"report: {call('POST', base_url + '/report')}",
        "mark: {set: {done: true}}",
    )


@pytest.fixture
def world() -> Iterator[World]:
    world = World.load(WORLD)
    with world.thread():
        yield world


@pytest.fixture
def started(settings: Settings, database: Prepared, tmp_path: Path) -> Iterator[Workers]:
    with workers(settings, tmp_path, url=url_of(database)) as started:
        yield started


async def start(container: Container, actor: Actor, text: str) -> RunView:
    return await container.actions.start(actor, (await approved(container, actor, text)).id)


def counts(world: World) -> dict[str, int]:
    names = ("GET /orders", "POST /left", "POST /right", "POST /held", "POST /report")
    return {name: len(world.saw(name)) for name in names if world.saw(name)}


ONCE = {"GET /orders": 1, "POST /left": 1, "POST /right": 1, "POST /report": 1}


async def test_killed_in_a_wait_the_run_completes_and_every_effect_happened_once(
    container: Container, actor: Actor, world: World, started: Workers
) -> None:
    worker = await started.start()
    run = await start(container, actor, five_steps(world.base_url, between="{wait: {milliseconds: 2600}}"))
    await eventually(container, actor, run.id, lambda view: view.reason == "waiting for a time")

    worker.kill()
    await started.start()
    done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", {"done": True})
    assert counts(world) == ONCE


async def test_killed_between_steps_of_a_fork_the_run_is_taken_over_within_seconds(
    container: Container, actor: Actor, world: World, started: Workers, settings: Settings
) -> None:
    """The left branch has posted, the right one naps: the other worker takes over and posts only to the right."""
    worker = await started.start()
    run = await start(container, actor, five_steps(world.base_url, between="{set: {x: 1}}"))
    await world.until("POST /left")
    await asyncio.sleep(0.3)  # the left branch's result is durable: a result nobody waits for lingers 50 ms

    worker.kill()
    killed = time.monotonic()
    await started.start()
    done = await eventually(container, actor, run.id, ended)
    took_s = time.monotonic() - killed

    assert done.status == "completed"
    assert counts(world) == ONCE
    assert took_s < settings.lease_s + 8


async def test_killed_after_a_get_left_the_get_is_repeated(container: Container, actor: Actor, world: World, started: Workers) -> None:
    worker = await started.start()
    run = await start(container, actor, five_steps(world.base_url, between="{set: {x: 1}}", before="GET /slow"))
    await world.until_held("GET /slow")

    worker.kill()
    world.release("slow")
    await started.start()
    done = await eventually(container, actor, run.id, ended)

    assert done.status == "completed"
    assert (len(world.saw("GET /slow")), counts(world)) == (2, {"POST /left": 1, "POST /right": 1, "POST /report": 1})


@pytest.mark.parametrize(("happened", "posts"), [(True, 1), (False, 2)])
async def test_killed_after_a_post_left_the_run_asks_whether_it_happened(
    container: Container, actor: Actor, world: World, started: Workers, happened: bool, posts: int
) -> None:
    worker = await started.start()
    run = await start(container, actor, five_steps(world.base_url, between=call("POST", world.base_url + "/held")))
    await world.until_held("POST /held")

    worker.kill()
    world.release("door")
    await started.start()
    asked = await eventually(container, actor, run.id, status("waiting", "completed", "faulted"))

    assert (asked.status, asked.reason) == ("waiting", "outcome-unknown")
    assert [(wait["kind"], wait["reference"]) for wait in asked.awaiting] == [("outcome-unknown", "/do/2/middle")]
    assert "POST" in asked.awaiting[0]["message"]
    assert asked.steps["/do/2/middle"]["status"] == "waiting"
    assert counts(world) == {"GET /orders": 1, "POST /left": 1, "POST /right": 1, "POST /held": 1}

    await container.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"happened": happened})
    done = await eventually(container, actor, run.id, ended)

    assert done.status == "completed"
    assert counts(world) == {**ONCE, "POST /held": posts}


async def test_the_runs_of_a_killed_worker_are_taken_over_by_the_other(
    container: Container, actor: Actor, world: World, started: Workers, settings: Settings
) -> None:
    first = await started.start()
    version = await approved(container, actor, five_steps(world.base_url, between=call("GET", world.base_url + "/slow")))
    runs = [await container.actions.start(actor, version.id) for _ in range(8)]
    await world.until("GET /slow", times=8)
    await started.start()

    first.kill()
    world.release("slow")
    killed = time.monotonic()
    done = [await eventually(container, actor, run.id, ended) for run in runs]
    took_s = time.monotonic() - killed

    assert {view.status for view in done} == {"completed"}
    assert counts(world) == dict.fromkeys(ONCE, 8)
    assert took_s < settings.lease_s + 8


async def test_a_stopped_worker_gives_its_runs_back_and_the_next_goes_on(
    container: Container, actor: Actor, world: World, started: Workers
) -> None:
    """SIGTERM in the middle of a POST: the step ends, its result is kept, and the next worker does the rest."""
    worker = await started.start()
    run = await start(container, actor, five_steps(world.base_url, between=call("POST", world.base_url + "/held")))
    await world.until_held("POST /held")

    stopping = asyncio.create_task(asyncio.to_thread(worker.stop))
    await asyncio.sleep(0.3)
    world.release("door")
    code = await stopping
    given_back = await container.actions.run(actor, run.id)
    await started.start()
    done = await eventually(container, actor, run.id, ended)

    assert (code, given_back.status) == (0, "ready")
    assert (done.status, counts(world)) == ("completed", {**ONCE, "POST /held": 1})
