"""Connections are kept for the next request, and no longer than they are good for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpcore
import httpx
import pytest

from graphs.run import http_pool
from graphs.run.http_pool import Transport
from tests.unit.run.harness import raw_server


class Server:
    """Answers every request on a connection, `/last` as the last one of it."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.url = ""

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                await writer.drain()
                if b"/last" in head:
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            self.closed += 1


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    async with raw_server(server.speak) as server.url:
        yield server


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def transport(clock: Clock | None = None) -> Transport:
    return Transport(httpcore.AnyIOBackend(), httpx.create_ssl_context(trust_env=False), now=clock or Clock())


async def get(client: Transport, url: str) -> bytes:
    response = await client.handle_async_request(httpx.Request("GET", url))
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def test_one_connection_serves_one_request_after_another() -> None:
    async with serving() as server, aclosing(transport()) as client:
        assert [await get(client, server.url) for _ in range(20)] == [b"hello"] * 20
        assert server.opened == 1


async def test_requests_at_once_have_a_connection_each_and_leave_them_to_the_next() -> None:
    async with serving() as server, aclosing(transport()) as client:
        for _ in range(3):
            await asyncio.gather(*(get(client, server.url) for _ in range(8)))

        assert server.opened <= 8


async def test_a_connection_the_server_closed_is_not_used_again() -> None:
    async with serving() as server, aclosing(transport()) as client:
        await get(client, f"{server.url}/last")
        async with asyncio.timeout(5):
            while server.closed < 1:  # noqa: ASYNC110  the server knows nothing of the test
                await asyncio.sleep(0.001)

        assert await get(client, server.url) == b"hello"
        assert server.opened == 2


async def test_an_idle_connection_is_closed_after_a_while_by_whatever_comes_next() -> None:
    clock = Clock()
    async with serving() as one, serving() as two, aclosing(transport(clock)) as client:
        await get(client, one.url)
        clock.time = 16
        await get(client, two.url)

        assert (list(client._idle), len(client._since)) == ([two.url], 1)


async def test_no_more_than_so_many_idle_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "_MOST_KEPT", 3)
    async with serving() as server, aclosing(transport()) as client:
        await asyncio.gather(*(get(client, server.url) for _ in range(8)))

        assert len(client._since) == 3
        assert sum(map(len, client._idle.values())) == 3


async def test_an_answer_that_is_not_read_to_its_end_takes_its_connection_with_it() -> None:
    async with serving() as server, aclosing(transport()) as client:
        response = await client.handle_async_request(httpx.Request("GET", server.url))
        await response.aclose()
        await response.aclose()

        assert client._since == {}


async def test_a_request_that_is_stopped_leaves_nothing_behind() -> None:
    stop = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        stop.set()
        assert await reader.read() == b"", "the client closes"

    async with raw_server(silent) as url, aclosing(transport()) as client:
        task = asyncio.create_task(get(client, url))
        await asyncio.wait_for(stop.wait(), 5)
        task.cancel()
        await asyncio.wait([task])

        assert task.cancelled()
        assert client._since == {}


async def test_after_the_client_is_closed_nothing_is_kept() -> None:
    async with serving() as server:
        client = transport()
        response = await client.handle_async_request(httpx.Request("GET", server.url))
        await response.aread()
        await client.aclose()
        await response.aclose()

        assert client._since == {}
