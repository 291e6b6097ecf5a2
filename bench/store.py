"""How fast runs go through the store: a worker of this process, an embedded PostgreSQL of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dsl
from app.actions import Actor
from app.container import Container
from app.settings import Settings
from app.worker import Worker
from bench.engine import DEFINITION

AT_ONCE = 50
WHO = Actor("default", "bench", "bench", "admin", "cli")


@asynccontextmanager
async def working() -> AsyncIterator[tuple[Container, str]]:
    """Yield a container with a worker, and the id of the version to run."""
    home = _home()
    try:
        async with Container.open(Settings(home=home, log_level="error"), role="worker") as container:
            proposal = await container.actions.propose(WHO, dsl.render(DEFINITION))
            version = await container.actions.approve(WHO, proposal.id, digest=proposal.digest)
            worker, stop = Worker(container, concurrency=AT_ONCE), asyncio.Event()
            task = asyncio.create_task(worker.work(stop))
            try:
                yield container, version.id
            finally:
                stop.set()
                await task
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home


async def _round(container: Container, version: str, count: int) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(container.actions.start(WHO, version) for _ in range(count)))
    await _all_ended(container)
    return count / (time.perf_counter() - began)


async def _all_ended(container: Container) -> None:
    async with container.store.database.transaction(WHO.tenant) as connection:
        while True:
            cursor = await connection.execute("SELECT count(*) FROM parley.runs WHERE status <> 'completed'")
            if (await cursor.fetchone()) == (0,):
                return
            await asyncio.sleep(0.01)


async def together() -> float:
    """Runs a second, of runs started at once: from the first `start` to the last end. The best of four, since the first ones warm up."""
    async with working() as (container, version):
        return max([await _round(container, version, AT_ONCE) for _ in range(4)])


ALL = {"50 stored runs": ("runs/s", together)}
