"""Holding runs, undoing them, running them again, starting many, and what happens to those that meet a mistake of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.actions import Actor, Busy, Conflict, Invalid
from app.container import Container, Prepared
from app.running import Runner
from app.settings import Settings
from app.views import RunView
from tests.fakes import approved, definition, ended, eventually, status, working
from tests.world import World

pytestmark = pytest.mark.postgres

SHOP = {
    "title": "A shop",
    "services": {
        "shop": {
            "routes": [
                {"request": "POST /flight", "answer": {"json": {"id": 7}}},
                {"request": "POST /undo", "answer": {"json": {}}},
                {"request": "GET /never", "hold": "never", "answer": {"json": {}}},
            ]
        }
    },
}


@pytest.fixture
async def loopback(settings: Settings, database: Prepared) -> AsyncIterator[Container]:
    allowed = settings.model_copy(update={"http_allow": ("127.0.0.0/8",)})
    async with Container.open(allowed, role="worker", prepared=database) as opened:
        yield opened


async def start(container: Container, actor: Actor, text: str, **kwargs: Any) -> RunView:
    return await container.actions.start(actor, (await approved(container, actor, text)).id, **kwargs)


APPROVE = "ok: {call: 'approve:1.0.0@default', with: {title: 'Go?'}}"


class TestSuspended:
    async def test_a_waiting_run_keeps_what_comes_and_goes_on_when_it_may(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(container, actor, definition(APPROVE, "b: {set: {x: 1}}"))
            asked = await eventually(container, actor, run.id, status("waiting"))
            held = await container.actions.suspend(actor, run.id)
            answered = await container.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"approved": True})
            await asyncio.sleep(0.5)
            still = await container.actions.run(actor, run.id)
            await container.actions.resume(actor, run.id)
            done = await eventually(container, actor, run.id, ended)

        assert (held.status, held.actions) == ("suspended", ["cancel", "resume", "answer"])
        assert (answered.status, still.status) == ("suspended", "suspended")
        assert (done.status, done.output) == ("completed", {"x": 1})

    async def test_a_timer_that_fell_due_fires_when_the_run_goes_on(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(container, actor, definition("nap: {wait: {seconds: 3}}", "b: {set: {x: 1}}"))
            await eventually(container, actor, run.id, status("waiting"))
            await container.actions.suspend(actor, run.id)
            await asyncio.sleep(3.2)
            still = await container.actions.run(actor, run.id)
            await container.actions.resume(actor, run.id)
            done = await eventually(container, actor, run.id, ended, within_s=3)

        assert (still.status, done.status) == ("suspended", "completed")

    async def test_a_run_at_work_stops_at_its_next_step(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(
                container, actor, definition("loop: {for: {in: '[range(0; 2000)]', each: i}, do: [{nap: {wait: {milliseconds: 20}}}]}")
            )
            await eventually(container, actor, run.id, status("running"))
            asked = await container.actions.suspend(actor, run.id)
            held = await eventually(container, actor, run.id, status("suspended"))
            with pytest.raises(Conflict) as twice:
                await container.actions.retry(actor, run.id)
            await container.actions.resume(actor, run.id)
            again = await eventually(container, actor, run.id, status("running"))
            await container.actions.cancel(actor, run.id)
            over = await eventually(container, actor, run.id, ended)
            with pytest.raises(Conflict) as late:
                await container.actions.suspend(actor, run.id)

        assert asked.reason in ("to be suspended at the next step", "")
        assert (held.status, again.status, over.status) == ("suspended", "running", "cancelled")
        assert (twice.value.code, late.value.code) == ("not-faulted", "not-under-way")

    async def test_a_suspended_run_can_be_cancelled(self, container: Container, actor: Actor) -> None:
        run = await start(container, actor, definition("a: {set: {x: 1}}"))
        await container.actions.suspend(actor, run.id)

        assert (await container.actions.cancel(actor, run.id)).status == "cancelled"


class TestUndone:
    def text(self, base_url: str, *more: str) -> str:
        undo = f"{{call: http, with: {{method: post, endpoint: '{base_url}/undo', body: {{id: '${{ .id }}'}}}}}}"
        metadata = f"{{parley: {{compensate: [{{undo: {undo}}}]}}}}"
        book = f"{{call: http, with: {{method: post, endpoint: '{base_url}/flight'}}, metadata: {metadata}}}"
        return definition(f"book: {book}", *more)

    @pytest.mark.parametrize("last", [APPROVE, "never: {call: http, with: {method: get, endpoint: 'BASE/never'}}"])
    async def test_a_cancelled_run_is_undone_whether_it_waits_or_works(self, loopback: Container, actor: Actor, last: str) -> None:
        world = World.load(SHOP)
        async with world.running() as base_url, working(loopback):
            run = await start(loopback, actor, self.text(base_url, last.replace("BASE", base_url)))
            await eventually(loopback, actor, run.id, lambda view: view.steps["/do/0/book"]["done"] == 1)
            if last == APPROVE:
                await eventually(loopback, actor, run.id, status("waiting"))
            else:
                await world.until_held("GET /never")
            await loopback.actions.cancel(actor, run.id)
            over = await eventually(loopback, actor, run.id, ended)

        assert (over.status, over.steps["/do/0/book"]["status"]) == ("cancelled", "compensated")
        assert [(one["title"], one["status"]) for one in over.compensated] == [("book", "compensated")]
        assert world.saw("POST /undo").bodies == [{"id": 7}]

    async def test_a_run_that_faults_is_undone_and_cannot_be_retried(self, loopback: Container, actor: Actor) -> None:
        world = World.load(SHOP)
        async with world.running() as base_url, working(loopback):
            run = await start(loopback, actor, self.text(base_url, "no: {raise: {error: {type: 'https://e.org/no', status: 400}}}"))
            over = await eventually(loopback, actor, run.id, ended)
            with pytest.raises(Conflict) as refused:
                await loopback.actions.retry(actor, run.id)
            with pytest.raises(Conflict) as prefix:
                await loopback.actions.rerun(actor, run.id, task="no")
            again = await loopback.actions.rerun(actor, run.id, task="book")
            await eventually(loopback, actor, again.id, ended)

        assert (over.status, over.steps["/do/0/book"]["status"]) == ("faulted", "compensated")
        assert (refused.value.code, prefix.value.code) == ("compensated", "compensated")
        assert len(world.saw("POST /flight")) == 2


class TestRerun:
    TEXT = definition(
        "a: {set: {n: '${ .n + 1 }'}}",
        "loop: {for: {in: '[1, 2, 3]', each: i}, do: [{add: {set: {n: '${ .n + $i }'}}}]}",
        "split: {fork: {branches: [{left: {set: {l: 1}}}, {right: {set: {r: 1}}}]}}",
        "c: {set: {last: '${ . }', first: '${ $workflow.input.n }'}}",
    )

    async def test_from_the_start_with_another_input(self, container: Container, actor: Actor) -> None:
        async with working(container):
            first = await start(container, actor, self.TEXT, input={"n": 1})
            await eventually(container, actor, first.id, ended)
            again = await container.actions.rerun(actor, first.id, input={"n": 10})
            done = await eventually(container, actor, again.id, ended)

        assert done.output == {"last": [{"l": 1}, {"r": 1}], "first": 10}
        assert done.rerun_of == {"run": first.id, "task": ""}

    async def test_from_a_task_what_came_before_is_not_done_again(self, container: Container, actor: Actor) -> None:
        async with working(container):
            first = await start(container, actor, self.TEXT, input={"n": 1})
            before = await eventually(container, actor, first.id, ended)
            again = await container.actions.rerun(actor, first.id, task="c", input={"edited": True})
            done = await eventually(container, actor, again.id, ended)
            third = await container.actions.rerun(actor, done.id, task="c")
            same = await eventually(container, actor, third.id, ended)

        assert done.output == {"last": {"edited": True}, "first": 1}
        assert same.output == done.output
        assert done.steps["/do/0/a"]["ended_at"] == before.steps["/do/0/a"]["ended_at"]
        assert done.steps["/do/3/c"]["ended_at"] != before.steps["/do/3/c"]["ended_at"]

    async def test_from_one_iteration_of_a_loop(self, container: Container, actor: Actor) -> None:
        async with working(container):
            first = await start(container, actor, self.TEXT, input={"n": 1})
            await eventually(container, actor, first.id, ended)
            with pytest.raises(Conflict) as several:
                await container.actions.rerun(actor, first.id, task="add")
            again = await container.actions.rerun(actor, first.id, task="/do/1/loop/for[2]/0/add", input={"n": 100})
            await eventually(container, actor, again.id, ended)
            paths = await outputs(container, actor, again.id)

        assert several.value.code == "several-times"
        assert "/do/1/loop/for[1]/0/add" in several.value.why
        assert (paths["/do/1/loop/for[1]/0/add"], paths["/do/1/loop"]) == ({"n": 5}, {"n": 103})

    async def test_inside_a_fork_it_is_refused_with_what_can_be_done(self, container: Container, actor: Actor) -> None:
        async with working(container):
            first = await start(container, actor, self.TEXT, input={"n": 1})
            await eventually(container, actor, first.id, ended)
            with pytest.raises(Conflict) as refused:
                await container.actions.rerun(actor, first.id, task="left")

        assert (refused.value.code, refused.value.next) == ("inside-fork", "Begin with the fork itself: --from /do/2/split")

    async def test_what_holds_a_secret_is_sealed_for_the_new_run(self, container: Container, actor: Actor) -> None:
        await container.actions.secret_set(actor, "token", "hush-hush-value")
        text = definition(
            "a: {set: {t: '${ $secrets.token }'}}", "b: {set: {same: '${ .t == $secrets.token }'}}", use="use: {secrets: [token]}\n"
        )
        async with working(container):
            first = await start(container, actor, text)
            await eventually(container, actor, first.id, ended)
            again = await container.actions.rerun(actor, first.id, task="b")
            done = await eventually(container, actor, again.id, ended)

        assert (done.status, done.output) == ("completed", {"same": True})


async def outputs(container: Container, actor: Actor, run_id: str) -> dict[str, Any]:
    async with container.store.database.transaction(actor.tenant) as connection:
        rows = await (await connection.execute("SELECT path, output FROM parley.journal WHERE run_id = %s", [run_id])).fetchall()
    return dict(rows)


class TestMany:
    TEXT = definition("a: {set: {n: '${ .n }'}}").replace("do:", "input: {schema: {document: {type: object, required: [n]}}}\ndo:")

    async def test_each_input_starts_a_run_and_a_key_starts_one_run(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, self.TEXT)
        items = [{"input": {"n": number}, "key": f"k{number}"} for number in range(700)]

        first = await container.actions.start_many(actor, version.id, items[:600])
        second = await container.actions.start_many(actor, version.id, items)

        assert [one["new"] for one in first] == [True] * 600
        assert [one["run"] for one in second[:600]] == [one["run"] for one in first]
        assert sum(one["new"] for one in second) == 100

    async def test_one_wrong_input_starts_none(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, self.TEXT)

        with pytest.raises(Invalid) as refused:
            await container.actions.start_many(actor, version.id, [{"input": {"n": 1}}, {"input": {}}, {"input": {"n": 1}, "key": ""}])

        assert [problem.message.partition(":")[0] for problem in refused.value.problems] == ["item 2", "item 3"]
        assert await container.actions.runs(actor) == []

    async def test_more_than_may_wait_are_refused(self, settings: Settings, database: Prepared, actor: Actor) -> None:
        async with Container.open(settings.model_copy(update={"ready_limit": 3}), role="worker", prepared=database) as container:
            version = await approved(container, actor, self.TEXT)
            await container.actions.start_many(actor, version.id, [{"input": {"n": 1}}] * 4)
            with pytest.raises(Busy) as refused:
                await container.actions.start(actor, version.id, input={"n": 1})

        assert (refused.value.status, refused.value.code) == (429, "too-many-ready")


class TestTurns:
    def text(self, **settings: int) -> str:
        parley = ", ".join(f"{name}: {value}" for name, value in settings.items())
        return definition(APPROVE).replace("version: 1.0.0", f"version: 1.0.0, metadata: {{parley: {{{parley}}}}}")

    async def test_no_more_runs_of_a_workflow_are_under_way_than_it_says(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, self.text(concurrency=2))
        async with working(container):
            runs = [one["run"] for one in await container.actions.start_many(actor, version.id, [{}] * 4)]
            first = await eventually(container, actor, runs[0], status("waiting"))
            await eventually(container, actor, runs[1], status("waiting"))
            await asyncio.sleep(0.5)
            third = await container.actions.run(actor, runs[2])
            await container.actions.answer(actor, runs[0], first.awaiting[0]["path"], {"approved": True})
            await eventually(container, actor, runs[2], status("waiting"))
            await container.actions.cancel(actor, runs[1])
            await eventually(container, actor, runs[3], status("waiting"))

        assert (third.status, third.reason) == ("ready", "waiting for its turn: 2 of this workflow's runs may be under way at once")

    async def test_its_priority_decides_who_is_next(self, container: Container, actor: Actor) -> None:
        low = await start(container, actor, self.text(priority=10))
        high = await start(container, actor, self.text(priority=90).replace("name: sample", "name: urgent"))

        claimed = [wake_up.run_id for wake_up in await container.store.queue.claim(2, within_s=0)]

        assert claimed == [high.id, low.id]


async def test_with_the_other_queue_runs_are_done_just_the_same(settings: Settings, database: Prepared, actor: Actor) -> None:
    async with Container.open(settings.model_copy(update={"queue": "batches"}), role="worker", prepared=database) as container:
        async with working(container):
            run = await start(container, actor, definition(APPROVE, "nap: {wait: {seconds: 3}}"))
            asked = await eventually(container, actor, run.id, status("waiting"))
            await container.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"approved": True})
            done = await eventually(container, actor, run.id, ended)
        async with container.store.database.pool.connection() as connection:
            left = await (await connection.execute("SELECT count(*) FROM queue.wakeups")).fetchone()

    assert (done.status, left) == ("completed", (0,))


async def test_a_run_that_keeps_meeting_a_mistake_of_ours_is_put_aside_and_can_be_retried(
    container: Container, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.running.MISTAKE_PAUSE_S", 0.01)
    tries: list[int] = []

    def broken(*_: object) -> Any:
        tries.append(1)
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as breaking:
        breaking.setattr(Runner, "_program", broken)
        async with working(container):
            run = await start(container, actor, definition("a: {set: {x: 1}}"))
            stuck = await eventually(container, actor, run.id, status("stuck"))
    [dead] = await container.actions.runs(actor, status="stuck")
    async with working(container):
        await container.actions.retry(actor, run.id)
        done = await eventually(container, actor, run.id, ended)

    assert (len(tries), stuck.actions, dead.id) == (3, ["cancel", "retry"], run.id)
    assert stuck.reason == "put aside: it met a mistake of Parley's own 3 times"
    assert stuck.error is not None
    assert "a mistake of ours" in stuck.error["why"]
    assert (done.status, done.output) == ("completed", {"x": 1})


async def test_a_proof_may_answer_only_where_there_is_one(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await start(container, actor, definition(APPROVE))
        asked = await eventually(container, actor, run.id, status("waiting"))
    place = "UPDATE parley.awaits SET kind = 'outcome-unknown', form = %s WHERE run_id = %s"
    path = asked.awaiting[0]["path"]
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute(place, ["{}", run.id])
    with pytest.raises(Invalid) as refused:
        await container.actions.answer(actor, run.id, path, {"check": True})
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute(place, ['{"check": true}', run.id])
    await container.actions.answer(actor, run.id, path, {"check": True})

    assert refused.value.code == "no-proof"
