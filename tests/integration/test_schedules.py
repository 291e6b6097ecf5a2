"""Schedules on a real database: what starts, how often, by which version, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.actions import Actor, Invalid
from app.container import Container
from app.scheduling.loop import Schedules
from app.views import RunView
from tests.fakes import approved, definition, working

pytestmark = pytest.mark.postgres
A = "a: {set: {x: 1}}"


def scheduled(schedule: str, *tasks: str, name: str = "sample", version: str = "1.0.0", settings: str = "") -> str:
    text = definition(*(tasks or (A,)), name=name, version=version, use=f"schedule: {schedule}\n")
    return text.replace(f"version: {version}}}", f"version: {version}, metadata: {{parley: {{{settings}}}}}}}") if settings else text


async def activated(container: Container, actor: Actor, text: str) -> Any:
    return await container.actions.activate(actor, (await approved(container, actor, text)).id)


async def until(container: Container, actor: Actor, holds: Callable[[list[RunView]], bool], *, within_s: float = 15.0) -> list[RunView]:
    """Return the runs, newest first, as soon as *holds* says yes."""
    give_up = asyncio.get_running_loop().time() + within_s
    while True:
        runs = await container.actions.runs(actor)
        if holds(runs):
            return runs
        assert asyncio.get_running_loop().time() < give_up, [(run.status, run.version) for run in runs]
        await asyncio.sleep(0.05)


class TestAClock:
    async def test_every_second_starts_a_run_a_second(self, container: Container, actor: Actor) -> None:
        async with working(container):
            view = await activated(container, actor, scheduled("{every: PT1S}"))
            runs = await until(container, actor, lambda runs: len(runs) >= 3)

        assert (view.status, view.next_due is not None) == ("active", True)
        assert {run.started_by for run in runs} == {"schedule"}
