"""The server: one asyncio loop in a thread of its own, so that a blocked test never stops the world.

Shutting down aborts every connection and joins the thread; nothing a client does can delay it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from tests.world import control, wire
from tests.world.answering import Behaviour, Reply, Served, StateBroken, reply
from tests.world.description import Answer, Description
from tests.world.errors import WorldError
from tests.world.gates import Gates
from tests.world.seen import Log, Seen
from tests.world.templates import TemplateFailed

T = TypeVar("T")
_STOP_S = 5.0
_GARBAGE = b"\x16\x03\x01 this is not HTTP \x00\xff\r\n\r\n"


@dataclass(slots=True)
class Connection:
    """One client and what is known about its current request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def has_left(self) -> bool:
        return self.reader.at_eof() or self.writer.is_closing()


@dataclass(slots=True)
class Server:
    """Serves one description on 127.0.0.1 from `start` to `stop`."""

    description: Description
    log: Log
    port: int = 0
    behaviour: Behaviour = field(init=False)
    gates: Gates = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _ending: asyncio.Event = field(init=False)
    _thread: threading.Thread = field(init=False)
    _clients: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.behaviour = Behaviour(self.description)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen. Raises WorldError when the port is taken."""
        ready: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(ready)), name="world", daemon=True)
        self._thread.start()
        try:
            self.port = ready.result(timeout=_STOP_S)
        except OSError as exc:
            raise WorldError(f"no world on port {self.port}: {exc.strerror or exc}") from exc

    def stop(self) -> None:
        """Close everything. Raises WorldError when the thread does not end."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(_STOP_S)
        if self._thread.is_alive():
            raise WorldError(f"the world on port {self.port} did not stop within {_STOP_S:g} s")

    def ask(self, question: Callable[[], T]) -> T:
        """Run *question* inside the server's loop and return its answer; for state, gates and reset."""

        async def run() -> T:
            return question()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=_STOP_S)

    def reset(self) -> None:
        """Start over: empty log, first state, first answers, closed gates. In the server's loop only."""
        self.log.clear()
        self.behaviour.reset()
        self.gates.reset()

    async def _main(self, ready: Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self.gates = Gates()
        try:
            listening = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=256 * 1024)
        except OSError as exc:
            ready.set_exception(exc)
            return
        ready.set_result(listening.sockets[0].getsockname()[1])
        await self._ending.wait()
        listening.close()
        clients = dict(self._clients)
        for task, writer in clients.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)  # one round for the transports to say goodbye

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(Connection(reader, writer)))
        self._clients[task] = writer
        task.add_done_callback(self._clients.pop)

    async def _serve(self, client: Connection) -> None:
        """Answer one client's requests until it leaves, a fault breaks the connection or the world ends."""
        try:
            while (request := await wire.read_request(client.reader, client.writer)) is not None:
                goes_on = await self._one(client, request)
                if not goes_on or not request.keeps_alive:
                    break
        except wire.BadRequest as exc:
            words = f"{exc}\n".encode()
            client.writer.write(wire.head_bytes(400, {}, len(words), keep_alive=False) + words)
        except ConnectionError:
            pass  # the client left: nothing to answer
        try:
            client.writer.close()
            await client.writer.wait_closed()
        except ConnectionError:
            pass  # reset by one side or the other, as wanted

    async def _one(self, client: Connection, request: wire.Request) -> bool:
        if request.path.startswith("/__"):
            await self._send(client, request, control.answer(self, request))
            return True
        chosen = self.behaviour.choose(request)
        order = self.log.add(lambda number: _seen(number, request, chosen))
        if isinstance(chosen, str):
            self.log.update(order, answered="404", why=chosen)
            return await self._send(client, request, Reply(404, {}, f"this world does not know that: {chosen}\n".encode()))
        served, params = chosen
        answer = served.next_answer()
        scope = self.behaviour.scope(served, params, request, self.base_url)
        try:
            self.behaviour.change(answer, scope)
            ready = reply(answer, scope)
        except (TemplateFailed, StateBroken) as exc:
            self.log.update(order, answered="broken", why=str(exc))
            return await self._send(client, request, Reply(500, {}, f"the description is wrong: {exc}\n".encode()))
        return await self._give(client, request, order, served, answer, ready)

    async def _give(self, client: Connection, request: wire.Request, order: int, served: Served, answer: Answer, ready: Reply) -> bool:
        """Wait as described, then send *ready* or break the connection; True when the next request may come."""
        await asyncio.sleep(max(answer.delay_ms, served.route.delay_ms) / 1000)
        gate = answer.hold or served.route.hold
        if gate:
            self.log.update(order, answered="held")
            if not await self.gates.passed(gate, client.has_left):
                self.log.update(order, answered="the client left")
                return False
        if answer.fault is not None:
            self.log.update(order, answered=answer.fault)
            return await self._break(client, request, answer, ready)
        gone = client.has_left()
        self.log.update(order, answered="the client left" if gone else str(ready.status))
        return not gone and await self._send(client, request, ready)

    async def _send(self, client: Connection, request: wire.Request, ready: Reply) -> bool:
        await wire.write(client.writer, request, ready.status, ready.headers, ready.body)
        return True

    async def _break(self, client: Connection, request: wire.Request, answer: Answer, ready: Reply) -> bool:
        if answer.fault == "drip":
            return await _drip(client, request, answer, ready)
        if answer.fault == "never":
            await client.reader.read()  # until the client leaves
        elif answer.fault == "garbage":
            client.writer.write(_GARBAGE)
            await wire.drain(client.writer)
        elif answer.fault == "reset":
            half = ready.body[: len(ready.body) // 2]
            client.writer.write(wire.head_bytes(ready.status, ready.headers, max(len(ready.body), 1)) + half)
            await wire.drain(client.writer)
            await asyncio.sleep(0.02)  # let the half arrive: a reset discards what is still on its way
            wire.reset(client.writer)
        return False  # refuse: nothing is sent at all


async def _drip(client: Connection, request: wire.Request, answer: Answer, ready: Reply) -> bool:
    """Send the body in small pieces, each after a pause."""
    client.writer.write(wire.head_bytes(ready.status, ready.headers, len(ready.body), keep_alive=request.keeps_alive))
    for start in range(0, len(ready.body), answer.drip_bytes):
        await asyncio.sleep(answer.drip_ms / 1000)
        client.writer.write(ready.body[start : start + answer.drip_bytes])
        if client.has_left() or not await wire.drain(client.writer):
            return False
    return await wire.drain(client.writer)


def _seen(number: int, request: wire.Request, chosen: tuple[Served, dict[str, str]] | str) -> Seen:
    return Seen(
        order=number,
        at=datetime.now(UTC).isoformat(),
        method=request.method,
        target=request.target,
        path=request.path,
        query=request.query,
        headers=dict(request.headers),
        body=request.body,
        route=None if isinstance(chosen, str) else chosen[0].pattern.text,
    )
