"""`now` is a step's moment: what an unfinished composite task decided before a kill or a park, it decides again after it."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.ports import Row
from tests.unit.run.harness import Runs, Tasks, World
from tests.unit.run.test_durability import call, hanging
from tests.unit.run.test_waiting import MovableClock

BEGAN = MovableClock().time.timestamp()
AN_HOUR = 3600.0
BODY: Tasks = [{"ask": {"listen": {"to": {"one": {"with": {"type": "go"}}}}, "output": {"as": "$input"}}}, {"next": {"set": "${ . }"}}]
ON_TIME = f"now < {BEGAN + 60}"


def go_on(runs: Runs, number: int) -> None:
    runs.mailbox.post_event({"id": str(number), "source": "/s", "type": "go"})


async def after_an_hour(runs: Runs, clock: MovableClock) -> Any:
    clock.pass_(AN_HOUR)
    return await runs.after_kill()


@pytest.mark.parametrize(
    ("task", "output"),
    [
        ({"if": ON_TIME, "do": BODY}, {"n": 1}),
        ({"input": {"from": "{ at: now }"}, "do": BODY}, {"at": BEGAN}),
        ({"for": {"in": f"if {ON_TIME} then [1] else [] end"}, "do": [*BODY, {"seen": {"set": {"seen": "${ $item }"}}}]}, {"seen": 1}),
        ({"for": {"in": "[1]"}, "while": ON_TIME, "do": [*BODY, {"seen": {"set": {"seen": "${ $item }"}}}]}, {"seen": 1}),
        ({"input": {"from": "{ at: $task.startedAt.epoch.seconds }"}, "do": BODY}, {"at": BEGAN}),
    ],
    ids=["if", "input.from", "in", "while", "startedAt"],
)
async def test_what_a_composite_task_decided_holds_after_a_resume(runs: Runs, task: dict[str, Any], output: Any) -> None:
    """The run is parked inside the task, an hour passes, another process goes on."""
    clock = MovableClock()
    assert (await runs.start([{"t": task}], {"n": 1}, clock=clock)).status == "waiting"

    go_on(runs, 1)
    outcome = await after_an_hour(runs, clock)

    assert outcome.output == output


async def test_a_caught_error_is_judged_at_the_moment_it_happened(runs: Runs) -> None:
    clock = MovableClock()
    attempt: Tasks = [
        {"r": {"raise": {"error": {"type": "https://x.org/e", "status": 500, "title": "No", "detail": "${ now | tostring }"}}}}
    ]
    late: Tasks = [{"r": {"raise": {"error": {"type": "https://x.org/late", "status": 500, "title": "Late"}}}}]
    task = {"try": attempt, "catch": {"when": ON_TIME, "do": [*BODY, *late]}}
    assert (await runs.start([{"t": task}], {}, clock=clock)).status == "waiting"

    go_on(runs, 1)
    outcome = await after_an_hour(runs, clock)

    assert outcome.error is not None
    assert outcome.error["type"] == "https://x.org/late"


async def test_a_delay_that_was_waited_for_while_parked_counts_once(runs: Runs, world: World) -> None:
    """15 minutes in all, retries 10 minutes apart: after the first pause the second attempt is made, in whatever process."""
    clock = MovableClock()
    world.json("/x", "no", status=503)
    catch = {"retry": {"delay": {"minutes": 10}, "limit": {"duration": {"minutes": 15}}}}
    await runs.start([{"t": {"try": [{"x": call(world, "/x", "get")}], "catch": catch}}], {}, clock=clock)

    clock.pass_(601)
    outcome = await runs.after_kill()

    assert (outcome.status, world.seen("/x")) == ("faulted", 2)


async def test_time_moves_on_from_step_to_step(runs: Runs) -> None:
    """Each step sees when the one before it ended, the steps of a loop too; `output.as` and `export.as` see when the task itself did."""
    clock = MovableClock()
    pause = {"wait": "PT1S", "output": {"as": ". + [now]"}}
    do: Tasks = [
        {"loop": {"for": {"in": "[1, 2, 3]"}, "while": f"now < {BEGAN + 2}", "do": [{"pause": pause}]}},
        {"after": {"set": "${ . + [now] }"}},
    ]

    outcome = await runs.start(do, [], clock=clock)

    assert [moment - BEGAN for moment in outcome.output] == [1, 2, 2]


async def test_a_request_repeated_after_a_kill_is_the_same_request(runs: Runs, world: World) -> None:
    clock = MovableClock()
    free = hanging(world, "/x")
    task = call(world, "/x", "put")
    task["with"]["body"] = "${ now }"

    await runs.kill_when(lambda: world.seen("/x") == 1, [{"x": task}], {}, clock=clock)
    free.set()
    await after_an_hour(runs, clock)

    assert {request["body"] for request in world.requests} == {b"%d" % BEGAN}
    assert len(world.requests) == 2


async def test_a_step_retried_by_a_person_begins_at_that_moment_and_what_stands_around_it_does_not(runs: Runs, world: World) -> None:
    clock = MovableClock()
    world.json("/x", "no", status=503)
    task = call(world, "/x")
    task["with"]["body"] = "${ now }"
    failed = await runs.start([{"t": {"if": ON_TIME, "do": [{"x": task}]}}], {}, clock=clock)
    clock.pass_(AN_HOUR)
    retry = Row(path=failed.failed_path, attempt=1, kind="retry", reference="", status="started", started_at=clock.now())
    runs.journal.rows.append(retry)
    world.json("/x", "1")

    outcome = await runs.after_kill()

    assert (outcome.status, outcome.output) == ("completed", 1)
    assert [float(request["body"]) - BEGAN for request in world.requests] == [0, AN_HOUR]
