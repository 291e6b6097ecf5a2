"""A run that kills every worker that advances it: it is put aside, and those that were in the same worker are not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.deaths import SUSPECT
from app.settings import Settings
from graphs import catalogue
from tests.chaos.nursery import Nursery, Worker, nursery
from tests.chaos.processes import url_of
from tests.fakes import approved, definition, ended, eventually, status
from tests.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.postgres]

DEATHS = 3
CODE = """
import os, pathlib, signal

FUNCTION = {"name": "acme-blow-up", "version": "1.0.0", "title": "Blow up", "effect": "none", "idempotent": True,
            "input": {"type": "object"}, "output": {"type": "object"}}


async def run(arguments, call):
    if pathlib.Path(arguments["while"]).exists():
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when there is no memory left
    return {"fine": True}
"""
SLOW = {"title": "Slow", "services": {"desk": {"routes": [{"request": "GET /slow", "hold": "slow", "answer": {"json": {"slow": 1}}}]}}}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with a function that ends its process, as long as a file is there."""
    (tmp_path / "acme_blow_up.py").write_text(CODE)
    about = tmp_path / "acme_blow_up-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-blow-up\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[parley.functions]\nblow-up = acme_blow_up\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    catalogue.installed.cache_clear()
    yield tmp_path
    catalogue.installed.cache_clear()
    sys.modules.pop("acme_blow_up", None)


class Supervised:
    """One worker at a time, started again whenever it has died."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self.started: list[Worker] = []

    async def keep(self) -> None:
        while True:
            if not self.started or not self.started[-1].alive:
                self.started.append(await asyncio.to_thread(self._nursery.start))
            await asyncio.sleep(0.05)


async def test_a_run_that_kills_its_workers_is_put_aside_and_its_neighbour_is_not(
    package: Path, settings: Settings, database: Prepared, actor: Actor
) -> None:
    world, bomb = World.load(SLOW), package / "bomb"
    bomb.touch()
    killer = definition("good: {set: {x: 1}}", f"bad: {{call: 'acme-blow-up:1.0.0@default', with: {{while: '{bomb}'}}}}", name="killer")
    environment = {
        "PARLEY_HOME": str(settings.home_path), "PARLEY_DATABASE_URL": url_of(database), "PARLEY_HTTP_ALLOW": "127.0.0.0/8",
        "PARLEY_DEATHS": str(DEATHS), "PARLEY_LEASE_S": "0.6", "PARLEY_HEARTBEAT_S": "0.15", "PARLEY_SWEEP_S": "0.1",
    }  # fmt: skip
    async with Container.open(settings, role="cli", prepared=database) as container:
        with world.thread(), nursery(environment, package) as started:
            slow = definition(f"slow: {{call: http, with: {{method: get, endpoint: {{uri: '{world.base_url}/slow'}}}}}}", name="slow")
            neighbour = await container.actions.start(actor, (await approved(container, actor, slow)).id)
            run = await container.actions.start(actor, (await approved(container, actor, killer)).id)
            supervised = Supervised(started)
            keeping = asyncio.create_task(supervised.keep())
            try:
                await eventually(container, actor, run.id, lambda _: len(supervised.started) > SUSPECT, within_s=40)
                world.release("slow")  # only now: so far the neighbour has got no further either
                stuck = await eventually(container, actor, run.id, status("stuck"), within_s=40)
                dead = await container.actions.runs(actor, status="stuck")
                deaths = sum(not worker.alive for worker in supervised.started)
                innocent = await eventually(container, actor, neighbour.id, ended)
                bomb.unlink()
                await container.actions.retry(actor, run.id)
                done = await eventually(container, actor, run.id, ended)
            finally:
                keeping.cancel()

    assert [view.id for view in dead] == [run.id]
    assert stuck.reason == f"put aside: {DEATHS} workers in a row died over it, and it got no further"
    assert stuck.error is not None
    assert stuck.error["what"] == "The workflow failed: Worker Died (status 500)"
    assert stuck.actions == ["cancel", "retry"]
    assert deaths == DEATHS
    assert (innocent.status, done.status, done.output) == ("completed", "completed", {"fine": True})
