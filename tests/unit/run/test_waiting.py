"""Waiting: timers, events, people, deadlines, cancelling. Parked runs hold nothing; deliveries reach a branch while others work."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.run.harness import Runs, World, definition, until
from tests.unit.run.test_durability import call, hanging

APPROVE = {"call": "approve:1.0.0@default", "with": {"title": "Pay ${ .n }?", "data": "${ .n }", "assignee": "ada"}}
LISTEN = {"listen": {"to": {"one": {"with": {"type": "order.paid", "subject": "${ .id }"}}}}}
EVENT = {"id": "1", "source": "/shop", "type": "order.paid", "subject": "o7", "data": {"euro": 3}}
YES = {"approved": True, "comment": "fine", "by": "ada"}


class MovableClock:
    """A clock that moves when told; sleeping moves it too. `naps_s` is how long each sleep was."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.naps_s: list[float] = []

    def now(self) -> datetime:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.naps_s.append(seconds)
        self.pass_(seconds)
        await asyncio.sleep(0)


async def test_a_short_wait_stays_in_the_process_and_a_long_one_parks(runs: Runs) -> None:
    clock = MovableClock()

    outcome = await runs.start([{"short": {"wait": "PT2S"}}, {"long": {"wait": {"minutes": 5}}}, {"s": {"set": {"n": 1}}}], {}, clock=clock)

    assert outcome.status == "waiting"
    assert [(one.kind, one.path, one.wake_at) for one in outcome.awaited] == [("timer", "/do/1/long", clock.time + timedelta(minutes=5))]

    assert (await runs.go_on()).status == "waiting"  # nothing has come yet
    clock.pass_(301)
    assert (await runs.after_kill()).output == {"n": 1}


async def test_a_timer_keeps_its_first_time_over_restarts(runs: Runs) -> None:
    clock = MovableClock()
    await runs.start([{"long": {"wait": {"minutes": 5}}}], {}, clock=clock)

    clock.pass_(200)
    await runs.after_kill()
    clock.pass_(101)

    assert (await runs.after_kill()).status == "completed"


