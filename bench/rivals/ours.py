"""Parley: runs started by `actions.start`, advanced by the worker of this process, as `parley up` does it.

python -m bench.rivals.ours HOME
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import dsl
from app.actions import Actor
from app.container import Container
from app.settings import Settings
from app.worker import Worker, settle
from bench.rivals import work
from bench.rivals.lines import ALONE, WAVES, serve

WHO = Actor("default", "bench", "bench", "admin", "cli")
LOOK_EVERY_S = 0.002  # whether runs have ended


class Ours:
    """Whoever starts runs in the worker's process."""

    def __init__(self, container: Container, worker: Worker, versions: Mapping[str, str]) -> None:
        self._container = container
        self._worker = worker
        self._versions = versions

    async def measure(self, kind: str, how: str) -> dict[str, Any]:
        began = time.perf_counter()
        for _ in range(ALONE if how == "alone" else WAVES):
            await self._all_of(await (self._one_by_one(kind, 1) if how == "alone" else STARTS[how](self, kind, work.AT_ONCE)))
        return {"seconds": time.perf_counter() - began}

    async def _one_by_one(self, kind: str, count: int) -> list[str]:
        start = self._container.actions.start
        return [run.id for run in await asyncio.gather(*(start(WHO, self._versions[kind], input=work.START) for _ in range(count)))]

    async def _in_bulk(self, kind: str, count: int) -> list[str]:
        """Start runs as a program starts many: with one action."""
        started = await self._container.actions.start_many(WHO, self._versions[kind], [{"input": work.START}] * count)
        return [str(one["run"]) for one in started]

    async def _all_of(self, runs: list[str]) -> None:
        """Return when *runs* have ended well."""
        while not await self._completed(runs):  # noqa: ASYNC110 - nobody tells when a run has ended
            await asyncio.sleep(LOOK_EVERY_S)

    async def _completed(self, runs: list[str]) -> bool:
        if any(run in self._worker.runner.in_hand for run in runs):
            return False
        statement = "SELECT count(*) FROM parley.runs WHERE id = ANY(%s) AND status = 'completed' AND output::text = %s"
        async with self._container.store.database.quick(WHO.tenant) as connection:
            cursor = await connection.execute(statement, [runs, f'{{"n":{work.STEPS}}}'])
            return await cursor.fetchone() == (len(runs),)


STARTS = {"together": Ours._in_bulk, "one by one": Ours._one_by_one}


@contextlib.asynccontextmanager
async def opened(home: Path, database: str | None = None) -> AsyncIterator[Container]:
    """Yield a container that knows the function of bench/rivals/record.py, as if pip had installed it."""
    about = home / "functions" / "parley_bench-0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: parley-bench\nVersion: 0\n")
    (about / "entry_points.txt").write_text("[parley.functions]\nrecord = bench.rivals.record\n")
    sys.path.append(str(about.parent))
    async with Container.open(Settings(home=home, database_url=database, log_level="error"), role="worker") as container:
        yield container


async def approved(container: Container, definition: Mapping[str, Any]) -> str:
    """Return the id of the version that is *definition*."""
    proposal = await container.actions.propose(WHO, dsl.render(definition))
    return (await container.actions.approve(WHO, proposal.id, digest=proposal.digest)).id


@contextlib.asynccontextmanager
async def working(container: Container) -> AsyncIterator[Ours]:
    """Yield our engine, its worker at work."""
    worker, stop = Worker(container, concurrency=work.AT_ONCE), asyncio.Event()
    versions = {kind: await approved(container, work.definition(kind)) for kind in work.WORKS}
    task = asyncio.create_task(worker.work(stop))
    try:
        yield Ours(container, worker, versions)
    finally:
        stop.set()
        await task


async def main(home: str) -> None:
    async with opened(Path(home)) as container, working(container) as ours:
        settle()
        await serve(ours.measure)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
