"""Schedules on a real database: what starts, how often, by which version, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.actions import Actor, Conflict, Invalid, NotFound
from app.actions.trigger_views import TriggerView
from app.container import Container, Prepared
from app.scheduling.loop import Schedules
from app.settings import Settings
from app.views import RunView
from app.web import trigger_routes
from app.web.api import add_api, signed_in
from tests.fakes import approved, definition, working

pytestmark = pytest.mark.postgres
A = "a: {set: {x: 1}}"
WAITS = "hear: {listen: {to: {one: {with: {type: never}}}}}"


def scheduled(schedule: str, *tasks: str, name: str = "sample", version: str = "1.0.0", parley: str = "", use: str = "") -> str:
    text = definition(*(tasks or (A,)), name=name, version=version, use=f"schedule: {schedule}\n{use}")
    return text.replace(f"version: {version}}}", f"version: {version}, metadata: {{parley: {{{parley}}}}}}}", 1) if parley else text


async def activated(container: Container, actor: Actor, text: str) -> TriggerView:
    return await container.actions.activate(actor, (await approved(container, actor, text)).id)


async def due(container: Container, actor: Actor, ago: str) -> None:
    """Let what was activated be due since *ago*, as if nobody had looked since: `10 minutes`."""
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute(f"UPDATE parley.triggers SET next_due = now() - interval '{ago}', anchor = now() - interval '{ago}' * 2")


async def ticks(container: Container, *, until: int = 2) -> None:
    """Look as a worker does, as long as there is something to do."""
    schedules = Schedules(container)
    for _ in range(until):
        async with asyncio.timeout(20):
            await schedules.step()


async def end_runs(container: Container, actor: Actor, status: str = "completed") -> None:
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute("UPDATE parley.runs SET status = %s, ended_at = now() WHERE status = 'ready'", [status])


async def lines(container: Container, actor: Actor) -> list[tuple[str, str]]:
    """Return (outcome, reason) of what schedules did, in order."""
    async with container.store.database.transaction(actor.tenant) as connection:
        rows = await connection.execute("SELECT outcome, reason FROM parley.trigger_starts ORDER BY number")
        return [(outcome, reason) for outcome, reason in await rows.fetchall()]


async def eventually(
    container: Container, actor: Actor, holds: Callable[[list[RunView]], bool], *, within_s: float = 15.0
) -> list[RunView]:
    """Return the runs, newest first, as soon as *holds* says yes."""
    give_up = asyncio.get_running_loop().time() + within_s
    while True:
        runs = await container.actions.runs(actor)
        if holds(runs):
            return runs
        assert asyncio.get_running_loop().time() < give_up, [(run.status, run.version) for run in runs]
        await asyncio.sleep(0.05)


def event(id_: str, kind: str = "order.placed", **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": id_, "source": "/shop", "type": kind, **more}


async def inputs(container: Container, actor: Actor) -> list[Any]:
    """Return what the runs were given, the first one first."""
    async with container.store.database.transaction(actor.tenant) as connection:
        rows = await connection.execute(
            "SELECT r.input FROM parley.runs r JOIN parley.trigger_starts s ON s.run_id = r.id ORDER BY s.number"
        )
        return [row[0] for row in await rows.fetchall()]


async def ids_of(container: Container, actor: Actor) -> list[list[str]]:
    return [[one["id"] for one in given] for given in await inputs(container, actor)]


class TestAClock:
    async def test_a_worker_starts_what_is_due_and_the_run_goes_to_its_end(self, container: Container, actor: Actor) -> None:
        async with working(container):
            view = await activated(container, actor, scheduled("{every: PT1S}"))
            runs = await eventually(container, actor, lambda runs: len([run for run in runs if run.status == "completed"]) >= 2)

        assert (view.status, view.next_due is not None, view.starts[0]["words"]) == ("active", True, "Every second")
        assert {run.started_by for run in runs} == {"schedule"}

    async def test_approving_alone_starts_nothing(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, scheduled("{every: PT1S}"))
        await ticks(container)
        [view] = await container.actions.triggers(actor)

        assert await container.actions.runs(actor) == []
        assert (view.status, view.version_id, view.next_due) == ("inactive", version.id, None)

    @pytest.mark.parametrize(
        ("parley", "outcomes"),
        [
            ("missed: once", [("started", "")]),
            ("missed: skip", [("skipped", "missed, and times before it")]),
            ("missed: all, overlap: parallel", [("started", "")] * 4),
            ("missed: all", [("started", ""), *[("queued", "")] * 3]),
        ],
    )
    async def test_what_was_missed_while_nobody_was_there(
        self, container: Container, actor: Actor, parley: str, outcomes: Sequence[tuple[str, str]]
    ) -> None:
        """Nobody looked for 15 minutes at something that starts every 5."""
        times = sorted({(datetime.now(UTC) - timedelta(minutes=ago)).minute for ago in (17, 12, 7, 2)})
        await activated(container, actor, scheduled(f"{{cron: '{','.join(map(str, times))} * * * *'}}", parley=parley))
        async with container.store.database.transaction(actor.tenant) as connection:
            await connection.execute("UPDATE parley.triggers SET next_due = date_trunc('minute', now() - interval '17 minutes')")

        await ticks(container)

        assert await lines(container, actor) == outcomes
        [view] = await container.actions.triggers(actor)
        assert view.next_due is not None
        assert datetime.fromisoformat(view.next_due) > datetime.now(UTC)

    async def test_a_run_that_has_not_ended_keeps_the_next_from_starting(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{every: PT1H}", parley="overlap: skip"))
        for _ in range(2):
            await due(container, actor, "1 second")
            await ticks(container)
        await end_runs(container, actor)
        await due(container, actor, "2 seconds")
        await ticks(container)

        assert await lines(container, actor) == [("started", ""), ("skipped", "the previous run had not ended"), ("started", "")]

    @pytest.mark.parametrize("how", ["completed", "faulted", "cancelled"])
    async def test_a_queued_start_comes_when_the_run_before_has_ended_however(self, container: Container, actor: Actor, how: str) -> None:
        await activated(container, actor, scheduled("{every: PT1H}", parley="overlap: queue"))
        for ago in ("3 seconds", "2 seconds", "1 second"):
            await due(container, actor, ago)
            await ticks(container)
        [before] = await container.actions.runs(actor)
        [view] = await container.actions.triggers(actor)
        await end_runs(container, actor, how)
        await ticks(container)
        after = await container.actions.runs(actor)

        assert (view.waiting, [run.id for run in after][1:]) == (2, [before.id])
        assert sorted(outcome for outcome, _ in await lines(container, actor)) == ["queued", "started", "started"]

    async def test_after_starts_at_once_and_again_when_the_run_has_ended(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{after: PT1S}"))
        await ticks(container)
        first = await container.actions.runs(actor)
        await ticks(container)
        still = await container.actions.runs(actor)
        await end_runs(container, actor, "faulted")
        runs = []
        for _ in range(60):
            await ticks(container, until=1)
            runs = await container.actions.runs(actor)
            if len(runs) == 2:
                break

        assert (len(first), len(still), len(runs)) == (1, 1, 2)
        ended, started = (await self._ended(container, actor, first[0].id)), datetime.fromisoformat(runs[0].created_at)
        assert (started - ended).total_seconds() >= 1

    async def _ended(self, container: Container, actor: Actor, run_id: str) -> datetime:
        return datetime.fromisoformat(str((await container.actions.run(actor, run_id)).ended_at))

    async def test_a_clock_that_was_set_back_silences_nothing_and_repeats_nothing(self, container: Container, actor: Actor) -> None:
        """The row was written by a clock a year ahead: it goes on from now. The minute that had its run before has none again."""
        await activated(container, actor, scheduled("{cron: '* * * * *'}", parley="overlap: parallel"))
        await due(container, actor, "1 second")
        await ticks(container)
        ahead = "now() + interval '1 year'"
        async with container.store.database.transaction(actor.tenant) as connection:
            await connection.execute(f"UPDATE parley.triggers SET next_due = {ahead}, decided_at = {ahead}")
        await ticks(container)
        [view] = await container.actions.triggers(actor)
        async with container.store.database.transaction(actor.tenant) as connection:
            rows = await connection.execute("UPDATE parley.triggers SET next_due = date_trunc('minute', now()) RETURNING next_due")
            minute = (await rows.fetchall())[0][0].astimezone(UTC).isoformat()
            await connection.execute("UPDATE parley.trigger_starts SET key = %s", [minute])
        await ticks(container)

        assert (datetime.fromisoformat(str(view.next_due)) - datetime.now(UTC)).total_seconds() <= 60
        assert len(await container.actions.runs(actor)) == 1

    async def test_what_a_schedule_may_not_start_is_told_and_does_not_stop_it(self, container: Container, actor: Actor) -> None:
        text = scheduled("{every: PT1H}", "t: {call: 'notify:1.0.0@default', with: {channel: chat, text: hi}}")
        await activated(container, actor, text)
        key = "notify:1.0.0"
        before = container.catalogue[key]
        container.catalogue[key] = before.model_copy(update={"summary": "something else"})  # type: ignore[index]
        await due(container, actor, "1 second")
        await ticks(container)
        [refused] = await container.actions.triggers(actor)
        container.catalogue[key] = before  # type: ignore[index]
        await due(container, actor, "1 second")
        await ticks(container)
        [fine] = await container.actions.triggers(actor)

        assert "the function notify:1.0.0 has changed" in refused.error
        assert (refused.last or {})["outcome"] == "refused"
        assert (fine.error, (fine.last or {})["outcome"], len(await container.actions.runs(actor))) == ("", "started", 1)


class TestVersions:
    async def test_a_new_version_takes_over_when_it_is_activated_and_old_runs_finish_on_theirs(
        self, container: Container, actor: Actor
    ) -> None:
        await activated(container, actor, scheduled("{every: PT1H}", WAITS))
        await due(container, actor, "1 second")
        await ticks(container)
        second = await approved(container, actor, scheduled("{every: PT1H}", version="1.1.0"))
        [unchanged] = await container.actions.triggers(actor)
        await container.actions.activate(actor, second.id)
        await due(container, actor, "1 second")
        await ticks(container)
        runs = await container.actions.runs(actor)
        [view] = await container.actions.triggers(actor)
        [line] = [one for one in await container.actions.audit(actor) if one["act"] == "activate" and "replaces" in one["details"]]

        assert (unchanged.version, view.version) == ("1.0.0", "1.1.0")
        assert [(run.version, run.status) for run in runs] == [("1.1.0", "ready"), ("1.0.0", "ready")]
        assert (line["details"]["replaces"], line["subject"]) == (unchanged.version_id, "schedule:test/sample")

    @pytest.mark.parametrize(("overlap", "versions"), [("queue", ["1.1.0", "1.0.0"]), ("parallel", ["1.0.0"])])
    async def test_queued_starts_begin_the_new_version_unless_it_no_longer_queues(
        self, container: Container, actor: Actor, overlap: str, versions: list[str]
    ) -> None:
        await activated(container, actor, scheduled("{every: PT1H}", parley="overlap: queue"))
        for _ in range(2):
            await due(container, actor, "1 second")
            await ticks(container)
        await activated(container, actor, scheduled("{every: PT1H}", version="1.1.0", parley=f"overlap: {overlap}"))
        await end_runs(container, actor)
        await ticks(container)
        [view] = await container.actions.triggers(actor)

        assert [run.version for run in await container.actions.runs(actor)] == versions
        assert view.waiting == 0

    async def test_the_same_schedule_keeps_its_beat_another_one_begins_anew(self, container: Container, actor: Actor) -> None:
        first = await activated(container, actor, scheduled("{every: PT1H}"))
        same = await activated(container, actor, scheduled("{every: PT1H}", version="1.1.0"))
        other = await activated(container, actor, scheduled("{cron: '0 9 * * *'}", version="1.2.0"))

        assert first.next_due == same.next_due
        assert [start["kind"] for start in other.starts] == ["cron"]
        assert len(await container.actions.triggers(actor)) == 1

    async def test_activating_twice_is_activating_once(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, scheduled("{every: PT1H}"))
        first, second = [await container.actions.activate(actor, version.id) for _ in range(2)]

        assert first == second
        assert len([line for line in await container.actions.audit(actor) if line["act"] == "activate"]) == 1

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            (definition(A), "no-schedule"),
            (scheduled("{every: PT0.5S}"), "invalid-schedule"),
            (scheduled("{every: '${ .x }'}"), "invalid-schedule"),
            (scheduled("{every: PT1H}", use="input: {schema: {document: {type: object, required: [n]}}}\n"), "input-needed"),
        ],
    )
    async def test_what_cannot_start_by_itself_is_not_activated(self, container: Container, actor: Actor, text: str, code: str) -> None:
        version = await approved(container, actor, text)

        with pytest.raises(Invalid) as refused:
            await container.actions.activate(actor, version.id)

        assert (refused.value.code, bool(refused.value.why), bool(refused.value.next)) == (code, True, True)


class TestPausing:
    async def test_a_paused_schedule_starts_nothing_and_goes_on_without_what_it_left_out(self, container: Container, actor: Actor) -> None:
        view = await activated(container, actor, scheduled("{every: PT1H}", parley="missed: all"))
        await container.actions.pause(actor, "sample")
        await due(container, actor, "3 hours")
        await ticks(container)
        paused = await container.actions.trigger(actor, "test/sample")
        on = await container.actions.activate(actor, view.version_id)
        await ticks(container)

        assert (paused.status, paused.paused_by, paused.next_due) == ("paused", actor.name, None)
        assert (on.status, await container.actions.runs(actor)) == ("active", [])

    async def test_after_goes_on_when_its_run_ended_during_the_pause(self, container: Container, actor: Actor) -> None:
        view = await activated(container, actor, scheduled("{after: PT0S}"))
        await ticks(container)
        await container.actions.pause(actor, "sample")
        await end_runs(container, actor)
        await ticks(container)
        paused = len(await container.actions.runs(actor))
        await container.actions.activate(actor, view.version_id)
        await ticks(container)

        assert (paused, len(await container.actions.runs(actor))) == (1, 2)

    async def test_a_removed_schedule_is_gone_its_runs_are_not(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{after: PT0S}"))
        await ticks(container)
        await container.actions.deactivate(actor, "sample")
        await end_runs(container, actor)
        await ticks(container)
        [view] = await container.actions.triggers(actor)

        assert (view.status, len(await container.actions.runs(actor))) == ("inactive", 1)
        with pytest.raises(NotFound):
            await container.actions.pause(actor, "sample")

    async def test_the_next_times_are_told_active_or_not(self, container: Container, actor: Actor) -> None:
        await approved(container, actor, scheduled("{cron: '0 9 * * *'}", parley="timezone: Europe/Berlin"))

        times = await container.actions.next_times(actor, "sample")

        assert [time["zone"] for time in times] == ["Europe/Berlin"] * 5
        assert {datetime.fromisoformat(time["at"]).hour for time in times} <= {7, 8}
        assert times == sorted(times, key=lambda time: time["at"])

    async def test_a_name_in_two_namespaces_is_asked_for_with_its_namespace(self, container: Container, actor: Actor) -> None:
        for namespace in ("test", "shop"):
            await activated(container, actor, scheduled("{every: PT1H}").replace("namespace: test", f"namespace: {namespace}"))

        with pytest.raises(Conflict) as refused:
            await container.actions.pause(actor, "sample")

        assert "shop/sample, test/sample" in refused.value.why
        assert (await container.actions.pause(actor, "shop/sample")).status == "paused"


class TestEvents:
    ONE = "{on: {one: {with: {type: order.placed}}}}"

    async def test_each_event_starts_one_run_with_it_as_input_whoever_sent_it_how_often(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled(self.ONE, "a: {set: {amount: '${ .[0].data.amount }'}}"))
        async with working(container):
            await container.actions.accept_events(
                actor, [event("1", data={"amount": 5}), event("2", "other"), event("3", data={"amount": 7})]
            )
            await container.actions.accept_events(actor, [event("1", data={"amount": 5})])
            runs = await eventually(container, actor, lambda runs: [run.status for run in runs] == ["completed"] * 2)

        details = [await container.actions.run(actor, run.id) for run in runs]
        assert sorted(run.output["amount"] for run in details) == [5, 7]
        assert (await inputs(container, actor))[0] == [
            {**event("1", data={"amount": 5}), "time": (await inputs(container, actor))[0][0]["time"]}
        ]

    async def test_before_activation_and_while_paused_events_start_nothing(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, scheduled(self.ONE))
        await container.actions.accept_events(actor, [event("before")])
        await container.actions.activate(actor, version.id)
        await container.actions.accept_events(actor, [event("waiting")])
        await container.actions.pause(actor, "sample")
        await container.actions.accept_events(actor, [event("paused")])
        await container.actions.activate(actor, version.id)
        await container.actions.accept_events(actor, [event("active")])
        await ticks(container)

        assert await ids_of(container, actor) == [["active"]]

    async def test_any_takes_every_one_of_several(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{on: {any: [{with: {type: a}}, {with: {type: b, source: 'https://shop'}}]}}"))
        await container.actions.accept_events(actor, [event("1", "a"), event("2", "b"), {**event("3", "b"), "source": "https://shop"}])
        await ticks(container)

        assert await ids_of(container, actor) == [["1"], ["3"]]

    async def test_all_waits_for_one_of_each_correlated_by_what_they_hold(self, container: Container, actor: Actor) -> None:
        """Two orders, each placed and paid; the events come mixed, over several looks and another process."""
        correlate = "correlate: {order: {from: .data.order}}"
        on = f"{{on: {{all: [{{with: {{type: placed}}, {correlate}}}, {{with: {{type: paid}}, {correlate}}}]}}}}"
        await activated(container, actor, scheduled(on))
        for id_, kind, order in (("1", "placed", "A"), ("2", "placed", "B"), ("3", "paid", "B"), ("4", "paid", "C"), ("5", "paid", "A")):
            await container.actions.accept_events(actor, [event(id_, kind, data={"order": order})])
            await ticks(container, until=2)
        left = await self._kept(container, actor)

        assert await ids_of(container, actor) == [["2", "3"], ["1", "5"]]
        assert left == ["4"]

    async def _kept(self, container: Container, actor: Actor) -> list[str]:
        async with container.store.database.transaction(actor.tenant) as connection:
            rows = await connection.execute("SELECT event_id FROM parley.trigger_events ORDER BY number")
            return [row[0] for row in await rows.fetchall()]

    @pytest.mark.parametrize(
        ("until", "started"),
        [
            ("'${ length >= 2 }'", [["1", "2"], ["3", "4"]]),
            ("{one: {with: {type: done}}}", [["1", "2", "3"], ["4"]]),
        ],
    )
    async def test_any_until_gathers(self, container: Container, actor: Actor, until: str, started: list[list[str]]) -> None:
        await activated(container, actor, scheduled(f"{{on: {{any: [{{with: {{type: a}}}}], until: {until}}}}}"))
        for id_, kind in (("0", "done"), ("1", "a"), ("2", "a"), ("3", "a"), ("x", "done"), ("4", "a"), ("y", "done")):
            await container.actions.accept_events(actor, [event(id_, kind)])
            await ticks(container, until=2)

        assert await ids_of(container, actor) == started

    async def test_filters_on_data_and_conditions(self, container: Container, actor: Actor) -> None:
        on = "{on: {one: {with: {type: order.placed, data: '${ .amount > 100 }', subject: 'order-[0-9]+'}}}}"
        await activated(container, actor, scheduled(on))
        await container.actions.accept_events(
            actor,
            [
                event("1", data={"amount": 50}, subject="order-1"), event("2", data={"amount": 500}, subject="order-2"),
                event("3", data={"amount": 500}, subject="none"), event("4", subject="order-4"),
            ],
        )  # fmt: skip
        await ticks(container)

        assert await ids_of(container, actor) == [["2"]]

    async def test_a_new_version_looks_at_what_waited_with_its_own_filters(self, container: Container, actor: Actor) -> None:
        both = "{{on: {{all: [{{with: {{type: a}}}}, {{with: {{type: {}}}}}]}}}}"
        await activated(container, actor, scheduled(both.format("b")))
        await container.actions.accept_events(actor, [event("1", "a")])
        await ticks(container)
        await activated(container, actor, scheduled(both.format("c"), version="2.0.0"))
        await container.actions.accept_events(actor, [event("2", "b"), event("3", "c")])
        await ticks(container)

        assert await ids_of(container, actor) == [["1", "3"]]

    async def test_a_filter_that_fails_is_told_and_keeps_nobody_busy(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{on: {one: {with: {type: order.placed, subject: '${ error }'}}}}"))
        await container.actions.accept_events(actor, [event("1")])
        await ticks(container)
        [view] = await container.actions.triggers(actor)

        assert "could not be evaluated" in view.error
        assert (await self._kept(container, actor), await container.actions.runs(actor)) == ([], [])

    async def test_events_queue_behind_a_run_when_they_are_told_to(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled(self.ONE, parley="overlap: queue"))
        await container.actions.accept_events(actor, [event("1"), event("2"), event("3")])
        await ticks(container)
        alone = await ids_of(container, actor)
        await end_runs(container, actor)
        await ticks(container)

        assert (alone, await ids_of(container, actor)) == ([["1"]], [["1"], ["2"]])


async def test_a_card_names_the_time_zone_of_the_settings_where_the_definition_names_none(
    settings: Settings, database: Prepared, actor: Actor
) -> None:
    berlin = settings.model_copy(update={"timezone": "Europe/Berlin"})
    async with Container.open(berlin, role="worker", prepared=database) as container:
        card = (await container.actions.propose(actor, scheduled("{cron: '0 9 * * *'}"))).to_json()
        own = (
            await container.actions.propose(actor, scheduled("{cron: '0 9 * * *'}", parley="timezone: Asia/Tokyo", name="own"))
        ).to_json()

    assert "Every day at 09:00 (Europe/Berlin)" in str(card["outline"])
    assert "09:00 (Europe/Berlin)" in card["warnings"][-1]["message"]
    assert "Every day at 09:00 (Asia/Tokyo)" in str(own["outline"])


class TestManyWorkers:
    @pytest.fixture
    async def second(self, settings: Settings, database: Prepared) -> AsyncIterator[Container]:
        async with Container.open(settings, role="worker", prepared=database) as opened:
            yield opened

    async def test_two_workers_start_everything_once(self, container: Container, second: Container, actor: Actor) -> None:
        """Forty schedules fall due at one moment, and a hundred events come in; two processes look at the same time, again and again."""
        for number in range(40):
            await activated(container, actor, scheduled("{every: PT1H}", name=f"timed-{number}"))
        await activated(container, actor, scheduled("{on: {one: {with: {type: order.placed}}}}", name="heard"))
        await due(container, actor, "1 second")
        await container.actions.accept_events(actor, [event(str(number)) for number in range(100)])

        await asyncio.gather(*(ticks(one, until=6) for one in (container, second, container, second)))

        async with container.store.database.transaction(actor.tenant) as connection:
            counts = await (
                await connection.execute(
                    "SELECT v.name LIKE 'timed%', count(*), count(DISTINCT v.name), count(DISTINCT r.input::text)"
                    " FROM parley.runs r JOIN parley.versions v ON v.id = r.version_id GROUP BY 1 ORDER BY 1"
                )
            ).fetchall()
        assert counts == [(False, 100, 1, 100), (True, 40, 40, 1)]

    async def test_whoever_is_stopped_between_due_and_start_has_started_nothing(
        self, container: Container, second: Container, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The last thing before the commit is the wake-up: stopped there, the line, the run and the trigger are as they were."""
        await activated(container, actor, scheduled("{every: PT1H}"))
        await due(container, actor, "1 second")
        reached, never = asyncio.Event(), asyncio.Event()

        async def hang(*_: object) -> None:
            reached.set()
            await never.wait()

        monkeypatch.setattr(container.store.queue, "enqueue", hang)
        stopped = asyncio.create_task(Schedules(container).step())
        await reached.wait()
        stopped.cancel()
        await asyncio.wait([stopped])
        before = (await lines(second, actor), await second.actions.runs(actor))
        await ticks(second)

        assert before == ([], [])
        assert (await lines(second, actor), len(await second.actions.runs(actor))) == ([("started", "")], 1)

    async def test_tenants_schedules_are_their_own(self, container: Container, actor: Actor) -> None:
        await container.actions.ensure_tenant("other")
        eve = replace(actor, tenant="other", name="eve")
        await activated(container, actor, scheduled(TestEvents.ONE))
        await activated(container, eve, scheduled(TestEvents.ONE))
        await container.actions.accept_events(eve, [event("1")])
        await ticks(container)

        assert (await container.actions.runs(actor), len(await container.actions.runs(eve))) == ([], 1)

    async def test_ten_thousand_schedules_are_one_indexed_query(self, container: Container, actor: Actor) -> None:
        await activated(container, actor, scheduled("{every: PT1H}"))
        async with container.store.database.transaction(actor.tenant) as connection:
            await connection.execute(
                "INSERT INTO parley.triggers (tenant_id, id, namespace, name, kind, version_id, spec, anchor, next_due, activated_by)"
                " SELECT tenant_id, 'many' || n, namespace, name || n, kind, version_id, spec, anchor, now() + n * interval '1 hour', ''"
                " FROM parley.triggers, generate_series(1, 10000) n"
            )
            await connection.execute("ANALYZE parley.triggers")
        async with container.store.database.transaction(actor.tenant) as connection:
            await connection.execute("SET LOCAL enable_seqscan = on")
            plans = []
            for where in (
                "next_due <= statement_timestamp() ORDER BY next_due",
                "next_due IS NOT NULL AND decided_at > statement_timestamp()",
            ):
                statement = f"EXPLAIN SELECT id FROM parley.triggers WHERE status = 'active' AND {where} LIMIT 500"
                plans.append(" ".join([row[0] for row in await (await connection.execute(statement)).fetchall()]))

        assert "triggers_due" in plans[0]
        assert "triggers_decided" in plans[1]
        assert not any("Seq Scan" in plan for plan in plans)


