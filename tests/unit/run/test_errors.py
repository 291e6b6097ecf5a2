"""Raising, catching, trying again, and timeouts."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.errors import WorkflowError, same_type
from tests.unit.run.harness import Runs, World
from tests.unit.run.test_waiting import MovableClock

BAD = {"type": "https://x.org/bad", "status": 422, "title": "Bad"}
STANDARD = "https://serverlessworkflow.io/spec/1.0.0/errors/"


def failing(error: Any = None) -> dict[str, Any]:
    return {"raise": {"error": error or BAD}}


def counted(world: World, *statuses: int) -> dict[str, Any]:
    """Return a task that calls the world, which answers with *statuses* one after the other, the last for ever."""
    left = list(statuses)
    world.on("/flaky", lambda _request: (left.pop(0) if len(left) > 1 else left[0], {}, b"said"))
    return {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/flaky"}}


async def test_raise_ends_the_run_with_the_error_and_its_place(runs: Runs) -> None:
    """Texts may be expressions; a reusable error is named."""
    outcome = await runs.start(
        [{"a": {"raise": {"error": "late"}}}], {"n": 3}, top={"use": {"errors": {"late": {**BAD, "detail": '${ "by \\(.n) days" }'}}}}
    )

    assert outcome.status == "faulted"
    assert outcome.error == {**BAD, "detail": "by 3 days", "instance": "/do/0/a"}
    assert outcome.failed_path == "/do/0/a"


class TestCatch:
    @pytest.mark.parametrize(
        ("wanted", "caught"),
        [
            ({"status": 422}, True),
            ({"status": 500}, False),
            ({"type": "https://x.org/bad", "title": "Bad"}, True),
            ({"instance": "/do/0/t/try/0/a"}, True),
            ({"details": "nothing"}, False),
        ],
    )
    async def test_filters_by_the_fields_of_the_error(self, runs: Runs, wanted: dict[str, Any], caught: bool) -> None:
        handler = [{"h": {"set": {"handled": "${ $error.status }"}}}]

        outcome = await runs.start([{"t": {"try": [{"a": failing()}], "catch": {"errors": {"with": wanted}, "do": handler}}}], {})

        assert outcome.status == ("completed" if caught else "faulted")
        assert outcome.output == ({"handled": 422} if caught else None)

    async def test_when_and_except_when_see_the_error_as_data_and_by_name(self, runs: Runs) -> None:
        catch = {"as": "e", "when": ".status == 422 and $e.status == 422", "exceptWhen": "$error.status == 500"}

        outcome = await runs.start([{"t": {"try": [{"a": failing()}], "catch": {**catch, "do": [{"h": {"set": "${ . }"}}]}}}], {"kept": 1})

        assert outcome.output == {"kept": 1}

    async def test_without_do_the_try_outputs_its_input(self, runs: Runs) -> None:
        outcome = await runs.start([{"t": {"try": [{"s": {"set": {"x": 1}}}, {"a": failing()}], "catch": {}}}], {"kept": 1})

        assert outcome.output == {"kept": 1}

    async def test_standard_types_compare_by_their_last_segment(self) -> None:
        assert same_type(f"{STANDARD}communication", "https://serverlessworkflow.io/dsl/errors/types/communication")
        assert not same_type(f"{STANDARD}communication", "https://mine.org/errors/communication")
        assert not same_type(f"{STANDARD}communication", f"{STANDARD}timeout")


class TestRetry:
    async def test_tries_again_until_it_works_and_marks_the_attempts(self, runs: Runs, world: World) -> None:
        catch = {"errors": {"with": {"status": 503}}, "retry": {"delay": {"milliseconds": 5}, "limit": {"attempt": {"count": 5}}}}

        outcome = await runs.start([{"t": {"try": [{"a": counted(world, 503, 503, 200)}], "catch": catch}}], {})

        assert outcome.status == "completed"
        assert runs.rows("/do/0/t/try/0/a") == ["faulted"]
        assert runs.rows("/do/0/t/try#3/0/a") == ["finished"]

    async def test_a_count_of_two_is_two_retries_and_then_the_error_goes_on(self, runs: Runs, world: World) -> None:
        catch = {"retry": {"limit": {"attempt": {"count": 2}}}}

        outcome = await runs.start([{"t": {"try": [{"a": counted(world, 503)}], "catch": catch}}], {})

        assert world.seen("/flaky") == 3
        assert outcome.error is not None
        assert (outcome.error["status"], outcome.error["instance"]) == (503, "/do/0/t/try/0/a")

    async def test_with_do_the_handler_runs_once_the_retries_are_used_up(self, runs: Runs, world: World) -> None:
        catch = {"retry": "often", "do": [{"h": {"set": {"gave": "${ $error.status }"}}}]}
        top = {"use": {"retries": {"often": {"limit": {"attempt": {"count": 1}}}}}}

        outcome = await runs.start([{"t": {"try": [{"a": counted(world, 500)}], "catch": catch}}], {}, top=top)

        assert (outcome.output, world.seen("/flaky")) == ({"gave": 500}, 2)

    async def test_the_policy_decides_which_errors_are_tried_again(self, runs: Runs, world: World) -> None:
        catch = {"retry": {"exceptWhen": ".status == 400"}}

        outcome = await runs.start([{"t": {"try": [{"a": counted(world, 503, 400)}], "catch": catch}}], {})

        assert world.seen("/flaky") == 2
        assert outcome.error is not None
        assert outcome.error["status"] == 400

    async def test_an_outer_retry_begins_the_inner_one_afresh(self, runs: Runs, world: World) -> None:
        once = {"retry": {"limit": {"attempt": {"count": 1}}}}
        inner = {"try": [{"a": counted(world, 500)}], "catch": once}

        outcome = await runs.start([{"outer": {"try": [{"inner": inner}], "catch": once}}], {})

        assert (outcome.status, world.seen("/flaky")) == ("faulted", 4)
        assert runs.rows("/do/0/outer/try#2/0/inner/try#2/0/a") == ["faulted"]

    @pytest.mark.parametrize(
        ("backoff", "naps_s"), [("constant", [0.2, 0.2, 0.2]), ("linear", [0.2, 0.4, 0.6]), ("exponential", [0.2, 0.4, 0.8])]
    )
    async def test_waits_longer_each_time_as_the_backoff_says(self, runs: Runs, world: World, backoff: str, naps_s: list[float]) -> None:
        retry = {"delay": '${ "PT0.2S" }', "backoff": {backoff: {}}, "limit": {"attempt": {"count": 3}}}
        clock = MovableClock()

        await runs.start([{"t": {"try": [{"a": counted(world, 500)}], "catch": {"retry": retry}}}], {}, clock=clock)

        assert clock.naps_s == pytest.approx(naps_s)

    async def test_gives_up_when_the_next_attempt_would_exceed_the_whole_duration(self, runs: Runs, world: World) -> None:
        retry = {"delay": {"milliseconds": 40}, "jitter": {"from": {}, "to": {}}, "limit": {"duration": {"milliseconds": 100}}}
        retry["jitter"] = {"from": {"milliseconds": 1}, "to": {"milliseconds": 2}}

        await runs.start([{"t": {"try": [{"a": counted(world, 500)}], "catch": {"retry": retry}}}], {}, clock=MovableClock())

        assert world.seen("/flaky") == 3

    async def test_ends_an_attempt_that_takes_too_long(self, runs: Runs) -> None:
        retry = {"limit": {"attempt": {"count": 1, "duration": {"milliseconds": 20}}}}

        outcome = await runs.start([{"t": {"try": [{"w": {"wait": {"seconds": 2}}}], "catch": {"retry": retry}}}], {})

        assert outcome.error is not None
        assert (outcome.error["status"], outcome.error["detail"]) == (408, "the attempt did not end within 0.02 s")


class TestTimeout:
    async def test_of_a_task_can_be_caught(self, runs: Runs) -> None:
        slow = {"wait": {"seconds": 2}, "timeout": {"after": {"milliseconds": 20}}}
        catch = {
            "errors": {"with": {"type": f"{STANDARD}timeout", "status": 408}},
            "do": [{"h": {"set": {"late": "${ $error.instance }"}}}],
        }

        outcome = await runs.start([{"t": {"try": [{"slow": slow}], "catch": catch}}], {})

        assert outcome.output == {"late": "/do/0/t/try/0/slow"}

    async def test_of_the_workflow_cannot_be_caught_inside(self, runs: Runs) -> None:
        body = {"try": [{"slow": {"wait": {"seconds": 2}}}], "catch": {"do": [{"h": {"set": {"caught": True}}}]}}

        outcome = await runs.start([{"t": body}], {}, top={"timeout": {"after": {"milliseconds": 30}}})

        assert outcome.error is not None
        assert (outcome.error["status"], outcome.error["instance"]) == (408, "/")

    async def test_by_name_and_not_reached_changes_nothing(self, runs: Runs) -> None:
        outcome = await runs.start(
            [{"a": {"set": {"n": 1}, "timeout": "short"}}], {}, top={"use": {"timeouts": {"short": {"after": "PT1M"}}}}
        )

        assert outcome.output == {"n": 1}


def test_an_error_keeps_everything_through_json() -> None:
    error = WorkflowError("https://x.org/bad", 400, "Bad", "why", "/do/0/a")

    assert WorkflowError.from_json(error.to_json()).to_json() == error.to_json()
