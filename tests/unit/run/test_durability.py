"""Nothing finished runs twice, nothing unknown is called known, whatever moment the process dies."""

from __future__ import annotations

import asyncio
import itertools
import sys
from dataclasses import replace
from typing import Any

import pytest

from graphs.run.errors import LeaseLost, StoreUnavailable
from graphs.run.memory_ports import MemoryJournal, MemoryObserver
from graphs.run.ports import Row
from tests.unit.run.harness import Runs, Tasks, World, definition, until


def call(world: World, path: str, method: str = "post", **more: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": method, "endpoint": f"{world.url}{path}"}, **more}


def hanging(world: World, path: str) -> asyncio.Event:
    """Let the world take requests on *path* and answer none until the event is set."""
    free = asyncio.Event()

    async def answer(_request: Any) -> Any:
        await free.wait()
        return 200, {"Content-Type": "application/json"}, b'{"made": true}'

    world.on(path, lambda request: answer(request))
    return free


async def test_killed_between_steps_the_run_goes_on_and_every_effect_happens_once(runs: Runs, world: World) -> None:
    """Two posts, a fork with a post in each branch, then a GET that hangs: everything before it is in the journal."""
    for path in ("/a", "/b", "/x", "/y"):
        world.json(path, "{}")
    free = hanging(world, "/last")
    branches = [{"x": {"do": [{"p": call(world, "/x")}, {"s": {"set": {"x": 1}}}]}}, {"y": call(world, "/y")}]
    do: Tasks = [
        {"a": call(world, "/a")},
        {"b": call(world, "/b")},
        {"f": {"fork": {"branches": branches}}},
        {"last": call(world, "/last", "get")},
    ]

    await runs.kill_when(lambda: world.seen("/last") == 1, do)
    free.set()
    outcome = await runs.after_kill()

    assert outcome.output == {"made": True}
    assert [world.seen(path) for path in ("/a", "/b", "/x", "/y", "/last")] == [1, 1, 1, 1, 2]


async def test_a_post_cut_before_its_result_was_stored_stops_at_outcome_unknown(runs: Runs, world: World) -> None:
    free = hanging(world, "/pay")

    await runs.kill_when(lambda: world.seen("/pay") == 1, [{"pay": call(world, "/pay")}, {"s": {"set": "${ . }"}}], {"n": 1})
    free.set()
    outcome = await runs.after_kill()

    assert outcome.status == "waiting"
    assert [(one.kind, one.path, one.reference) for one in outcome.awaited] == [("outcome-unknown", "/do/0/pay", "/do/0/pay")]
    assert outcome.awaited[0].form is not None
    assert f"POST {world.url}/pay" in outcome.awaited[0].form["message"]
    assert world.seen("/pay") == 1


@pytest.mark.parametrize(("happened", "output", "calls"), [(True, None, 1), (False, {"made": True}, 2)])
async def test_a_person_says_whether_it_happened(runs: Runs, world: World, happened: bool, output: Any, calls: int) -> None:
    """It happened: the run goes on without the unknown result. It did not: it is done now, with the same idempotency key."""
    free = hanging(world, "/pay")
    await runs.kill_when(lambda: world.seen("/pay") == 1, [{"pay": call(world, "/pay")}])
    free.set()
    await runs.after_kill()

    runs.mailbox.answer("/do/0/pay", {"happened": happened})
    outcome = await runs.after_kill()

    assert (outcome.status, outcome.output, world.seen("/pay")) == ("completed", output, calls)
    assert len({request["headers"]["idempotency-key"] for request in world.requests}) == 1


async def test_cut_again_while_it_is_done_again_the_person_is_asked_again(runs: Runs, world: World) -> None:
    """The old answer does not count for the new attempt."""
    free = hanging(world, "/pay")
    await runs.kill_when(lambda: world.seen("/pay") == 1, [{"pay": call(world, "/pay")}])
    await runs.after_kill()
    runs.mailbox.answer("/do/0/pay", {"happened": False})
    task = asyncio.create_task(runs.after_kill())
    await until(lambda: world.seen("/pay") == 2)
    task.cancel("release")
    await asyncio.gather(task, return_exceptions=True)
    free.set()

    outcome = await runs.after_kill()

    assert [(one.kind, one.path) for one in outcome.awaited] == [("outcome-unknown", "/do/0/pay@2")]
    assert world.seen("/pay") == 2


@pytest.mark.parametrize(("method", "metadata"), [("get", {}), ("put", {}), ("delete", {}), ("post", {"parley": {"idempotent": True}})])
async def test_what_may_be_repeated_is_repeated(runs: Runs, world: World, method: str, metadata: dict[str, Any]) -> None:
    free = hanging(world, "/x")

    await runs.kill_when(lambda: world.seen("/x") == 1, [{"x": call(world, "/x", method, metadata=metadata)}])
    free.set()
    outcome = await runs.after_kill()

    assert (outcome.status, world.seen("/x")) == ("completed", 2)


async def test_a_step_that_failed_is_not_asked_again_after_a_kill(runs: Runs, world: World) -> None:
    """The journal holds the failed POST and the next attempt is the second one."""
    world.json("/pay", "no", status=503)
    free = hanging(world, "/second")
    body = [{"pay": call(world, "/pay")}]
    do: Tasks = [{"t": {"try": body, "catch": {"do": [{"h": call(world, "/second", "get")}]}}}]

    await runs.kill_when(lambda: world.seen("/second") == 1, do)
    free.set()
    outcome = await runs.after_kill()

    assert (outcome.status, world.seen("/pay"), world.seen("/second")) == ("completed", 1, 2)


async def test_results_are_durable_before_an_effect_that_follows_them(runs: Runs, world: World) -> None:
    """When the request arrives, the pure step before it is in the journal already."""
    seen: list[list[str]] = []
    world.on("/x", lambda _request: (seen.append(runs.rows("/do/0/s")), (200, {}, b""))[1])

    await runs.start([{"s": {"set": {"n": 1}}}, {"x": call(world, "/x")}], {})

    assert seen == [["finished"]]


async def test_a_finished_fork_is_answered_by_its_own_row(runs: Runs, world: World) -> None:
    """After a kill nothing below a finished composite is shown as started again."""
    world.json("/x", "1")
    free = hanging(world, "/last")
    do: Tasks = [{"f": {"fork": {"branches": [{"x": call(world, "/x")}]}}}, {"last": call(world, "/last", "get")}]
    await runs.kill_when(lambda: world.seen("/last") == 1, do)
    free.set()
    runs.deps = replace(runs.deps, observer=MemoryObserver())

    await runs.after_kill()

    assert {row.path for row in runs.deps.observer.rows} == {"/do/1/last"}  # type: ignore[attr-defined]


async def test_the_winner_of_a_race_stays_the_winner(runs: Runs, world: World) -> None:
    world.json("/fast", '{"fast": 1}')
    hanging(world, "/slow")
    free = hanging(world, "/last")
    branches = [{"slow": call(world, "/slow", "get")}, {"fast": call(world, "/fast")}]
    race = {"fork": {"compete": True, "branches": branches}, "output": {"as": "{ won: . }"}}
    do: Tasks = [{"race": race}, {"last": call(world, "/last", "get", output={"as": "$input"})}]

    await runs.kill_when(lambda: world.seen("/last") == 1, do)
    free.set()
    outcome = await runs.after_kill()

    assert outcome.output == {"won": {"fast": 1}}
    assert (world.seen("/fast"), world.seen("/slow")) == (1, 1)


async def test_a_journaled_winner_counts_even_when_another_branch_had_finished_too(runs: Runs) -> None:
    """Killed while the losers were being stopped: the journal decides, not who is quicker now."""
    runs.fresh()
    runs.definition = definition([{"race": {"fork": {"compete": True, "branches": [{"a": {"set": {"n": 1}}}, {"b": {"set": {"n": 2}}}]}}}])
    finished = Row(path="/do/0/race/fork", attempt=1, kind="step", reference="/do/0/race/fork", status="finished", output="b")
    branches = [replace(finished, path=f"/do/0/race/fork/branches/{n}/{name}", output={"n": n + 1}) for n, name in enumerate("ab")]
    runs.deps = replace(runs.deps, journal=MemoryJournal([*branches, finished]))

    assert (await runs.go_on({})).output == {"n": 2}


async def test_the_exported_context_survives(runs: Runs, world: World) -> None:
    free = hanging(world, "/last")
    do: Tasks = [
        {"d": {"do": [{"a": {"set": {"n": 1}, "export": {"as": "{ kept: .n }"}}}]}},
        {"last": call(world, "/last", "get", output={"as": "$context"})},
    ]

    await runs.kill_when(lambda: world.seen("/last") == 1, do)
    free.set()

    assert (await runs.after_kill()).output == {"kept": 1}


async def test_a_retry_asked_for_by_a_person_runs_the_failed_step_and_nothing_before_it(runs: Runs, world: World) -> None:
    world.json("/first", "{}")
    world.json("/second", "no", status=500)
    failed = await runs.start([{"a": call(world, "/first")}, {"d": {"do": [{"b": call(world, "/second")}]}}], {})
    world.json("/second", '{"ok": true}')

    runs.journal.rows.append(Row(path=failed.failed_path, attempt=1, kind="retry", reference=failed.failed_path, status="started"))
    outcome = await runs.after_kill()

    assert failed.failed_path == "/do/1/d/do/0/b"
    assert (outcome.status, outcome.output) == ("completed", {"ok": True})
    assert (world.seen("/first"), world.seen("/second")) == (1, 2)
    assert len({request["headers"]["idempotency-key"] for request in world.requests if request["path"] == "/second"}) == 2


async def test_a_run_that_is_over_stays_as_it_is(runs: Runs, world: World) -> None:
    world.json("/x", "{}")
    first = await runs.start([{"x": call(world, "/x")}], {})

    again = await runs.after_kill()

    assert (again, world.seen("/x")) == (first, 1)


@pytest.mark.parametrize("error", [LeaseLost("gone"), StoreUnavailable("away")])
async def test_trouble_of_the_store_is_never_the_workflows_result(runs: Runs, world: World, error: Exception) -> None:
    """No `try` sees it and the run keeps its state."""

    class Failing(MemoryJournal):
        async def flush(self) -> None:
            raise error

    world.json("/x", "{}")
    runs.fresh()
    runs.deps = replace(runs.deps, journal=Failing())
    runs.definition = definition([{"t": {"try": [{"x": call(world, "/x")}], "catch": {"do": [{"h": {"set": {"x": 1}}}]}}}])

    with pytest.raises(type(error)):
        await runs.go_on()

    assert world.seen("/x") == 0


async def test_a_loop_of_a_thousand_items_costs_the_same_per_item_from_beginning_to_end(runs: Runs) -> None:
    """No step looks back: four times the items make about four times the calls (counted, so that a busy machine does not matter)."""

    async def calls(count: int) -> int:
        loop = {"for": {"in": ".items"}, "do": [{"a": {"set": {"n": "${ $item }"}}}]}
        seen = itertools.count()
        sys.setprofile(lambda _frame, event, _argument: next(seen) if event == "call" else None)
        try:
            outcome = await runs.start([{"loop": loop}], {"items": list(range(count))})
        finally:
            sys.setprofile(None)
        assert outcome.output == {"n": count - 1}
        return next(seen)

    await calls(100)
    small, large = await calls(1000), await calls(4000)

    assert large < 4.4 * small
    assert len(runs.journal.rows) == 4001


async def test_a_run_that_never_stops_meets_its_budget(runs: Runs) -> None:
    from graphs.run import Limits

    outcome = await runs.start([{"a": {"set": {"x": 1}, "then": "a"}}], {}, limits=Limits(max_steps=500))

    assert outcome.error is not None
    assert outcome.error["title"] == "Budget Exceeded"
