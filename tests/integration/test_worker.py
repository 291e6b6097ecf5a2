"""A worker in this process: runs from their start to their end, and what people do in between."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.actions import Actor, Conflict, Invalid, NotFound
from app.container import Container, Prepared
from app.foreground import run_in_foreground
from app.running import Overrides, Runner
from app.settings import Settings
from app.store.vault import GrantedSecrets
from app.views import RunView
from graphs.run.errors import SecretNotGranted
from tests.fakes import approved, definition, ended, eventually, status, working
from tests.world import World

pytestmark = pytest.mark.postgres

DESK = {
    "title": "A desk",
    "services": {
        "desk": {
            "routes": [
                {"request": "GET /flaky", "answers": [{"status": 500, "json": {"oops": 1}}, {"json": {"fine": 1}}]},
                {"request": "POST /echo", "answer": {"json": "{{ body }}"}},
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


async def start(container: Container, actor: Actor, text: str, **kwargs: object) -> RunView:
    return await container.actions.start(actor, (await approved(container, actor, text)).id, **kwargs)  # type: ignore[arg-type]


async def test_a_run_goes_through_a_timer_and_a_person_to_its_output(container: Container, actor: Actor) -> None:
    text = definition(
        "a: {set: {n: '${ .n + 1 }'}}",
        "nap: {wait: {seconds: 3}}",
        "ok: {call: 'approve:1.0.0@default', with: {title: 'Pay?', data: {n: 2}, assignee: bob}}",
        "b: {set: {answer: '${ .comment }'}}",
    )
    async with working(container):
        run = await start(container, actor, text, input={"n": 1})
        napping = await eventually(container, actor, run.id, status("waiting"))
        asked = await eventually(container, actor, run.id, lambda view: view.reason == "waiting for an approval")
        [task] = await container.actions.tasks(actor)
        await container.actions.answer(actor, run.id, task.path, {"approved": True, "comment": "fine"})
        done = await eventually(container, actor, run.id, ended)

    assert (napping.reason, napping.steps["/do/1/nap"]["status"]) == ("waiting for a time", "waiting")
    assert (task.kind, task.title, task.data, task.assignee) == ("approve", "Pay?", {"n": 2}, "bob")
    assert asked.actions == ["cancel", "answer"]
    assert (done.status, done.output, done.actions) == ("completed", {"answer": "fine"}, [])
    assert {state["status"] for state in done.steps.values()} == {"done"}


class TestAnswers:
    FORM = "{type: object, required: [n], properties: {n: {type: integer, minimum: 1}}}"
    ASK = definition(f"ask: {{call: 'ask:1.0.0@default', with: {{title: 'How many?', schema: {FORM}}}}}")

    async def test_an_answer_is_checked_against_the_form_and_counts_once(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(container, actor, self.ASK)
            asked = await eventually(container, actor, run.id, status("waiting"))
            path = asked.awaiting[0]["path"]
            with pytest.raises(Invalid) as refused:
                await container.actions.answer(actor, run.id, path, {"n": 0})
            with pytest.raises(NotFound):
                await container.actions.answer(actor, run.id, "/do/9/nobody", {"n": 1})
            await container.actions.answer(actor, run.id, path, {"n": 3})
            done = await eventually(container, actor, run.id, ended)
            again = await container.actions.answer(actor, run.id, path, {"n": 3})
            with pytest.raises(Conflict) as late:
                await container.actions.answer(actor, run.id, path, {"n": 4})

        assert refused.value.where == "field n"
        assert (done.output, again.status, late.value.code) == ({"n": 3}, "completed", "already-answered")

    async def test_two_people_at_once_one_is_told_that_the_other_was_first(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(container, actor, definition("ok: {call: 'approve:1.0.0@default', with: {title: Ok}}"))
            asked = await eventually(container, actor, run.id, status("waiting"))
            bob = replace(actor, name="bob")
            results = await asyncio.gather(
                container.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"approved": True}),
                container.actions.answer(bob, run.id, asked.awaiting[0]["path"], {"approved": False}),
                return_exceptions=True,
            )
            done = await eventually(container, actor, run.id, ended)

        refusals = [result for result in results if isinstance(result, Conflict)]
        assert [refusal.code for refusal in refusals] == ["already-answered"]
        assert done.output["by"] in str(refusals[0])


class TestFailures:
    async def test_an_error_says_what_where_why_and_what_next_and_a_retry_goes_on(self, loopback: Container, actor: Actor) -> None:
        world, title = World.load(DESK), "metadata: {parley: {title: Get orders}}"
        async with world.running() as base_url, working(loopback):
            run = await start(
                loopback,
                actor,
                definition(
                    "before: {call: 'notify:1.0.0@default', with: {channel: chat, text: hi}}",
                    f"fetch: {{call: http, with: {{method: get, endpoint: {{uri: '{base_url}/flaky'}}}}, {title}}}",
                    "mark: {set: {done: true}}",
                ),
            )
            failed = await eventually(loopback, actor, run.id, ended)
            retried = await loopback.actions.retry(actor, run.id)
            done = await eventually(loopback, actor, run.id, ended)
            with pytest.raises(Conflict):
                await loopback.actions.retry(actor, run.id)
            notices = await loopback.actions.notices(actor)

        assert (failed.status, failed.actions) == ("faulted", ["retry"])
        assert failed.error is not None
        assert "Get orders" in failed.error["what"]
        assert "/do/1/fetch" in failed.error["where"]
        assert failed.error["code"] == "communication"
        assert failed.error["next"]
        assert failed.steps["/do/1/fetch"]["status"] == "faulted"
        assert retried.status in ("ready", "running", "completed")
        assert (done.status, done.output, len(notices)) == ("completed", {"done": True}, 1)

    async def test_a_running_step_is_cancelled_when_a_person_wants_it(self, loopback: Container, actor: Actor) -> None:
        world = World.load(DESK)
        async with world.running() as base_url, working(loopback):
            run = await start(
                loopback, actor, definition(f"fetch: {{call: http, with: {{method: get, endpoint: {{uri: '{base_url}/never'}}}}}}")
            )
            await world.until_held("GET /never")
            running = await loopback.actions.run(actor, run.id)
            began = time.monotonic()
            await loopback.actions.cancel(actor, run.id)
            done = await eventually(loopback, actor, run.id, ended)
            took_s = time.monotonic() - began

        assert (running.status, done.status, done.actions) == ("running", "cancelled", [])
        assert took_s < 5

    async def test_a_waiting_run_is_cancelled_at_once_and_asks_nobody_any_more(self, container: Container, actor: Actor) -> None:
        async with working(container):
            run = await start(container, actor, definition("ok: {call: 'approve:1.0.0@default', with: {title: Ok}}"))
            asked = await eventually(container, actor, run.id, status("waiting"))
            cancelled = await container.actions.cancel(actor, run.id)
            with pytest.raises(Conflict):
                await container.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"approved": True})

        assert cancelled.status == "cancelled"
        assert await container.actions.tasks(actor) == []


async def test_an_event_reaches_a_listening_run(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await start(container, actor, definition("l: {listen: {to: {one: {with: {type: paid}}}}}"))
        await eventually(container, actor, run.id, lambda view: view.reason == "waiting for an event")
        await container.actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "other"}])
        await container.actions.accept_events(actor, [{"id": "2", "source": "/s", "type": "paid", "data": {"euro": 3}}])
        done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", [{"euro": 3}])


async def test_one_run_emits_what_another_listens_for(container: Container, actor: Actor) -> None:
    async with working(container):
        listening = await start(container, actor, definition("l: {listen: {to: {one: {with: {type: paid}}}}}", name="listener"))
        await eventually(container, actor, listening.id, status("waiting"))
        await start(
            container,
            actor,
            definition("e: {emit: {event: {with: {source: 'https://shop.example', type: paid, data: {n: 1}}}}}", name="emitter"),
        )
        done = await eventually(container, actor, listening.id, ended)

    assert (done.status, done.output) == ("completed", [{"n": 1}])


async def test_a_parent_runs_the_child_that_was_approved(container: Container, actor: Actor) -> None:
    await approved(container, actor, definition("a: {set: {x: 1}}", name="child"))
    async with working(container):
        run = await start(
            container, actor, definition("c: {run: {workflow: {namespace: test, name: child, version: 1.0.0}}}", name="parent")
        )
        done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", {"x": 1})


async def test_a_child_that_is_named_latest_two_levels_down_is_the_one_that_was_approved(container: Container, actor: Actor) -> None:
    runs = "c: {run: {workflow: {namespace: test, name: NAME, version: latest}}}"
    await approved(container, actor, definition("a: {set: {x: 1}}", name="leaf"))
    await approved(container, actor, definition(runs.replace("NAME", "leaf"), name="middle"))
    async with working(container):
        run = await start(container, actor, definition(runs.replace("NAME", "middle"), name="top"))
        done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", {"x": 1}), done.error


@pytest.mark.parametrize("how", ["completes", "fails"])
async def test_values_of_granted_secrets_are_shown_and_kept_nowhere(loopback: Container, actor: Actor, how: str) -> None:
    """The other side echoes the token back, raw and in base64: neither views nor the database hold it in clear."""
    token = "c4nary-token/+value"
    encoded = base64.b64encode(token.encode()).decode()
    await loopback.actions.secret_set(actor, "token", token)
    world = World.load(DESK)
    text = "{a: '${ $secrets.token }', b: '${ $secrets.token | @base64 }', c: '${ $secrets.token | @uri }'}"
    fail = "raise: {error: {type: 'https://example.org/e', status: 400, title: No, detail: '${ .a }'}}"
    async with world.running() as base_url, working(loopback):
        run = await start(
            loopback,
            actor,
            definition(
                f"send: {{call: http, with: {{method: post, endpoint: {{uri: '{base_url}/echo'}}, body: {text}}}}}",
                f"last: {{if: '${{ {str(how == 'fails').lower()} }}', {fail}}}",
                use="use: {secrets: [token]}\n",
            ),
        )
        done = await eventually(loopback, actor, run.id, ended)
        await eventually(loopback, actor, run.id, lambda _: run.id not in loopback.store.notifier._live)
    kept = ""
    async with loopback.store.database.transaction("default") as connection:
        for table in ("parley.journal", "parley.runs", "parley.awaits", "langgraph.checkpoints", "langgraph.checkpoint_writes"):
            rows = await (await connection.execute(f"SELECT t::text FROM {table} t")).fetchall()
            kept += str(rows)
        blobs = await (await connection.execute("SELECT blob FROM langgraph.checkpoint_blobs")).fetchall()

    assert world.saw("POST /echo").only.body["b"] == encoded
    assert done.status == ("completed" if how == "completes" else "faulted")
    shown = str(done.to_json()) + kept + str([bytes(blob) for (blob,) in blobs if blob])
    for form in (token, encoded, "c4nary-token%2F%2Bvalue"):
        assert form not in shown


async def test_a_secret_that_was_not_approved_cannot_be_read(container: Container, actor: Actor) -> None:
    await container.actions.secret_set(actor, "token", "c4nary")
    async with container.store.database.session("default") as session:
        opened = await container.store.vault.open(session, "default", ["token"])

    for granted in ([], ["other"]):
        with pytest.raises(SecretNotGranted):
            await GrantedSecrets(container.store.database, container.store.vault, "default", granted).read("token")
    assert opened == {"token": "c4nary"}


async def test_a_lost_wake_up_is_found_by_the_sweep(container: Container, actor: Actor) -> None:
    run = await start(container, actor, definition("a: {set: {x: 1}}"))
    async with container.store.database.transaction("default") as connection:
        await connection.execute("DELETE FROM queue.procrastinate_jobs")
        await connection.execute("UPDATE parley.runs SET ready_at = now() - interval '10 seconds'")

    async with working(container):
        done = await eventually(container, actor, run.id, ended)

    assert done.status == "completed"


async def test_two_workers_share_the_work_and_no_step_is_done_twice(
    container: Container, actor: Actor, settings: Settings, database: Prepared
) -> None:
    version = await approved(container, actor, definition("n: {call: 'notify:1.0.0@default', with: {channel: chat, text: hi}}"))
    runs = [await container.actions.start(actor, version.id) for _ in range(30)]
    async with (
        Container.open(settings, role="worker", prepared=database) as second,
        working(container, concurrency=5),
        working(second, concurrency=5),
    ):
        done = [await eventually(container, actor, run.id, ended) for run in runs]

    assert {view.status for view in done} == {"completed"}
    assert len(await container.actions.notices(actor, limit=200)) == 30


async def test_a_foreground_run_goes_through_its_timers_and_stops_at_people(container: Container, actor: Actor) -> None:
    seen: list[str] = []
    version = await approved(
        container, actor, definition("nap: {wait: {milliseconds: 2300}}", "ok: {call: 'approve:1.0.0@default', with: {title: Ok}}")
    )

    view = await run_in_foreground(
        container, actor, version.id, input={}, overrides=Overrides(on_step=lambda row: seen.append(f"{row.status} {row.path}"))
    )

    assert (view.status, view.reason) == ("waiting", "waiting for an approval")
    assert "finished /do/0/nap" in seen


async def test_events_given_to_a_foreground_run_reach_it_in_order(container: Container, actor: Actor) -> None:
    text = definition(
        "a: {listen: {to: {one: {with: {type: t}}}}, export: {as: '${ {a: .} }'}}", "b: {listen: {to: {one: {with: {type: t}}}}}"
    )
    events = [{"id": str(number), "source": "/s", "type": "t", "data": number} for number in (1, 2)]

    view = await run_in_foreground(container, actor, (await approved(container, actor, text)).id, events=events)

    assert (view.status, view.output) == ("completed", [2])


async def test_events_given_to_a_run_reach_it_every_time_and_nobody_else(container: Container, actor: Actor) -> None:
    """The inbox has seen them; two with one id are two; the second run is given them anew, and one that listens meanwhile is not."""
    text = definition(
        "a: {listen: {to: {one: {with: {type: t}}}}, output: {as: '${ .[0] }'}, export: {as: '${ {a: .} }'}}",
        "b: {listen: {to: {one: {with: {type: t}}}}, output: {as: '${ [$context.a, .[0]] }'}}",
    )
    events = [{"id": "1", "source": "/s", "type": "t", "data": "first"}, {"id": "1", "source": "/s", "type": "t", "data": "second"}]
    version = await approved(container, actor, text)
    other = await container.actions.start(actor, version.id)
    await container.actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "other"}])

    views = [await run_in_foreground(container, actor, version.id, events=events) for _ in range(2)]
    with pytest.raises(Invalid):
        await run_in_foreground(container, actor, version.id, events=[{"id": "1"}])
    async with working(container):
        waiting = await eventually(container, actor, other.id, status("waiting"))

    assert [(view.status, view.output) for view in views] == [("completed", ["first", "second"])] * 2
    assert waiting.steps["/do/0/a"]["status"] == "waiting"
    assert len(await container.actions.runs(actor)) == 3


async def test_events_that_nobody_took_yet_stay_with_the_run(container: Container, actor: Actor) -> None:
    """`parley run` ends while a person is waited for; the worker that goes on later delivers the event."""
    version = await approved(
        container,
        actor,
        definition("ok: {call: 'approve:1.0.0@default', with: {title: Ok}}", "l: {listen: {to: {one: {with: {type: t}}}}}"),
    )
    asked = await run_in_foreground(container, actor, version.id, events=[{"source": "/s", "type": "t", "data": 1}])
    async with working(container):
        await container.actions.answer(actor, asked.id, asked.awaiting[0]["path"], {"approved": True})
        done = await eventually(container, actor, asked.id, ended)

    assert (asked.status, done.status, done.output) == ("waiting", "completed", [1])


async def test_a_run_that_is_in_hand_is_not_swept(container: Container, actor: Actor) -> None:
    run = await start(container, actor, definition("a: {set: {x: 1}}"))
    runner = Runner(container, "me")

    assert await runner.claim(run.id) is not None
    assert await runner.claim(run.id) is None
