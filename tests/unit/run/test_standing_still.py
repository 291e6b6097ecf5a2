"""A run that is asked to stand still stops between two steps; what was in hand ends, what comes is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graphs.run.errors import Held
from tests.unit.run.harness import Runs, World, definition, until


async def test_it_stops_at_the_next_step_and_goes_on_from_there(runs: Runs, world: World) -> None:
    gate = asyncio.Event()

    async def slow(_request: object) -> tuple[int, dict[str, str], bytes]:
        await gate.wait()
        return 200, {}, b"{}"

    world.on("/slow", slow)
    world.json("/next", "{}")
    post = {name: {"call": "http", "with": {"method": "post", "endpoint": f"{world.url}/{name}"}} for name in ("slow", "next")}
    runs.fresh()
    runs.definition = definition(
        [{"both": {"fork": {"branches": [{"slow": post["slow"]}, {"b": {"set": {"b": 1}}}]}}}, {"next": post["next"]}]
    )
    task = asyncio.create_task(runs.go_on({}))
    await until(lambda: world.seen("/slow") == 1)

    runs.deps.brake.set()
    gate.set()
    with pytest.raises(Held):
        await task
    held = (world.seen("/next"), runs.rows("/do/0/both/fork/branches/0/slow"))
    runs.deps = replace(runs.deps, brake=asyncio.Event())
    outcome = await runs.after_kill()

    assert held == (0, ["started", "finished"])
    assert (outcome.status, world.seen("/slow"), world.seen("/next")) == ("completed", 1, 1)


async def test_what_comes_while_it_stands_still_is_there_when_it_goes_on(runs: Runs) -> None:
    branches = [
        {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}},
        {"many": {"do": [{"a": {"set": {"x": 1}, "then": "a"}}]}},
    ]
    runs.fresh()
    runs.definition = definition([{"both": {"fork": {"compete": True, "branches": branches}}}])
    task = asyncio.create_task(runs.go_on({}))
    await until(lambda: bool(runs.mailbox.awaited))

    runs.deps.brake.set()
    with pytest.raises(Held):
        await task
    [path] = runs.mailbox.awaited
    runs.mailbox.answer(path, {"approved": True})
    runs.deps = replace(runs.deps, brake=asyncio.Event())
    outcome = await runs.after_kill()

    assert (outcome.status, outcome.output["approved"]) == ("completed", True)
