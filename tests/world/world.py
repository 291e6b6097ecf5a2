"""A scripted world, as tests use it. Start it, let something talk to it, ask what it saw.

world = World.load("examples/high-value-orders/world.yaml")
async with world.running() as base_url:      # or: with world.thread() as base_url
    ...
assert world.verdict() == []
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.world.description import Description, load
from tests.world.errors import WorldError
from tests.world.seen import Log, Requests
from tests.world.server import Server
from tests.world.verdict import verdict

JSON = Any


class World:
    """One description and, while it runs, its server. Every method may be called from any thread."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.log = Log()
        self._server: Server | None = None
        self._state: dict[str, JSON] = copy.deepcopy(description.state)
        self._last_url = ""

    @classmethod
    def load(cls, source: str | Path | Mapping[str, JSON]) -> World:
        """Read a file or plain data. Raises BadDescription with every mistake and its place."""
        return cls(load(source))

    @contextmanager
    def thread(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 (any free port when 0) and yield the base URL, without a slash at its end."""
        base_url = self.start(port)
        try:
            yield base_url
        finally:
            self.stop()

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """The same for asynchronous tests."""
        base_url = await asyncio.to_thread(self.start, port)
        try:
            yield base_url
        finally:
            await asyncio.to_thread(self.stop)

    def start(self, port: int = 0) -> str:
        """Serve from a fresh state and return the base URL. Raises WorldError when it runs or the port is taken."""
        if self._server is not None:
            raise WorldError("this world is running already")
        self.log.clear()
        server = Server(self.description, self.log, port)
        server.start()
        self._server, self._last_url = server, server.base_url
        return server.base_url

    def stop(self) -> None:
        """Close every connection; what was seen and the state stay readable."""
        server, self._server = self._running(), None
        self._state = copy.deepcopy(server.behaviour.state)
        server.stop()

    @property
    def base_url(self) -> str:
        return self._running().base_url

    def url(self, service: str) -> str:
        """The address of one service, its prefix included."""
        return self._running().base_url + self.description.services[service].at

    def saw(self, request: str | None = None) -> Requests:
        """Return what arrived, oldest first: all, or what matches `POST /report` or `GET /orders/{id}`."""
        return self.log.find(request)

    def wait_for(self, request: str, *, times: int = 1, timeout_s: float = 10.0) -> Requests:
        """Block until *request* was seen *times* times. Raises NotSeenInTime."""
        return self.log.wait(lambda found: len(found) >= times, request, timeout_s=timeout_s, wanted=f"{request} ×{times}")

    async def until(self, request: str, *, times: int = 1, timeout_s: float = 10.0) -> Requests:
        """`wait_for` for asynchronous tests."""
        return await asyncio.to_thread(self.wait_for, request, times=times, timeout_s=timeout_s)

    def wait_held(self, request: str, *, timeout_s: float = 10.0) -> Requests:
        """Block until an answer to *request* is being held back at its gate. Raises NotSeenInTime."""
        wanted = f"{request} held"
        return self.log.wait(lambda found: any(r.answered == "held" for r in found), request, timeout_s=timeout_s, wanted=wanted)

    async def until_held(self, request: str, *, timeout_s: float = 10.0) -> Requests:
        """`wait_held` for asynchronous tests."""
        return await asyncio.to_thread(self.wait_held, request, timeout_s=timeout_s)

    def release(self, name: str) -> None:
        """Open the gate *name*: what it holds is answered, what comes later passes."""
        server = self._running()
        server.ask(lambda: server.gates.release(name))

    def close(self, name: str) -> None:
        """Close the gate *name* again."""
        server = self._running()
        server.ask(lambda: server.gates.close(name))

    def state(self, name: str) -> JSON:
        """Return a copy of one part of the state, as it is now or was when the world stopped. Raises KeyError."""
        return self._snapshot()[name]

    def reset(self) -> None:
        """Forget what was seen, restore the first state and the first answers, close all gates."""
        server = self._running()
        server.ask(server.reset)

    def verdict(self) -> list[str]:
        """Return what went otherwise than `expect:` says, in words; nothing when all is well."""
        return verdict(self.description, self.log.find(), self._snapshot(), self._last_url)

    def _snapshot(self) -> dict[str, JSON]:
        server = self._server
        if server is None:
            return copy.deepcopy(self._state)
        return server.ask(lambda: copy.deepcopy(server.behaviour.state))

    def _running(self) -> Server:
        if self._server is None:
            raise WorldError("this world is not running")
        return self._server
