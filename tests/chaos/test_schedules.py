"""Real worker processes, killed while schedules start runs: every due time and every event has one run, not none and not two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from tests.chaos.processes import Workers, url_of, workers
from tests.fakes import approved, definition

pytestmark = [pytest.mark.chaos, pytest.mark.postgres]


@pytest.fixture
def started(settings: Settings, database: Prepared, tmp_path: Path) -> Iterator[Workers]:
    with workers(settings, tmp_path, url=url_of(database)) as started:
        yield started


def rows(database: Prepared, statement: str) -> list[Any]:
    with psycopg.connect(**database.owner) as connection:
        return connection.execute(statement).fetchall()


async def eventually(holds: Callable[[], bool], *, within_s: float = 20.0) -> None:
    give_up = asyncio.get_running_loop().time() + within_s
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < give_up
        await asyncio.sleep(0.05)


async def activated(container: Container, actor: Actor, schedule: str, *, name: str = "sample", parley: str = "") -> None:
    text = definition("a: {set: {x: 1}}", name=name, use=f"schedule: {schedule}\n")
    if parley:
        text = text.replace("version: 1.0.0}", f"version: 1.0.0, metadata: {{parley: {{{parley}}}}}}}", 1)
    await container.actions.activate(actor, (await approved(container, actor, text)).id)


STARTS = "SELECT trigger_id, due_at FROM parley.trigger_starts WHERE outcome = 'started' ORDER BY due_at"
RUNS = "SELECT count(*), count(DISTINCT id) FROM parley.runs WHERE trigger_id IS NOT NULL"


async def test_killed_again_and_again_each_second_has_one_run(
    container: Container, actor: Actor, database: Prepared, started: Workers
) -> None:
    """Two workers at once; one after the other is killed. `missed: all`: what fell due meanwhile is made up for."""
    await activated(container, actor, "{every: PT1S}", parley="missed: all")
    alive = [await started.start(), await started.start()]
    for _ in range(2):
        known = len(rows(database, STARTS))
        await eventually(lambda known=known: len(rows(database, STARTS)) > known + 1)  # type: ignore[misc]
        alive.pop(0).kill()
        alive.append(await started.start())
    await container.actions.pause(actor, "sample")

    due = [at for _, at in rows(database, STARTS)]
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(seconds=1)}
    assert rows(database, RUNS) == [(len(due), len(due))]


async def test_killed_while_events_come_in_each_event_has_one_run(
    container: Container, actor: Actor, database: Prepared, started: Workers
) -> None:
    await activated(container, actor, "{on: {one: {with: {type: order.placed}}}}")
    alive = [await started.start(), await started.start()]
    for batch in range(2):
        events = [{"id": f"{batch}-{number}", "source": "/shop", "type": "order.placed"} for number in range(50)]
        await container.actions.accept_events(actor, events)
        alive.pop(0).kill()
        alive.append(await started.start())
    await eventually(lambda: rows(database, "SELECT count(*) FROM parley.trigger_events") == [(0,)])

    runs = rows(database, "SELECT input -> 0 ->> 'id' FROM parley.runs")
    assert sorted(id_ for (id_,) in runs) == sorted(f"{batch}-{number}" for batch in range(2) for number in range(50))


async def test_a_worker_whose_connections_were_cut_goes_on_starting(
    container: Container, actor: Actor, database: Prepared, started: Workers
) -> None:
    await activated(container, actor, "{every: PT1S}")
    worker = await started.start()
    await eventually(lambda: len(rows(database, STARTS)) > 1)
    rows(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley-worker'",
    )
    cut = datetime.now(UTC)
    await eventually(lambda: len([at for _, at in rows(database, STARTS) if at > cut]) > 2)

    assert worker.process.poll() is None
