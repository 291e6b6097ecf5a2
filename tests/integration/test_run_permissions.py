"""What one run alone may do belongs to its record: whoever goes on with it keeps to it, and only the command line gives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.actions import Actor, Forbidden
from app.container import Container
from app.foreground import run_in_foreground
from tests.fakes import approved, definition, ended, eventually, status, working
from tests.world import World

pytestmark = pytest.mark.postgres
DESK = {"services": {"desk": {"routes": [{"request": "POST /pay", "answer": {"json": {"paid": True}}}]}}}


def pay_when_approved(base_url: str) -> str:
    pay = f"pay: {{call: http, with: {{method: post, endpoint: {{uri: '{base_url}/pay'}}, body: {{}}}}}}"
    return definition("ok: {call: 'approve:1.0.0@default', with: {title: Ok}}", pay)


async def test_a_run_started_by_the_command_line_may_call_this_machine_with_any_worker(container: Container, actor: Actor) -> None:
    world = World.load(DESK)
    async with world.running() as base_url:
        version = await approved(container, actor, pay_when_approved(base_url))
        allowed = await run_in_foreground(container, actor, version.id, input={}, loopback=True)
        other = await container.actions.start(actor, version.id)
        async with working(container):
            await eventually(container, actor, other.id, status("waiting"))
            for run in (allowed, other):
                await container.actions.answer(actor, run.id, "/do/0/ok", {"approved": True})
            done = await eventually(container, actor, allowed.id, ended)
            refused = await eventually(container, actor, other.id, ended)

    assert (done.status, done.output) == ("completed", {"paid": True}), done.error
    assert refused.status == "faulted" and refused.error is not None
    assert refused.error["code"] == "authorization"
    assert "PARLEY_HTTP_ALLOW=127.0.0.0/8" in refused.error["next"]
    assert len(world.saw("POST /pay").bodies) == 1


async def test_the_permission_stands_in_the_audit(container: Container, actor: Actor) -> None:
    version = await approved(container, actor, definition("a: {set: {x: 1}}"))

    run = await container.actions.start(actor, version.id, loopback=True)

    lines = await container.actions.audit(actor, subject=f"run:{run.id}")
    assert [(line["act"], line["details"].get("http_allow")) for line in lines] == [
        ("allow-addresses", ["127.0.0.0/8", "::1/128"]),
        ("start", None),
    ]


@pytest.mark.parametrize("via", ["chat", "api"])
async def test_chat_and_api_cannot_give_it(container: Container, actor: Actor, via: str) -> None:
    version = await approved(container, actor, definition("a: {set: {x: 1}}"))

    with pytest.raises(Forbidden, match="this machine's own addresses"):
        await container.actions.start(replace(actor, via=via), version.id, loopback=True)

    assert await container.actions.runs(actor) == []
