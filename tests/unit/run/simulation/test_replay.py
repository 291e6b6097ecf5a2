"""What a change changes in runs that were recorded."""

from __future__ import annotations

from typing import Any

from graphs.run.ports import Row
from graphs.run.simulation import Recorded, recorded_of, replay
from graphs.run.simulation.replaying import differences
from tests.unit.run.harness import Runs as RealRuns
from tests.unit.run.harness import Tasks, World, definition
from tests.unit.run.simulating import FUNCTIONS, Simulations

FETCH = {"fetch": {"call": "http", "with": {"method": "get", "endpoint": "https://a.example"}, "output": {"as": ".orders"}}}


def keep(limit: int) -> dict[str, Any]:
    return {"keep": {"set": {"large": f"${{ map(select(.total > {limit})) }}"}}}


def runs() -> list[Recorded]:
    return [
        Recorded(name="one", input={}, outputs={"/do/0/fetch": {"orders": [{"total": 150}]}}, output={"large": [{"total": 150}]}),
        Recorded(name="two", input={}, outputs={"/do/0/fetch": {"orders": [{"total": 70}]}}, output={"large": []}),
    ]


async def test_only_runs_that_end_otherwise_are_told_as_changed(simulations: Simulations) -> None:
    old, new = definition([FETCH, keep(100)]), definition([FETCH, keep(50)])
    one, two = await replay(new, old, runs(), FUNCTIONS, expressions=simulations.expressions)

    assert (one.same, two.same) == (True, False)
    assert [change.to_json() for change in two.differences] == [{"path": "/large/0", "after": {"total": 70}}]


async def test_a_task_that_moved_keeps_its_answer_and_a_new_one_is_made_up(simulations: Simulations) -> None:
    first = {"greet": {"call": "http", "with": {"method": "post", "endpoint": "https://b.example"}, "output": {"as": "${ $input }"}}}
    new = definition([first, FETCH, keep(100)])
    (one, _) = await replay(new, definition([FETCH, keep(100)]), runs(), FUNCTIONS, expressions=simulations.expressions)

    assert one.same
    assert list(one.made_up) == ["/do/0/greet"]
    assert [call.path for call in one.calls] == ["/do/0/greet"]


async def test_a_journal_tells_what_a_run_was_answered(expressions: Any, world: World) -> None:
    from graphs.run.http import guarded_http

    world.json("/orders", '{"orders": [{"total": 150}]}')
    fetch: Tasks = [{"fetch": {**FETCH["fetch"], "with": {"method": "get", "endpoint": f"{world.url}/orders"}}}]
    async with guarded_http(["127.0.0.0/8"]) as http:
        real = RealRuns(expressions, http)
        outcome = await real.start([*fetch, keep(100)])
    old = real.definition
    rows: list[Row] = real.journal.rows
    recorded = recorded_of(old, FUNCTIONS, rows, given=None, status=outcome.status, output=outcome.output, name="run")
    await world.close()

    (same,) = await replay(old, old, [recorded], FUNCTIONS, expressions=expressions)
    (other,) = await replay(definition([*fetch, keep(200)]), old, [recorded], FUNCTIONS, expressions=expressions)
    assert (same.same, other.same) == (True, False)
    assert world.seen("/orders") == 1


def test_differences_are_told_at_their_place() -> None:
    before, after = {"a": [1, {"b": 2}], "c": 1}, {"a": [1, {"b": 3}, 4], "c": True}
    assert [(one.path, one.after) for one in differences(before, after)] == [("/a/1/b", 3), ("/a/2", 4), ("/c", True)]
