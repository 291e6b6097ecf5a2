"""Lifecycle events: told from the journal, and sent to where the operator wants them."""

from __future__ import annotations

import re

import pytest

from app.actions import Actor, NotFound
from app.container import Container
from tests.fakes import definition, ended, eventually, status, working
from tests.integration.test_worker import start

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
