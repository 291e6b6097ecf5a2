"""`remember` and `recall` in a run: what one step keeps, a later one finds; twice is once; no secret gets in."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.errors import StoreUnavailable
from memory import HashedEmbedder, InMemory, Memories, MemoryAway, RunMemory, Scope, Screened
from memory.memories import Screen
from tests.unit.run.harness import Runs

KEEP: dict[str, Any] = {"keep": {"call": "remember:1.0.0@default", "with": {"text": "the EU shop is meant", "about": "shop"}}}
FIND: dict[str, Any] = {"find": {"call": "recall:1.0.0@default", "with": {"text": "which shop"}}}


async def test_what_a_step_keeps_a_later_one_finds(runs: Runs) -> None:
    outcome = await runs.start([KEEP, FIND])

    assert outcome.error is None
    (found,) = outcome.output["memories"]
    assert (found["text"], found["about"], found["kind"], found["for"], found["said_by"]) == (
        "the EU shop is meant",
        "shop",
        "fact",
        "me",
        "me",
    )
    assert outcome.output["note"] == ""


async def test_the_newer_of_two_about_the_same_is_found(runs: Runs) -> None:
    newer = {"again": {"call": "remember:1.0.0@default", "with": {"text": "the US shop is meant", "about": "shop"}}}

    outcome = await runs.start([KEEP, newer, FIND])

    assert [found["text"] for found in outcome.output["memories"]] == ["the US shop is meant"]


async def test_a_kill_between_keeping_and_its_row_keeps_it_once(runs: Runs) -> None:
    store = InMemory()
    await runs.kill_when(lambda: bool(store._kept), [KEEP, FIND], memory=of_run(store))

    outcome = await runs.after_kill()

    assert outcome.status == "completed"
    assert [kept.text async for kept in store.export(Scope("t", "ada"))] == ["the EU shop is meant"]


async def test_a_run_that_nobody_started_keeps_for_everybody_only(runs: Runs) -> None:
    store = InMemory()
    refused = await runs.start([KEEP], memory=of_run(store, user=""))
    kept = await runs.start([everybody(KEEP)], memory=of_run(store, user=""))

    assert refused.error is not None and "nobody started this run by hand" in refused.error["detail"]
    assert kept.output["for"] == "everybody"
    (one,) = [memory async for memory in store.export(Scope("t"))]
    assert (one.provenance.source, one.provenance.run, one.provenance.workflow) == ("run", "r-1", "shop/orders/1.0.0")


async def test_what_looks_like_a_secret_is_refused(runs: Runs) -> None:
    async def guard(_tenant: str) -> Screen:
        return lambda text: Screened(text, ("API_KEY",) if "EU" in text else ())

    store = InMemory()
    outcome = await runs.start([KEEP], memory=of_run(store, guard=guard))

    assert outcome.error is not None and outcome.error["title"] == "Not Remembered" and "API_KEY" in outcome.error["detail"]
    assert [memory async for memory in store.export(Scope("t", "ada"))] == []


async def test_a_secret_of_the_run_is_taken_out(runs: Runs) -> None:
    text = {"keep": {"call": "remember:1.0.0@default", "with": {"text": '${ "the code is " + $secrets.code }'}}}

    outcome = await runs.start([text], top={"use": {"secrets": ["code"]}}, secrets={"code": "hunter2-hunter2"})

    assert outcome.output["text"] == "the code is ***"


@pytest.mark.parametrize("task", [KEEP, FIND])
async def test_a_database_that_is_away_is_not_the_runs_result(runs: Runs, task: dict[str, Any]) -> None:
    class Away(InMemory):
        async def write(self, *_: Any) -> Any:
            raise MemoryAway("no answer")

        async def search(self, *_: Any) -> Any:
            raise MemoryAway("no answer")

    with pytest.raises(StoreUnavailable):
        await runs.start([task], memory=of_run(Away()))


async def test_an_expiry_that_is_no_duration_is_a_validation_error(runs: Runs) -> None:
    wrong = {"keep": {"call": "remember:1.0.0@default", "with": {"text": "x", "expires": "soon"}}}

    outcome = await runs.start([wrong])

    assert outcome.error is not None and outcome.error["status"] == 400 and "expires" in outcome.error["detail"]


def of_run(store: InMemory, *, user: str = "ada", **given: Any) -> RunMemory:
    memories = Memories(store, HashedEmbedder(), **given)
    return RunMemory(memories=memories, scope=Scope("t", user), run_id="r-1", workflow="shop/orders/1.0.0")


def everybody(task: dict[str, Any]) -> dict[str, Any]:
    keep = task["keep"]
    return {"keep": {**keep, "with": {**keep["with"], "for": "everybody"}}}
