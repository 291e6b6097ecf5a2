"""Run small definitions with in-memory ports, and kill and re-enter them as another process would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

import graphs.run as run
from dsl.catalogue import Function
from dsl.expressions import Expressions
from graphs import catalogue
from graphs.run import Outcome, RunDeps
from graphs.run.http import GuardedHttp
from graphs.run.memory_ports import MemoryJournal, ephemeral_deps

Tasks = list[dict[str, Any]]


def definition(do: Tasks, **top: Any) -> dict[str, Any]:
    document = {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}
    return {"document": document, "do": do, **top}


class HeldJournal(MemoryJournal):
    """A journal that stores nothing more once *moment* holds: the run stands still there, however late somebody looks."""

    def __init__(self, moment: Callable[[], bool]) -> None:
        super().__init__()
        self._moment = moment
        self.came = False
        self.over = False

    async def flush(self) -> None:
        await self._hold()
        await super().flush()
        await self._hold()

    async def _hold(self) -> None:
        self.came = self.came or self._moment()
        if self.came and not self.over:
            await asyncio.Event().wait()  # until the run is killed


async def until(moment: Callable[[], bool]) -> None:
    """Return as soon as *moment* holds; it is looked at every millisecond for at most 30 s."""
    async with asyncio.timeout(30):
        while not moment():  # noqa: ASYNC110 (what is watched knows nothing of the test)
            await asyncio.sleep(0.001)


class World:
    """A loopback HTTP server that notes every request and answers what the test scripted."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.server: asyncio.Server | None = None
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, answer: Callable[[dict[str, Any]], Any]) -> None:
        """Answer *path* with what *answer* gives (awaited when it is awaitable): (status, headers, body)."""
        self.answers[path] = answer

    def json(self, path: str, body: str, status: int = 200) -> None:
        self.on(path, lambda _request: (status, {"Content-Type": "application/json"}, body.encode()))

    def seen(self, path: str) -> int:
        return sum(1 for request in self.requests if request["path"] == path)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self.server is not None
        self.server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self.server.wait_closed()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._exchange(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path, _, query = target.partition("?")
            request = {"method": method, "path": path, "query": query, "headers": headers, "body": body}
            self.requests.append(request)
            answer = self.answers.get(path, lambda _request: (404, {}, b"nothing here"))(request)
            status, extra, content = await answer if asyncio.iscoroutine(answer) else answer
            lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", "Connection: close"]
            writer.write("\r\n".join([*lines, *(f"{k}: {v}" for k, v in extra.items()), "", ""]).encode() + content)
            await writer.drain()


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_server(speak: Speak) -> AsyncIterator[str]:
    """Yield the URL of a loopback server that says to each connection what *speak* says, HTTP or not."""
    serving: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await speak(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()


class Runs:
    """Everything one test needs to run definitions."""

    def __init__(self, expressions: Expressions, http: GuardedHttp) -> None:
        self.expressions = expressions
        self.http = http
        self.functions: Mapping[str, Function] = catalogue.load()
        self.graph = run.run_graph(InMemorySaver())
        self.definition: dict[str, Any] = {}
        self.deps: RunDeps = self.fresh()

    def fresh(self, **given: Any) -> RunDeps:
        self.deps = ephemeral_deps(expressions=self.expressions, catalogue=self.functions, http=self.http, **given)
        return self.deps

    @property
    def journal(self) -> Any:
        return self.deps.journal

    @property
    def mailbox(self) -> Any:
        return self.deps.mailbox

    def rows(self, path: str) -> list[str]:
        """Return the status of every durable row at *path*."""
        return [row.status for row in self.journal.rows if row.path == path]

    async def start(self, do: Tasks, input: Any = None, *, top: Mapping[str, Any] | None = None, **given: Any) -> Outcome:  # noqa: A002
        """Start a run with new ports."""
        self.fresh(**given)
        self.definition = definition(do, **(top or {}))
        return await self.go_on(input)

    async def go_on(self, input: Any = None, **options: Any) -> Outcome:  # noqa: A002
        program = run.compile(self.definition, self.functions)
        return await run.execute(self.graph, self.deps, run_id=self._id, program=program, input=input, **options)

    async def after_kill(self) -> Outcome:
        """Re-enter the run as another process would: what was only queued is gone."""
        self.deps = replace(self.deps, journal=MemoryJournal(self.journal.rows))
        return await self.go_on()

    @property
    def _id(self) -> str:
        return f"run-{id(self.mailbox)}"

    async def kill_when(self, moment: Callable[[], bool], do: Tasks, input: Any = None, **given: Any) -> None:  # noqa: A002
        """Start a run and stop it dead when *moment* holds: nothing that comes after it is stored."""
        held = HeldJournal(moment)
        self.deps = replace(self.fresh(**given), journal=held)
        self.definition = definition(do)
        task = asyncio.create_task(self.go_on(input))
        await until(lambda: held.came or moment() or task.done())
        assert not task.done(), "the run ended before the moment came"
        task.cancel(run.RELEASE)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        held.over = True
