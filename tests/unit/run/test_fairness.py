"""One run never keeps the process to itself: heartbeats and other runs have their turn, however many pure steps it takes or replays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from graphs.run import Limits, run_graph
from graphs.run.book import Book
from graphs.run.ports import Row
from tests.unit.run.harness import Runs, Tasks

STEPS = 2000
LONG_WAIT: Tasks = [{"park": {"wait": "P1D"}}]


class Turns:
    """Counts how often the event loop comes round while the block runs."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> Turns:
        self._task = asyncio.create_task(self._counting())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _counting(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


def looping(body: Tasks) -> Tasks:
    return [{"loop": {"for": {"in": f"[range({STEPS})]"}, "do": body}}, *LONG_WAIT]


@pytest.mark.parametrize("body", [[{"s": {"set": {"n": "${ $item }"}}}], []], ids=["pure steps", "no steps"])
async def test_a_loop_lets_others_have_their_turn(runs: Runs, body: Any) -> None:
    async with Turns() as turns:
        await runs.start(looping(body), {}, limits=Limits(segment_steps=10 * STEPS))

    assert turns.count > STEPS / 60


async def test_replaying_a_long_journal_lets_others_have_their_turn(runs: Runs) -> None:
    """The loop had not ended when the process died: every step in it is answered by its row."""
    await runs.start(looping([{"s": {"set": {"n": "${ $item }"}}}]), {})
    runs.journal.rows[:] = [row for row in runs.journal.rows if row.path != "/do/0/loop"]
    runs.graph = run_graph(InMemorySaver())

    async with Turns() as turns:
        outcome = await runs.after_kill()

    assert outcome.status == "waiting"
    assert turns.count > STEPS / 60


async def test_reading_a_long_journal_lets_others_have_their_turn() -> None:
    rows = [Row(path=f"/do/{number}/s", attempt=1, kind="step", reference="", status="finished") for number in range(20_000)]

    async with Turns() as turns:
        book = await Book.read(rows)

    assert book.result("/do/19999/s", 1) == rows[-1]
    assert turns.count >= 10