class TestOverHttp:
    @pytest.fixture
    async def api(self, container: Container, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
        """The API's own application on this container; who calls is *actor*, as if signed in."""
        app = FastAPI()
        add_api(app)
        app.dependency_overrides[signed_in] = lambda: actor
        monkeypatch.setattr(trigger_routes, "web", lambda: container)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://parley.test") as client:
            yield client

    async def test_a_schedule_is_activated_looked_at_paused_and_removed(
        self, container: Container, actor: Actor, api: httpx.AsyncClient
    ) -> None:
        version = await approved(container, actor, scheduled("{cron: '0 9 * * *'}"))

        on = await api.post(f"/api/versions/{version.id}/activate")
        times = await api.get("/api/triggers/test/sample/next", params={"count": 3})
        off = await api.post("/api/triggers/test/sample/pause")
        shown, listed = await api.get("/api/triggers/test/sample"), await api.get("/api/triggers")
        gone = await api.delete("/api/triggers/test/sample")
        nothing = await api.post("/api/triggers/test/sample/pause")

        assert (on.status_code, on.json()["status"], len(times.json())) == (200, "active", 3)
        assert (off.json()["status"], [shown.json()], gone.status_code) == ("paused", listed.json(), 204)
        assert (nothing.status_code, nothing.json()["detail"]["code"]) == (404, "no-such-schedule")
        assert (await api.get("/api/triggers/test/sample/next", params={"count": 0})).status_code == 422
        assert (await api.post("/api/versions/nope/activate")).status_code == 404
