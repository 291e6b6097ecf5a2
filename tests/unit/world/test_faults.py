"""How a world misbehaves on purpose, and how it stops."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from tests.world import NotSeenInTime, World, WorldError


def a_world(**answer: Any) -> World:
    return World.load({"services": {"shop": {"routes": [{"request": "* /x", "answer": answer}, {"request": "GET /fine"}]}}})


def get(base_url: str, path: str = "/x", timeout: float = 5.0) -> httpx.Response:
    return httpx.get(base_url + path, timeout=timeout, trust_env=False)


class TestFaults:
    def test_refuse_closes_before_a_byte_is_answered(self) -> None:
        with a_world(fault="refuse").thread() as base_url, pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            get(base_url)

    def test_reset_breaks_off_in_the_middle_of_the_body(self) -> None:
        world = a_world(fault="reset", text="0123456789")
        with world.thread() as base_url, httpx.Client(trust_env=False) as client:
            got = b""
            with pytest.raises(httpx.ReadError), client.stream("GET", base_url + "/x") as response:
                for piece in response.iter_raw():
                    got += piece

        assert (response.status_code, response.headers["content-length"], got) == (200, "10", b"01234")

    def test_garbage_is_not_http(self) -> None:
        with a_world(fault="garbage").thread() as base_url, pytest.raises(httpx.RemoteProtocolError):
            get(base_url)

    def test_never_leaves_the_client_waiting(self) -> None:
        with a_world(fault="never").thread() as base_url, pytest.raises(httpx.ReadTimeout):
            get(base_url, timeout=0.2)

    def test_drip_sends_everything_slowly(self) -> None:
        with a_world(fault="drip", text="abcdef", drip_bytes=2, drip_ms=30).thread() as base_url:
            began = time.monotonic()
            got = get(base_url)

        assert (got.text, time.monotonic() - began >= 0.09) == ("abcdef", True)

    def test_a_fault_may_come_first_and_the_answer_after(self) -> None:
        route = {"request": "GET /x", "answers": [{"fault": "refuse", "count": ["asked"]}, {"text": "ok"}]}
        world = World.load({"services": {"shop": {"routes": [route]}}})
        with world.thread() as base_url:
            with pytest.raises(httpx.RemoteProtocolError):
                get(base_url)

            assert get(base_url).text == "ok"
        assert [r.answered for r in world.saw("GET /x")] == ["refuse", "200"]
        assert world.state("asked") == 1, "what a broken answer did to the state stays done"

    def test_what_is_not_http_gets_a_400_and_breaks_nothing(self) -> None:
        with a_world().thread() as base_url:
            with socket.create_connection(("127.0.0.1", int(base_url.rsplit(":", 1)[1])), timeout=5) as client:
                client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
                answer = client.recv(1000)

            assert answer.startswith(b"HTTP/1.1 400 ")
            assert get(base_url, "/fine").status_code == 200


class TestGates:
    def test_a_held_answer_comes_when_it_is_released(self) -> None:
        world = a_world(hold="door", text="at last")
        got: list[str] = []
        with world.thread() as base_url:
            asking = threading.Thread(target=lambda: got.append(get(base_url).text))
            asking.start()
            held = world.wait_held("GET /x")
            assert (got, [r.answered for r in held]) == ([], ["held"])

            world.release("door")
            asking.join(5)

            assert (got, get(base_url).text) == (["at last"], "at last"), "once released, later answers pass"

    def test_a_closed_gate_holds_again(self) -> None:
        with (world := a_world(hold="door")).thread() as base_url:
            world.release("door")
            get(base_url)
            world.close("door")

            with pytest.raises(httpx.ReadTimeout):
                get(base_url, timeout=0.2)

    def test_a_client_that_leaves_while_held_is_noted(self) -> None:
        with (world := a_world(hold="door")).thread() as base_url:
            with pytest.raises(httpx.ReadTimeout):
                get(base_url, timeout=0.2)

            world.log.wait(lambda found: found[0].answered == "the client left", "GET /x", timeout_s=5, wanted="leaving")

    def test_other_processes_release_over_http(self) -> None:
        with (world := a_world(hold="door", text="ok")).thread() as base_url:
            got: list[str] = []
            asking = threading.Thread(target=lambda: got.append(get(base_url).text))
            asking.start()
            world.wait_held("GET /x")
            held = httpx.get(base_url + "/__held", trust_env=False).json()

            httpx.post(base_url + "/__release/door", trust_env=False)
            asking.join(5)

        assert (held, got) == ({"door": 1}, ["ok"])


class TestRunning:
    async def test_a_blocked_event_loop_does_not_stop_the_world(self) -> None:
        """The server has a thread of its own: a blocking client in an asynchronous test gets its answer."""
        async with a_world(text="ok").running() as base_url:
            assert get(base_url).text == "ok"

    async def test_many_clients_are_served_at_once(self) -> None:
        async with (world := a_world(delay_ms=100)).running() as base_url, httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
            began = time.monotonic()
            await asyncio.gather(*(client.get("/x") for _ in range(20)))
            took = time.monotonic() - began

        assert (len(world.saw("GET /x")), took < 1.5) == (20, True)

    @pytest.mark.parametrize("answer", [{"hold": "door"}, {"fault": "never"}, {"delay_ms": 60_000}])
    def test_stopping_waits_for_no_client(self, answer: dict[str, Any]) -> None:
        world = a_world(**answer)
        failed: list[str] = []

        def ask(base_url: str) -> None:
            try:
                get(base_url, timeout=20)
            except httpx.TransportError as exc:
                failed.append(type(exc).__name__)

        with world.thread() as base_url:
            asking = threading.Thread(target=ask, args=(base_url,))
            asking.start()
            world.wait_for("GET /x")
            began = time.monotonic()
        asking.join(5)

        assert time.monotonic() - began < 2
        assert len(failed) == 1

    def test_stopping_waits_for_no_idle_connection(self) -> None:
        world = a_world()
        with httpx.Client(trust_env=False) as client:
            with world.thread() as base_url:
                client.get(base_url + "/fine")
                began = time.monotonic()
            assert time.monotonic() - began < 1

    def test_it_stops_when_the_test_fails(self) -> None:
        world = a_world()
        with pytest.raises(RuntimeError, match="the test broke"), world.thread() as base_url:
            raise RuntimeError("the test broke")

        with pytest.raises(httpx.ConnectError):
            get(base_url)

    def test_it_runs_again_from_a_fresh_state(self) -> None:
        route = {"request": "GET /x", "answers": [{"text": "first"}, {"text": "then"}]}
        world = World.load({"services": {"shop": {"routes": [route]}}})
        for _ in range(2):
            with world.thread() as base_url:
                assert get(base_url).text == "first"

        assert len(world.saw()) == 1

    def test_a_taken_port_is_said(self) -> None:
        with a_world().thread() as base_url:
            port = int(base_url.rsplit(":", 1)[1])
            with pytest.raises(WorldError, match=f"no world on port {port}: .*in use"), a_world().thread(port):
                pytest.fail("two worlds on one port")

    def test_what_needs_a_running_world_says_so(self) -> None:
        with pytest.raises(WorldError, match="is not running"):
            a_world().release("door")

    def test_a_request_that_does_not_come_is_said_with_what_came(self) -> None:
        with (world := a_world()).thread() as base_url:
            get(base_url, "/fine")

            with pytest.raises(NotSeenInTime, match=r"POST /report ×1 did not happen within 0.1 s; seen so far: GET /fine \(200\)"):
                world.wait_for("POST /report", timeout_s=0.1)