class TestPeople:
    async def test_an_approval_waits_with_its_form_and_gives_the_answer(self, runs: Runs) -> None:
        outcome = await runs.start([{"a": {**APPROVE, "with": {"title": "Pay?", "data": "${ .n }", "assignee": "ada"}}}], {"n": 5})
        form = {"title": "Pay?", "message": None, "data": 5, "assignee": "ada"}
        assert [(one.kind, one.reference, one.form) for one in outcome.awaited] == [("approve", "/do/0/a", form)]

        runs.mailbox.answer("/do/0/a", YES)

        assert (await runs.go_on()).output == YES

    async def test_a_rejected_approval_is_an_answer_to_branch_on(self, runs: Runs) -> None:
        decide = {"switch": [{"no": {"when": ".approved | not", "then": "stop"}}]}
        await runs.start(
            [{"a": APPROVE}, {"d": decide}, {"go": {"set": {"went": 1}, "then": "end"}}, {"stop": {"set": {"stopped": "${ .comment }"}}}],
            {},
        )

        runs.mailbox.answer("/do/0/a", {"approved": False, "comment": "too dear"}, by="bob")

        assert (await runs.go_on()).output == {"stopped": "too dear"}

    async def test_nobody_in_time_is_a_timeout(self, runs: Runs) -> None:
        clock = MovableClock()
        approve = {"call": "approve:1.0.0@default", "with": {"title": "Pay?", "deadline": "PT1H"}}
        await runs.start([{"a": approve}], {}, clock=clock)

        clock.pass_(3601)
        outcome = await runs.go_on()

        assert outcome.error is not None
        assert (outcome.error["type"].rpartition("/")[2], outcome.error["detail"]) == ("timeout", "nobody answered 'Pay?' in time")

    async def test_an_ask_gives_the_values_of_its_form(self, runs: Runs) -> None:
        schema = {"type": "object", "properties": {"size": {"type": "integer"}}}
        outcome = await runs.start([{"q": {"call": "ask:1.0.0@default", "with": {"title": "Size?", "schema": schema}}}], {})
        assert outcome.awaited[0].form is not None
        assert (outcome.awaited[0].kind, outcome.awaited[0].form["schema"]) == ("ask", schema)

        runs.mailbox.answer("/do/0/q", {"size": 4})

        assert (await runs.go_on()).output == {"size": 4}

    async def test_two_branches_wait_at_once_and_are_answered_one_by_one(self, runs: Runs) -> None:
        fork = {"fork": {"branches": [{"x": APPROVE}, {"y": APPROVE}]}, "output": {"as": "map(.comment)"}}
        outcome = await runs.start([{"f": fork}], {})
        assert {one.path for one in outcome.awaited} == {"/do/0/f/fork/branches/0/x", "/do/0/f/fork/branches/1/y"}

        runs.mailbox.answer("/do/0/f/fork/branches/1/y", {**YES, "comment": "second"})
        outcome = await runs.go_on()
        assert [one.path for one in outcome.awaited] == ["/do/0/f/fork/branches/0/x"]

        runs.mailbox.answer("/do/0/f/fork/branches/0/x", {**YES, "comment": "first"})
        assert (await runs.go_on()).output == ["first", "second"]

    async def test_a_branch_takes_its_answer_while_another_works(self, runs: Runs, world: World) -> None:
        """The order of events: answered and finished while the other branch still waits for a server."""
        free = hanging(world, "/held")
        working = {"do": [{"w": call(world, "/held", "get")}, {"late": {"set": {"x": 1}}}]}
        waiting = {"do": [{"a": APPROVE}, {"early": {"set": {"x": 1}}}]}
        runs.fresh()
        runs.definition = definition([{"f": {"fork": {"branches": [{"x": working}, {"y": waiting}]}}}])
        task = asyncio.create_task(runs.go_on({}))
        path = "/do/0/f/fork/branches/1/y/do/0/a"
        await until(lambda: path in runs.mailbox.awaited)

        runs.mailbox.answer(path, YES)
        await until(lambda: any(row.path.endswith("/early") and row.status == "finished" for row in runs.deps.observer.rows))  # type: ignore[attr-defined]
        free.set()
        outcome = await task

        order = [row.path.rpartition("/")[2] for row in runs.journal.rows]
        assert outcome.status == "completed"
        assert order.index("early") < order.index("late")


class TestEvents:
    async def test_listening_gives_a_list_with_the_events_data(self, runs: Runs) -> None:
        outcome = await runs.start([{"l": LISTEN}], {"id": "o7"})
        assert outcome.awaited[0].event == {"type": "order.paid", "subject": "o7"}

        runs.mailbox.post_event({**EVENT, "subject": "other"})
        assert (await runs.go_on()).status == "waiting"
        runs.mailbox.post_event(EVENT)

        assert (await runs.go_on()).output == [{"euro": 3}]

    async def test_an_event_that_came_early_is_not_lost(self, runs: Runs) -> None:
        outcome = await runs.start([{"l": {**LISTEN, "listen": {**LISTEN["listen"], "read": "envelope"}}}], {"id": "o7"}, events=[EVENT])

        assert outcome.output == [EVENT]

    async def test_emitting_publishes_a_cloud_event_once_with_the_same_id(self, runs: Runs) -> None:
        event = {"source": "https://shop.org", "type": "order.placed", "data": {"n": "${ .n }"}}

        outcome = await runs.start([{"e": {"emit": {"event": {"with": event}}}}], {"n": 3})

        assert {key: outcome.output[key] for key in ("specversion", "source", "type", "data")} == {
            "specversion": "1.0", "source": "https://shop.org", "type": "order.placed", "data": {"n": 3},
        }  # fmt: skip
        assert runs.deps.events.published == [outcome.output]  # type: ignore[attr-defined]
        await runs.deps.events.publish({**outcome.output, "time": "later"})
        assert len(runs.deps.events.published) == 1  # type: ignore[attr-defined]


