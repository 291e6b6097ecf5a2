"""PostgreSQL goes away in the middle of runs: everything waits, says so once, and goes on; no run fails because of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.actions import Actor
from app.container import Container, Prepared, prepare
from app.settings import Settings
from app.store.embedded import kill
from tests.chaos.processes import WorkerProcess, Workers, workers
from tests.fakes import approved, definition, ended, eventually

pytestmark = [pytest.mark.chaos, pytest.mark.postgres]

STEPS = definition(
    "one: {set: {x: 1}}",
    "tell: {call: 'notify:1.0.0@default', with: {channel: chat, text: first}}",
    "wait: {wait: {milliseconds: 1500}}",
    "again: {call: 'notify:1.0.0@default', with: {channel: chat, text: second}}",
    "last: {set: {done: true}}",
)


@pytest.fixture
def own_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def own(own_home: Path) -> AsyncIterator[tuple[Container, Prepared]]:
    """A server of our own, since it is going to be stopped."""
    settings = Settings(home=own_home, lease_s=1.5, heartbeat_s=0.3, sweep_s=0.2, stop_grace_s=2.0, store_patience_s=60.0)
    prepared = await prepare(settings)
    async with Container.open(settings, role="cli", prepared=prepared) as container:
        yield container, prepared
    prepared.close()


@pytest.fixture
def started(own: tuple[Container, Prepared], tmp_path: Path) -> Iterator[Workers]:
    with workers(own[0].settings, tmp_path, url=None) as started:
        yield started


@pytest.mark.parametrize("how", ["restart", "crash"])
async def test_runs_survive_a_database_that_goes_away(own: tuple[Container, Prepared], started: Workers, actor: Actor, how: str) -> None:
    """One worker waits for it; after the crash, another one is told to stop meanwhile, and does."""
    container, prepared = own
    server = prepared.server
    assert server is not None
    worker, other = await started.start(), await started.start() if how == "crash" else None
    version = await approved(container, actor, STEPS)
    runs = [await container.actions.start(actor, version.id) for _ in range(20)]
    await eventually(container, actor, runs[0].id, lambda view: view.steps["/do/1/tell"]["status"] == "done")

    if how == "restart":
        await asyncio.to_thread(server.stop)
    else:
        await asyncio.to_thread(kill, server)
    await worker.says("The database does not answer")
    code, stopped_s = await _stopped(other)
    await asyncio.to_thread(server.restart)
    done = [await eventually(container, actor, run.id, ended, within_s=30) for run in runs]
    notices = await container.actions.notices(actor, limit=200)

    assert [view.status for view in done] == ["completed"] * 20
    assert (code, stopped_s < container.settings.stop_grace_s + 10) == (0, True), (code, stopped_s, started.logs)
    assert sorted((notice["run_id"], notice["text"]) for notice in notices) == sorted(
        (run.id, text) for run in runs for text in ("first", "second")
    )
    assert worker.process.poll() is None
    assert worker.log.read_text().count("The database does not answer") <= 3
    assert "The database is back" in worker.log.read_text()
    assert "Traceback" not in worker.log.read_text()


async def _stopped(worker: WorkerProcess | None) -> tuple[int, float]:
    """Stop *worker*, if there is one; return its exit code and the seconds it took."""
    began = time.monotonic()
    code = await asyncio.to_thread(worker.stop) if worker is not None else 0
    return code, time.monotonic() - began
