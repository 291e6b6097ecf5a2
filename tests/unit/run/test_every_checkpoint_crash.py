"""A run is stopped before and after everything LangGraph stores of it, and goes on from there: no stop may look like an end, or like a
wait that nothing ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

import graphs.run as run
from graphs.run import Outcome
from graphs.run.errors import StoreUnavailable
from tests.unit.run.harness import Runs

TASKS = [
    {"loop": {"for": {"in": "[range(150)]"}, "do": [{"a": {"set": {"n": "${ $item }"}}}, {"b": {"set": "${ . }"}}]}},  # two segments
    {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}},
    {"end": {"set": {"approved": "${ .approved }"}}},
]
MOMENTS = 26  # just before and just after each of the things that the run below stores


class DyingSaver(InMemorySaver):
    """Lets the process die at one of the moments in which it stores something: just before, or just after."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self.left = dies_at

    def moment(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreUnavailable("the process died here")

    async def aput(self, *args: Any, **kwargs: Any) -> Any:
        self.moment()
        stored = await super().aput(*args, **kwargs)
        self.moment()
        return stored

    async def aput_writes(self, config: Any, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        self.moment()
        await super().aput_writes(config, writes, task_id, task_path)
        self.moment()


async def to_its_end(runs: Runs) -> Outcome:
    """Work on the run as workers do, one process after the other, answering what it asks."""
    outcome = await _worked(runs, {"n": 1})
    for _ in range(4):
        if outcome is not None and outcome.status != "waiting":
            return outcome
        if outcome is not None and "/do/1/ok" in runs.mailbox.awaited:
            runs.mailbox.answer("/do/1/ok", {"approved": True, "comment": "", "by": "ada"})
        outcome = await _worked(runs)
    raise AssertionError(f"the run comes to no end: {outcome}")


async def _worked(runs: Runs, given: Any = None) -> Outcome | None:
    try:
        return await runs.go_on(given)
    except StoreUnavailable:
        return await runs.after_kill()


@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
async def test_wherever_it_is_stopped_the_run_ends_as_it_would_have(runs: Runs, moment: int) -> None:
    runs.graph = run.run_graph(DyingSaver(moment))
    runs.fresh()
    runs.definition = {"document": {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}, "do": TASKS}

    outcome = await to_its_end(runs)

    assert (outcome.status, outcome.output) == ("completed", {"approved": True})


async def test_these_are_all_moments(runs: Runs) -> None:
    saver = DyingSaver(1_000_000)
    runs.graph = run.run_graph(saver)
    runs.fresh()
    runs.definition = {"document": {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}, "do": TASKS}

    await to_its_end(runs)

    assert 1_000_000 - saver.left == MOMENTS
