"""A run that may no longer be this worker's sends nothing: the fence is asked right before a request is written, head and body."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphs.run.errors import LeaseLost
from graphs.run.http import guarded_http
from graphs.run.ports import HttpRequest
from tests.unit.run.harness import Runs, World, definition


class Fence:
    """Lets so many looks pass; then the run is somebody else's."""

    def __init__(self, passes: int) -> None:
        self.looks = 0
        self._passes = passes

    async def __call__(self) -> None:
        self.looks += 1
        if self.looks > self._passes:
            raise LeaseLost("somebody else has the run")


@pytest.mark.parametrize("passes", [0, 1])
async def test_neither_head_nor_body_goes_out(world: World, passes: int) -> None:
    """A server acts on a request when it has all of it."""
    world.json("/a", "1")
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(LeaseLost):
            await http.send(HttpRequest(method="POST", url=f"{world.url}/a", body=b"{}", fence=Fence(passes)))
        again = await http.send(HttpRequest(method="POST", url=f"{world.url}/a", body=b"{}", fence=Fence(2)))

    assert (again.status, world.seen("/a")) == (200, 1)


async def test_it_is_asked_again_for_a_redirect(world: World) -> None:
    world.on("/a", lambda _: (307, {"Location": "/b"}, b""))
    world.json("/b", "1")
    fence = Fence(2)
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(LeaseLost):
            await http.send(HttpRequest(method="GET", url=f"{world.url}/a", follow_redirects=True, fence=fence))

    assert (world.seen("/a"), world.seen("/b")) == (1, 0)


@pytest.mark.parametrize("passes", [0, 1])
async def test_a_run_asks_before_every_effect(runs: Runs, world: World, passes: int) -> None:
    """Once for the effect, whatever it is, and then for what is written."""
    world.json("/a", "1")
    runs.deps = replace(runs.fresh(), fence=Fence(passes))
    runs.definition = definition([{"a": {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/a"}}}])

    with pytest.raises(LeaseLost):
        await runs.go_on()

    assert world.seen("/a") == 0
