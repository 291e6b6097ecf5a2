"""Much in one run: a `for` over many items, a `fork` of many branches; pure steps, or a request each to a server on this machine.

Every figure comes from a process of its own, so that its peak of memory is that of one run.

python -m bench.scale.fanout memory|stored for|fork COUNT URL|-
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.scale.definitions import fork, loop
from bench.scale.probe import folder, until

ITEMS = (1000, 10_000)
BRANCHES = (100, 1000)
KILLED_AT = 9000  # of 10,000 items
LOOK_EVERY_S = 0.05
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
WARM = 20  # items of the run before
Task = tuple[dict[str, Any], dict[str, Any]]  # a definition and an input
Took = tuple[float, float]  # seconds, and those of the processor


def task(shape: str, count: int, url: str | None) -> Task:
    return (loop(url), {"items": list(range(count))}) if shape == "for" else (fork(count, url), {"start": 1})


async def timed(work: Callable[[], Awaitable[None]]) -> Took:
    began, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - began, time.process_time() - cpu


async def in_memory(warm: Task, real: Task) -> Took:
    """Run both as `parley run FILE --ephemeral` does; tell what the second one took."""
    from langgraph.checkpoint.memory import InMemorySaver

    from app.outgoing import http_client, shared_hosts
    from app.settings import Settings
    from dsl.expressions import Expressions
    from graphs.run import compile as compile_program
    from graphs.run import execute, run_graph
    from graphs.run.memory_ports import ephemeral_deps

    settings, expressions = Settings(), Expressions()
    http = http_client(settings, shared_hosts(settings), also=("127.0.0.0/8",))

    async def run(definition: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        deps = ephemeral_deps(expressions=expressions, catalogue={}, http=http)
        program = compile_program(definition, {})
        outcome = await execute(run_graph(InMemorySaver()), deps, run_id="bench", program=program, input=data)
        assert outcome.status == "completed", outcome.error

    try:
        await run(*warm)
        return await timed(partial(run, *real))
    finally:
        await http.aclose()
        await expressions.aclose()


async def stored(warm: Task, real: Task) -> Took:
    """Have both done by a worker of this process, on the database of PARLEY_HOME; or the one go on that another process left."""
    from app.container import Container
    from app.settings import Settings
    from app.worker import Worker
    from bench.scale.waiting import WHO

    settings = Settings(http_allow=("127.0.0.0/8",), log_level="error")
    async with Container.open(settings, role="worker") as container:
        worker, stop = Worker(container, concurrency=10), asyncio.Event()
        working = asyncio.create_task(worker.work(stop))

        async def run(definition: Mapping[str, Any], data: Mapping[str, Any]) -> None:
            await _ended(container, await _started(container, definition, data))

        try:
            left = [run.id for run in await container.actions.runs(WHO) if run.status != "completed"]
            if left:
                return await timed(partial(_ended, container, left[0]))
            await run(*warm)
            return await timed(partial(run, *real))
        finally:
            stop.set()
            await working


async def _started(container: Any, definition: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    import dsl
    from bench.scale.waiting import WHO

    proposal = await container.actions.propose(WHO, dsl.render(definition))
    version = await container.actions.approve(WHO, proposal.id, digest=proposal.digest)
    return str((await container.actions.start(WHO, version.id, input=data)).id)


async def _ended(container: Any, run: str) -> None:
    async def over() -> bool:
        async with container.store.database.transaction("default") as connection:
            row = await (await connection.execute("SELECT status FROM parley.runs WHERE id = %s", [run])).fetchone()
        assert row[0] in ("ready", "running", "completed"), row
        return bool(row[0] == "completed")

    await until(over, LOOK_EVERY_S)


async def _main(where: str, shape: str, count: int, url: str | None) -> None:
    work = in_memory if where == "memory" else stored
    seconds, cpu_s = await work(task(shape, WARM, url), task(shape, count, url))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb}))


# the measurement


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """Yield the address of a server that answers every request at once."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/item"


async def _once(home: Path, where: str, shape: str, count: int, url: str | None, *, kill_at: int = 0) -> dict[str, float]:
    environment = {**os.environ, "PARLEY_HOME": str(home)}
    arguments = [sys.executable, "-P", "-m", "bench.scale.fanout", where, shape, str(count), url or "-"]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE, env=environment)
    if kill_at:
        await _reached(home, kill_at)
        process.kill()
        await process.communicate()
        process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE, env=environment)
    told, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{where} {shape} {count} failed")
    found: dict[str, float] = json.loads(told)
    return found


async def _reached(home: Path, rows: int) -> None:
    """Return once so many steps of the run are in the journal; the database is made by whoever is measured."""
    import psycopg

    from app.store import embedded

    await until(lambda: asyncio.to_thread((home / "db" / "server.log").exists), LOOK_EVERY_S)
    server = await asyncio.to_thread(embedded.start, home)
    values: Any = server.conninfo()

    async def reached() -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(**values, autocommit=True) as connection:
                row = await (await connection.execute("SELECT count(*) FROM parley.journal")).fetchone()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):  # not yet
            return False
        return bool(row and row[0] >= rows)

    try:
        await until(reached, LOOK_EVERY_S)
    finally:
        await asyncio.to_thread(server.close)


async def measure() -> AsyncIterator[tuple[str, str]]:
    """Yield what was measured, line by line."""
    async with _server() as url:
        for where in ("memory", "stored"):
            for shape, counts in (("for", ITEMS), ("fork", BRANCHES)):
                for kind, address in (("pure", None), ("HTTP", url)):
                    found = [await _fresh(where, shape, count, address) for count in counts]
                    yield f"{shape} of {counts[0]:,} and {counts[1]:,}, {kind}, {where}", _words(found, counts)
        after = await _fresh("stored", "for", ITEMS[1], None, kill_at=KILLED_AT)
        yield (
            f"for of {ITEMS[1]:,}, pure, killed after {KILLED_AT:,}",
            f"the next worker ends it in {after['seconds']:.1f} s, peak {after['peak_mb']:.0f} MB",
        )


async def _fresh(where: str, shape: str, count: int, url: str | None, *, kill_at: int = 0) -> dict[str, float]:
    with folder() as home:
        return await _once(home, where, shape, count, url, kill_at=kill_at)


def _words(found: list[dict[str, float]], counts: tuple[int, int]) -> str:
    each = [1000 * one["seconds"] / count for one, count in zip(found, counts, strict=True)]
    cpu = [1000 * one["cpu_s"] / count for one, count in zip(found, counts, strict=True)]
    return (
        f"{each[0]:.2f} and {each[1]:.2f} ms an item ({each[1] / each[0]:.2f} times), processor {cpu[0]:.2f} and {cpu[1]:.2f} ms "
        f"({cpu[1] / cpu[0]:.2f} times), "
        f"peak {found[0]['peak_mb']:.0f} and {found[1]['peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    place, shape_, count_, url_ = sys.argv[1:5]
    asyncio.run(_main(place, shape_, int(count_), None if url_ == "-" else url_))
