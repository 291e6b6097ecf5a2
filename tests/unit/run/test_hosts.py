"""Turns and breakers: who may send to a host, and when nobody may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graphs.run.errors import HttpFailed
from graphs.run.hosts import Hosts
from graphs.run.http import guarded_http
from graphs.run.ports import HttpRequest
from tests.unit.run.harness import Runs, World, until

HOST = "http://x.test"


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def fail(hosts: Hosts, times: int = 1) -> None:
    for _ in range(times):
        async with hosts.turn(HOST) as turn:
            turn.failed("connection refused")


async def succeed(hosts: Hosts) -> None:
    async with hosts.turn(HOST) as turn:
        turn.worked()


class TestBreaker:
    async def test_opens_after_failures_in_a_row_and_says_so(self, clock: Clock) -> None:
        hosts = Hosts(failures=3, pause_s=30, now=clock)
        await fail(hosts, 3)

        with pytest.raises(
            HttpFailed, match=r"http://x\.test failed 3 times in a row \(last: connection refused\), .* for another 30 s"
        ) as caught:
            await succeed(hosts)

        assert (caught.value.kind, caught.value.title) == ("resting", "Not sent: the host keeps failing")

    async def test_a_success_between_failures_keeps_it_closed(self, clock: Clock) -> None:
        hosts = Hosts(failures=3, now=clock)
        for _ in range(4):
            await fail(hosts, 2)
            await succeed(hosts)

    async def test_another_host_is_not_concerned(self, clock: Clock) -> None:
        hosts = Hosts(failures=1, now=clock)
        await fail(hosts)

        async with hosts.turn("http://y.test") as turn:
            turn.worked()

    async def test_after_the_pause_one_request_goes_on_trial_and_its_success_closes(self, clock: Clock) -> None:
        hosts = Hosts(failures=1, pause_s=30, now=clock)
        await fail(hosts)
        clock.time = 30

        async with hosts.turn(HOST) as probe:
            with pytest.raises(HttpFailed, match="until a request on trial has been answered"):
                await succeed(hosts)
            probe.worked()
        await succeed(hosts)
        await succeed(hosts)

    async def test_a_trial_that_fails_opens_it_again_for_as_long(self, clock: Clock) -> None:
        hosts = Hosts(failures=2, pause_s=30, now=clock)
        await fail(hosts, 2)
        clock.time = 30
        await fail(hosts)
        clock.time = 59

        with pytest.raises(HttpFailed, match="failed 3 times"):
            await succeed(hosts)
        clock.time = 60
        await succeed(hosts)

    async def test_a_trial_that_is_stopped_leaves_room_for_the_next(self, clock: Clock) -> None:
        hosts = Hosts(failures=1, pause_s=30, now=clock)
        await fail(hosts)
        clock.time = 30
        with pytest.raises(asyncio.CancelledError):
            async with hosts.turn(HOST):
                raise asyncio.CancelledError

        await succeed(hosts)

    async def test_none_when_the_setting_is_0(self, clock: Clock) -> None:
        hosts = Hosts(failures=0, now=clock)
        await fail(hosts, 100)

        await succeed(hosts)


class TestTurns:
    async def test_no_more_than_so_many_at_once_and_runs_take_turns(self) -> None:
        """One run asks six times before the others do; they are second and third."""
        hosts, order, open_ = Hosts(at_once=1), [], asyncio.Event()

        async def ask(who: str) -> None:
            async with hosts.turn(HOST, who):
                order.append(who)
                await open_.wait()

        first = asyncio.create_task(ask("a"))
        await until(lambda: order == ["a"])
        others = [asyncio.create_task(ask(who)) for who in ("a", "a", "a", "a", "a", "b", "c", "b")]
        await asyncio.sleep(0)
        assert order == ["a"]
        open_.set()
        await asyncio.gather(first, *others)

        assert order == ["a", "a", "b", "c", "a", "b", "a", "a", "a"]

    async def test_who_gives_up_waiting_takes_no_turn(self) -> None:
        hosts = Hosts(at_once=1)

        async def ask() -> str:
            async with hosts.turn(HOST):
                return "had it"

        async with hosts.turn(HOST):
            tired, patient = asyncio.create_task(ask()), asyncio.create_task(ask())
            await asyncio.sleep(0)
            tired.cancel()
            await asyncio.sleep(0)

        assert await asyncio.wait_for(patient, 5) == "had it"
        assert tired.cancelled()
        assert hosts._hosts == {}, "a host nobody uses is forgotten"

    async def test_a_turn_that_comes_while_its_task_is_stopped_goes_to_the_next(self) -> None:
        hosts = Hosts(at_once=1)

        async def ask() -> str:
            async with hosts.turn(HOST):
                return "had it"

        async with hosts.turn(HOST):
            stopped, patient = asyncio.create_task(ask()), asyncio.create_task(ask())
            await asyncio.sleep(0)
        stopped.cancel()

        assert await asyncio.wait_for(patient, 5) == "had it"


class TestInTheClient:
    async def test_the_server_never_sees_more_than_the_limit(self, world: World) -> None:
        seen, most, go = 0, 0, asyncio.Event()

        async def slow() -> Any:
            nonlocal seen, most
            seen, most = seen + 1, max(most, seen + 1)
            await go.wait()
            seen -= 1
            return 200, {}, b""

        world.on("/x", lambda _request: slow())
        async with guarded_http(["127.0.0.0/8"], hosts=Hosts(at_once=3)) as http:
            tasks = [asyncio.create_task(http.send(HttpRequest(method="GET", url=f"{world.url}/x"))) for _ in range(9)]
            await until(lambda: seen == 3)
            go.set()
            await asyncio.gather(*tasks)

        assert (most, world.seen("/x")) == (3, 9)

    @pytest.mark.parametrize("status", [502, 503, 504])
    async def test_a_host_out_of_order_is_left_alone(self, world: World, status: int) -> None:
        world.on("/x", lambda _request: (status, {}, b""))
        async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=2)) as http:
            request = HttpRequest(method="GET", url=f"{world.url}/x")
            for _ in range(2):
                await http.send(request)
            with pytest.raises(HttpFailed, match=f"last: status {status}"):
                await http.send(request)

        assert world.seen("/x") == 2

    async def test_answers_that_blame_the_request_never_open_it(self, world: World) -> None:
        world.on("/x", lambda request: (int(request["query"]), {}, b""))
        async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=1)) as http:
            for status in (400, 401, 404, 429, 500):
                await http.send(HttpRequest(method="GET", url=f"{world.url}/x?{status}"))

    async def test_what_policy_forbids_says_nothing_of_a_host(self) -> None:
        async with guarded_http(hosts=Hosts(failures=1)) as http:
            for _ in range(2):
                with pytest.raises(HttpFailed) as caught:
                    await http.send(HttpRequest(method="GET", url="http://10.0.0.1/"))
                assert caught.value.kind == "blocked"

    async def test_a_task_whose_host_is_left_alone_fails_with_words_and_may_be_caught(self, runs: Runs) -> None:
        call = {"call": "http", "with": {"method": "get", "endpoint": "http://127.0.0.1:1/x"}}
        trying = {
            "try": [{"a": call}],
            "catch": {"errors": {"with": {"status": 500}}, "as": "e", "do": [{"say": {"set": "${ $e.title }"}}]},
        }
        async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=1)) as http:
            runs.http = http
            first = await runs.start([{"t": trying}], {})
            second = await runs.start([{"t": trying}], {})

        assert (first.output, second.output) == ("No answer: connection refused", "Not sent: the host keeps failing")
