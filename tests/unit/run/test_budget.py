"""What one run may use, and that nothing in it can go on beyond."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.deps import Limits
from graphs.run.function_api import FunctionCall
from tests.unit.run.harness import Runs, definition
from tests.unit.run.test_waiting import MovableClock

CAUGHT = {"catch": {"do": [{"more": {"set": {"caught": True}}}]}}


def budget(**limits: Any) -> dict[str, Any]:
    document = definition([])["document"]
    return {"document": {**document, "metadata": {"parley": {"budget": limits}}}}


async def test_a_run_ends_when_it_has_done_its_tasks_and_cannot_catch_that(runs: Runs) -> None:
    tasks = [{"a": {"set": {"n": number}}} for number in range(3)]
    named = [{f"a{number}": task["a"]} for number, task in enumerate(tasks)]

    outcome = await runs.start([{"all": {"try": named, **CAUGHT}}], {}, top=budget(tasks=3))

    assert outcome.error is not None
    assert (outcome.status, outcome.error["type"], outcome.error["title"]) == ("faulted", "urn:parley:errors:budget", "Budget Exceeded")
    assert outcome.error["detail"] == "the run has done 3 tasks, which is its limit"


async def test_as_many_as_the_budget_allows_are_done(runs: Runs) -> None:
    outcome = await runs.start([{"a": {"set": {"x": 1}}}, {"b": {"set": {"x": 2}}}], {}, top=budget(tasks=2))

    assert (outcome.status, outcome.output) == ("completed", {"x": 2})


async def test_tasks_count_over_all_processes_of_a_run(runs: Runs) -> None:
    named = [{f"a{number}": {"set": {"n": number}}} for number in range(3)]
    ask = {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}}
    runs.fresh()
    runs.definition = definition([*named, ask, {"b": {"set": {"x": 1}}}], **budget(tasks=4))
    asked = await runs.go_on({})
    runs.mailbox.answer(asked.awaited[0].path, {"approved": True})

    outcome = await runs.after_kill()

    assert outcome.error is not None
    assert outcome.error["instance"] == "/do/4/b" or outcome.error["title"] == "Budget Exceeded"
    assert runs.rows("/do/4/b") == []


async def test_endless_fan_out_meets_the_operators_limit(runs: Runs) -> None:
    """Each round starts as many again, and catches everything it can."""
    inner = {"fork": {"compete": True, "branches": [{"x": {"set": {"x": 1}}}, {"y": {"set": {"y": 1}}}]}}
    loop = {"round": {"try": [{"split": inner}], **CAUGHT, "then": "round"}}

    outcome = await runs.start([loop], {}, limits=Limits(max_steps=400))

    assert outcome.error is not None
    assert outcome.error["type"] == "urn:parley:errors:budget"


async def test_what_undoes_a_run_over_its_budget_may_still_be_done(runs: Runs) -> None:
    undo = {"parley": {"compensate": [{"undo": {"set": {"undone": True}}}]}}

    outcome = await runs.start([{"a": {"set": {"x": 1}, "metadata": undo}}, {"b": {"set": {"x": 2}}}], {}, top=budget(tasks=1))

    assert outcome.status == "faulted"
    assert runs.rows("/do/0/a/compensate/0/undo") == ["finished"]


async def test_time_counts_from_the_start_over_parks_and_cannot_be_caught(runs: Runs) -> None:
    clock = MovableClock()
    task = {"all": {"try": [{"nap": {"wait": "PT2H"}}], **CAUGHT}}

    parked = await runs.start([task], {}, top=budget(wallTime="PT1H"), clock=clock)
    clock.pass_(3601)
    outcome = await runs.after_kill()

    assert parked.status == "waiting"
    assert outcome.error is not None
    assert outcome.error["detail"] == "the run did not end within 3600 s, its budget of time"


@pytest.mark.parametrize(("limit", "words"), [({"tokens": 100}, "used 120 tokens"), ({"money": 0.5}, "spent 0.6")])
async def test_tokens_and_money_count_over_all_processes(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any], words: str
) -> None:
    """A function tells what it used; twice 60 tokens and 0.3 are too much, though a process each time."""
    from graphs.functions import FUNCTIONS

    async def spends(_arguments: Any, call: FunctionCall) -> Any:
        call.spent(tokens=60, money=0.3)
        return {"text": ""}

    monkeypatch.setitem(FUNCTIONS, "summarize:1.0.0", spends)
    summarize = {"call": "summarize:1.0.0@default", "with": {"text": "x"}}
    ask = {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}}
    runs.fresh()
    runs.definition = definition([{"one": summarize}, ask, {"two": summarize}], **budget(**limit))
    asked = await runs.go_on({})
    runs.mailbox.answer(asked.awaited[0].path, {"approved": True})

    outcome = await runs.after_kill()

    assert outcome.error is not None
    assert words in outcome.error["detail"]
    assert outcome.error["instance"] == "/do/2/two"
