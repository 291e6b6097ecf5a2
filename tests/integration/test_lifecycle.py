"""Lifecycle events: told from the journal, and sent to where the operator wants them."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from app.actions import Actor, NotFound
from app.container import Container, Prepared
from app.settings import Settings
from tests.fakes import definition, ended, eventually, status, working
from tests.integration.test_worker import start
from tests.unit.run.harness import World as HttpWorld

pytestmark = pytest.mark.postgres
TEXT = definition(
    "a: {set: {n: 1}}",
    "ok: {call: 'approve:1.0.0@default', with: {title: Ok}}",
    "t: {try: [{bad: {raise: {error: {type: 'https://x.org/e', status: 418}}}}], catch: {retry: {delay: {milliseconds: 1},"
    " limit: {attempt: {count: 1}}}, do: [{last: {set: {n: 2}}}]}}",
    "no: {if: 'false', set: {n: 3}}",
)


async def test_they_tell_what_happened_with_the_specifications_words(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await start(container, actor, TEXT)
        waiting = await eventually(container, actor, run.id, status("waiting"))
        await container.actions.answer(actor, run.id, waiting.awaiting[0]["path"], {"approved": True})
        await eventually(container, actor, run.id, ended)

    events = await container.actions.run_events(actor, run.id)

    told = [(event["type"].removeprefix("io.serverlessworkflow."), event["data"].get("task", "")) for event in events]
    assert told[0] == ("workflow.started.v1", "")
    assert told[-1] == ("workflow.completed.v1", "")
    steps = {task: [kind.split(".")[1] for kind, of in told if of == task] for _, task in told}
    assert steps["/do/0/a"] == ["created", "started", "completed"]
    assert steps["/do/1/ok"] == ["created", "started", "suspended", "resumed", "completed"]
    assert sorted(steps["/do/2/t"]) == ["completed", "created", "retried", "started"]
    assert steps["/do/2/t/try/0/bad"] == ["created", "started", "faulted"] * 2
    assert steps["/do/3/no"] == ["created"]
    first, last = events[0], events[-1]
    assert first["data"] == {
        "name": f"sample-{run.id}.test", "startedAt": first["time"],
        "definition": {"namespace": "test", "name": "sample", "version": "1.0.0"},
    }  # fmt: skip
    assert last["data"]["output"] == {"n": 2}
    assert len({event["id"] for event in events}) == len(events)
    assert {event["specversion"] for event in events} == {"1.0"}
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert all(re.fullmatch(r"[a-z0-9]+", name) for event in events for name in event)


async def test_a_listening_tells_that_it_correlates_and_a_cancelled_run_that_it_was(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await start(container, actor, definition("l: {listen: {to: {one: {with: {type: t}}}}}"))
        await eventually(container, actor, run.id, status("waiting"))
        before = await container.actions.run_events(actor, run.id)
        await container.actions.cancel(actor, run.id)
        await eventually(container, actor, run.id, ended)

    after = await container.actions.run_events(actor, run.id)

    def kinds(events: list[dict[str, object]]) -> list[str]:
        return sorted(str(event["type"]).removeprefix("io.serverlessworkflow.").removesuffix(".v1") for event in events)

    assert kinds(before) == ["task.suspended", "workflow.correlation-started", "workflow.started"]
    assert {"task.resumed", "workflow.cancelled", "workflow.correlation-completed"} <= {*kinds(after)}


async def test_only_who_may_see_a_run_is_told(container: Container, actor: Actor) -> None:
    with pytest.raises(NotFound):
        await container.actions.run_events(actor, "nope")


class Receiver:
    """A loopback server that takes events; it can be told to refuse."""

    def __init__(self) -> None:
        self.world = HttpWorld()
        self.status = 200
        self.world.on("/sink", lambda _request: (self.status, {}, b""))

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for request in self.world.requests:
            content = json.loads(request["body"])
            found += content if isinstance(content, list) else [content]
        return found

    def of(self, run_id: str) -> list[str]:
        told = [event for event in self.events if event["subject"] == run_id]
        return [event["type"].removeprefix("io.serverlessworkflow.").removesuffix(".v1") for event in told]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    await one.world.open()
    yield one
    await one.world.close()


@pytest.fixture
async def sending(settings: Settings, database: Prepared, receiver: Receiver) -> AsyncIterator[Container]:
    with_sink = settings.model_copy(update={"events_sink": f"{receiver.world.url}/sink", "events_sink_token": SecretStr("open sesame")})
    async with Container.open(with_sink, role="worker", prepared=database) as opened:
        yield opened


async def come(moment: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not moment():  # noqa: ASYNC110 (another server is watched)
            await asyncio.sleep(0.05)


class TestSending:
    WAITS = definition("a: {set: {n: 1}}", "l: {listen: {to: {one: {with: {type: t}}}}}", "b: {set: {n: 2}}")

    async def test_what_happens_is_sent_as_it_happens(self, sending: Container, actor: Actor, receiver: Receiver) -> None:
        async with working(sending):
            run = await start(sending, actor, self.WAITS)
            await come(lambda: "workflow.correlation-started" in receiver.of(run.id))
            before = receiver.of(run.id)
            await sending.actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "t", "data": 1}])
            await come(lambda: "workflow.completed" in receiver.of(run.id))

        assert before[0] == "workflow.started"
        assert {"task.completed", "task.suspended"} <= {*before}
        whole = await sending.actions.run_events(actor, run.id)
        assert sorted(event["id"] for event in whole) == sorted(event["id"] for event in receiver.events)
        assert receiver.of(run.id)[-1] == "workflow.completed"
        first = receiver.world.requests[0]
        assert first["headers"]["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert first["headers"]["authorization"] == "Bearer open sesame"

    async def test_a_receiver_that_is_away_is_sent_everything_later_and_runs_do_not_wait(
        self, sending: Container, actor: Actor, receiver: Receiver
    ) -> None:
        receiver.status = 503
        async with working(sending):
            run = await start(sending, actor, definition("a: {set: {n: 1}}"))
            done = await eventually(sending, actor, run.id, ended)
            await come(lambda: receiver.world.seen("/sink") >= 2)
            receiver.world.requests.clear()
            receiver.status = 204
            await come(lambda: "workflow.completed" in receiver.of(run.id))

        assert done.status == "completed"
        assert receiver.of(run.id) == ["workflow.started", "task.created", "task.started", "task.completed", "workflow.completed"]

    async def test_what_a_worker_had_no_time_to_send_another_one_sends(
        self, sending: Container, container: Container, actor: Actor, receiver: Receiver
    ) -> None:
        """*container*'s worker sends nothing, as one that was killed."""
        async with working(container):
            run = await start(container, actor, definition("a: {set: {n: 1}}"))
            await eventually(container, actor, run.id, ended)
        assert receiver.events == []

        async with working(sending):
            await come(lambda: "workflow.completed" in receiver.of(run.id))

    async def test_several_go_in_one_request_where_that_is_wanted(
        self, settings: Settings, database: Prepared, actor: Actor, receiver: Receiver
    ) -> None:
        wanted = settings.model_copy(update={"events_sink": f"{receiver.world.url}/sink", "events_sink_batch": 100})
        async with Container.open(wanted, role="worker", prepared=database) as opened, working(opened):
            run = await start(opened, actor, definition("l: {for: {in: '[range(30)]'}, do: [{a: {set: {n: 1}}}]}"))
            await come(lambda: "workflow.completed" in receiver.of(run.id))

        kinds = Counter(receiver.of(run.id))
        assert (kinds["task.completed"], kinds["workflow.started"]) == (31, 1)
        assert len(receiver.world.requests) < 10
        assert receiver.world.requests[0]["headers"]["content-type"].startswith("application/cloudevents-batch+json")

    async def test_secrets_do_not_leave(self, sending: Container, actor: Actor, receiver: Receiver) -> None:
        await sending.actions.secret_set(actor, "token", "s3cr3t-value-long")
        text = definition("a: {set: {told: '${ $secrets.token }'}}", use="use: {secrets: [token]}\n")
        async with working(sending):
            run = await start(sending, actor, text)
            await come(lambda: "workflow.completed" in receiver.of(run.id))

        assert "s3cr3t-value-long" not in json.dumps(receiver.events)
        assert "s3cr3t-value-long" not in json.dumps(await sending.actions.run_events(actor, run.id))
