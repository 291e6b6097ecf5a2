"""A worker that is told to stop stops: at whatever moment, under load, whatever is lost on the way; and nothing is done twice for it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.actions import Actor
from app.container import Container
from app.running import InHand, Runner, _note
from app.settings import Settings
from app.worker import Worker
from tests.fakes import approved, definition, ended, eventually, working

pytestmark = pytest.mark.postgres
MIXED = definition(
    "one: {set: {x: 1}}",
    "tell: {call: 'notify:1.0.0@default', with: {channel: chat, text: first}}",
    "both: {fork: {branches: [{a: {do: [{nap: {wait: {milliseconds: 30}}}, {s: {set: {a: 1}}}]}},"
    " {b: {do: [{l: {for: {each: n, in: '${ [range(30)] }'}, do: [{s: {set: {n: '${ $n }'}}}]}}]}}]}}",
    "nap: {wait: {milliseconds: 2500}}",
    "again: {call: 'notify:1.0.0@default', with: {channel: chat, text: second}}",
)


async def test_stopped_twenty_times_at_random_moments_under_load_it_stops_within_its_grace(
    container: Container, actor: Actor, settings: Settings
) -> None:
    """Every run is completed by the workers that follow, and every notice is there once."""
    version = await approved(container, actor, MIXED)
    moments = random.Random(20)
    runs, took_s = [], []
    for _ in range(20):
        runs += await asyncio.gather(*(container.actions.start(actor, version.id) for _ in range(5)))
        worker, stop = Worker(container, concurrency=20), asyncio.Event()
        working_ = asyncio.create_task(worker.work(stop))
        await asyncio.sleep(moments.uniform(0.0, 0.4))
        began = time.monotonic()
        stop.set()
        await asyncio.wait_for(working_, settings.stop_grace_s + 10)
        took_s.append(time.monotonic() - began)
        assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("advance")] == []

    async with working(container, concurrency=50):
        done = [await eventually(container, actor, run.id, ended, within_s=30) for run in runs]
    notices = await container.actions.notices(actor, limit=1000)

    assert {view.status for view in done} == {"completed"}
    assert sorted((notice["run_id"], notice["text"]) for notice in notices) == sorted(
        (run.id, text) for run in runs for text in ("first", "second")
    )
    assert max(took_s) < settings.stop_grace_s + 1


async def test_a_run_that_loses_its_first_cancellations_is_stopped_all_the_same(
    container: Container, actor: Actor, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """`asyncio.wait_for` of Python 3.11 loses some: here the run does nothing but lose the first two."""
    lost = []

    async def deaf(*_: Any) -> str:
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError as exc:
                lost.append(exc.args)
                if len(lost) == 3:
                    raise

    monkeypatch.setattr(Runner, "advance", deaf)
    version = await approved(container, actor, definition("a: {set: {x: 1}}"))
    run = await container.actions.start(actor, version.id)
    began = time.monotonic()
    async with working(container) as worker:
        await _until(lambda: bool(worker._running))
        began = time.monotonic()
    took_s = time.monotonic() - began

    assert lost == [("release",)] * 3
    assert took_s < settings.stop_grace_s + 3
    assert (await container.actions.run(actor, run.id)).status == "ready"


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


async def test_a_person_who_cancels_is_heard_with_the_next_heartbeat_if_the_first_was_lost() -> None:
    cancelled: list[int] = []
    mailbox = SimpleNamespace(arrived=asyncio.Event())
    hand: Any = InHand(None, mailbox, None, SimpleNamespace(cancel=lambda: cancelled.append(1)))  # type: ignore[arg-type]

    _note(hand, signals=0, cancel=True)
    _note(hand, signals=0, cancel=True)
    hand.ending = True
    _note(hand, signals=0, cancel=True)

    assert cancelled == [1, 1]