class TestDeadlines:
    async def test_a_timeout_holds_while_the_run_is_parked(self, runs: Runs) -> None:
        """The timer is among what the parked run waits for, and its time does not start again."""
        clock = MovableClock()
        slow = {"do": [{"a": APPROVE}], "timeout": {"after": "PT1H"}}
        outcome = await runs.start([{"d": slow}], {}, clock=clock)
        assert [(one.kind, one.path) for one in outcome.awaited] == [("approve", "/do/0/d/do/0/a"), ("timer", "/do/0/d/timeout")]

        clock.pass_(1800)
        assert (await runs.after_kill()).status == "waiting"
        clock.pass_(1801)
        outcome = await runs.after_kill()

        assert outcome.error is not None
        assert (outcome.error["status"], outcome.error["instance"]) == (408, "/do/0/d")

    async def test_a_task_that_ends_in_time_gives_its_timer_up(self, runs: Runs) -> None:
        clock = MovableClock()
        await runs.start([{"d": {"do": [{"a": APPROVE}], "timeout": {"after": "PT1H"}}}, {"b": APPROVE}], {}, clock=clock)

        runs.mailbox.answer("/do/0/d/do/0/a", YES)
        outcome = await runs.after_kill()

        assert [one.path for one in outcome.awaited] == ["/do/1/b"]
        assert set(runs.mailbox.awaited) == {"/do/1/b"}

    async def test_a_retry_delay_that_is_long_parks(self, runs: Runs) -> None:
        clock = MovableClock()
        bad = {"raise": {"error": {"type": "https://x.org/bad", "status": 500}}}
        catch = {"retry": {"delay": {"minutes": 1}, "backoff": {"exponential": {}}, "limit": {"attempt": {"count": 2}}}}
        outcome = await runs.start([{"t": {"try": [{"a": bad}], "catch": catch}}], {}, clock=clock)
        assert [(one.path, one.reference) for one in outcome.awaited] == [("/do/0/t/try#2", "/do/0/t")]

        clock.pass_(61)
        outcome = await runs.after_kill()
        assert [(one.path, one.wake_at) for one in outcome.awaited] == [("/do/0/t/try#3", clock.time + timedelta(minutes=2))]

        clock.pass_(121)
        assert (await runs.after_kill()).status == "faulted"


class TestStopping:
    async def test_cancelling_a_run_withdraws_what_it_waits_for(self, runs: Runs, world: World) -> None:
        hanging(world, "/held")
        runs.fresh()
        runs.definition = definition([{"f": {"fork": {"branches": [{"a": APPROVE}, {"w": call(world, "/held", "get")}]}}}])
        task = asyncio.create_task(runs.go_on({}))
        await until(lambda: bool(runs.mailbox.awaited))

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert runs.mailbox.awaited == {}

    async def test_releasing_a_run_keeps_what_it_waits_for(self, runs: Runs, world: World) -> None:
        hanging(world, "/held")
        runs.fresh()
        runs.definition = definition([{"f": {"fork": {"branches": [{"a": APPROVE}, {"w": call(world, "/held", "get")}]}}}])
        task = asyncio.create_task(runs.go_on({}))
        await until(lambda: bool(runs.mailbox.awaited))

        task.cancel("release")
        with contextlib.suppress(asyncio.CancelledError):
            await task

        assert list(runs.mailbox.awaited) == ["/do/0/f/fork/branches/0/a"]

    async def test_a_lost_race_is_withdrawn(self, runs: Runs) -> None:
        branches = [{"a": APPROVE}, {"w": {"do": [{"s": {"wait": {"milliseconds": 30}}}, {"n": {"set": {"n": 1}}}]}}]

        outcome = await runs.start([{"f": {"fork": {"compete": True, "branches": branches}}}], {})

        assert (outcome.output, runs.mailbox.awaited) == ({"n": 1}, {})

    async def test_a_parked_run_leaves_no_task_behind(self, runs: Runs) -> None:
        fork: dict[str, Any] = {"fork": {"branches": [{"x": APPROVE}, {"y": {"wait": {"hours": 1}}}]}}

        await runs.start([{"f": fork}], {})

        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and task.get_name().startswith("run ")] == []
        assert len(asyncio.all_tasks()) == 1
