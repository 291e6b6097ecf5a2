"""Stopping on the way: nothing is begun after a cancel, an `end` in a branch ends everything, and a decided fork stays decided."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from graphs.run.memory_ports import MemoryJournal, MemoryMailbox
from graphs.run.ports import HttpRequest, HttpResponse, Row
from tests.unit.run.harness import Runs, Tasks, World, definition, until
from tests.unit.run.test_durability import call, hanging
from tests.unit.run.test_waiting import APPROVE

END: dict[str, Any] = {"set": {"n": 2}, "then": "end"}


class Wire:
    """`ports.Http` that notes what is sent from the first moment on, and never answers."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request.url)
        await asyncio.sleep(60)
        raise AssertionError("nobody waits that long")


class SlowMailbox(MemoryMailbox):
    """Its store takes a while to forget a wait, and meanwhile what others wait for is *free*."""

    def __init__(self, free: asyncio.Event) -> None:
        super().__init__()
        self._free = free

    async def withdraw(self, paths: Sequence[str]) -> None:
        self._free.set()
        await asyncio.sleep(0.3)
        await super().withdraw(paths)


async def test_nothing_is_begun_once_a_run_is_cancelled(runs: Runs, world: World) -> None:
    """While its waits are withdrawn, a branch that was about to pay does not."""
    free = hanging(world, "/held")
    pay = {"do": [{"w": call(world, "/held", "get")}, {"pay": call(world, "/pay")}]}
    runs.fresh()
    runs.deps = replace(runs.deps, mailbox=SlowMailbox(free))
    runs.definition = definition([{"f": {"fork": {"branches": [{"a": {**APPROVE, "with": {"title": "?"}}}, {"p": pay}]}}}])
    task = asyncio.create_task(runs.go_on({}))
    await until(lambda: bool(runs.mailbox.awaited) and world.seen("/held") == 1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (runs.mailbox.awaited, [one["path"] for one in world.requests]) == ({}, ["/held"])


class TestEndInAFork:
    async def test_ends_the_workflow_at_once_and_stops_the_other_branches(self, runs: Runs) -> None:
        """Two levels deep, while another branch waits for a person; `output` of the tasks around it still applies."""
        inner = {"fork": {"branches": [{"a": {**APPROVE, "with": {"title": "?"}}}, {"e": {"do": [{"x": END}, {"no": {"set": {"n": 3}}}]}}]}}
        do: Tasks = [{"f": {**inner, "output": {"as": "{ ended: .n }"}}}, {"after": {"set": {"after": True}}}]

        outcome = await runs.start(do, {})

        assert (outcome.status, outcome.output, runs.mailbox.awaited) == ("completed", {"ended": 2}, {})

    @pytest.mark.parametrize("then", ["exit", "continue"])
    async def test_other_directives_of_a_branch_end_only_the_branch(self, runs: Runs, then: str) -> None:
        branches: Tasks = [
            {"a": {"set": {"n": 1}, "then": then}},
            {"b": {"do": [{"w": {"wait": {"milliseconds": 20}}}, {"s": {"set": {"n": 2}}}]}},
        ]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}, {"s": {"set": {"all": "${ . }"}}}], {})

        assert outcome.output == {"all": [{"n": 1}, {"n": 2}]}

    async def test_in_a_loop_ends_the_loop_and_what_follows(self, runs: Runs) -> None:
        loop = {"for": {"in": "[1, 2]"}, "do": [{"f": {"fork": {"compete": True, "branches": [{"x": END}]}}}]}

        outcome = await runs.start([{"loop": loop}, {"after": {"set": {"after": True}}}], {})

        assert outcome.output == {"n": 2}
        assert [row.path for row in runs.journal.rows if "for[1]" in row.path] == []


@pytest.mark.parametrize(
    ("compete", "decisive", "status", "output"),
    [
        (False, {"status": "finished", "output": {"n": 2}, "then": "end"}, "completed", {"n": 2}),
        (True, {"status": "finished", "output": {"n": 2}}, "completed", {"n": 2}),
        (False, {"status": "faulted", "error": {"type": "https://x.org/e", "status": 400}}, "faulted", None),
    ],
    ids=["end", "winner", "failed"],
)
async def test_a_branch_that_decided_before_a_kill_decides_after_it_and_no_other_branch_is_begun(
    runs: Runs, compete: bool, decisive: dict[str, Any], status: str, output: Any
) -> None:
    """Its row was durable, the fork's own was not yet; the other branch would send a request at once."""
    put = {"call": "http", "with": {"method": "put", "endpoint": "http://w/other"}}
    branches: Tasks = [{"other": put}, {"x": {"set": {"n": 2}}}]
    wire = Wire()
    runs.fresh()
    runs.definition = definition([{"f": {"fork": {"compete": compete, "branches": branches}}}])
    path = "/do/0/f/fork/branches/1/x"
    row = Row(**{"path": path, "attempt": 1, "kind": "step", "reference": path, **decisive})
    runs.deps = replace(runs.deps, journal=MemoryJournal([row]), http=wire)

    outcome = await runs.go_on({})

    assert (outcome.status, outcome.output, wire.sent) == (status, output, [])


async def test_a_secret_read_before_a_resume_stays_out_of_errors_after_it(runs: Runs) -> None:
    """Another process goes on with data that holds the secret: it knows what must not be shown before any step asks for it."""
    fail = {"raise": {"error": {"type": "https://x.org/e", "status": 400, "detail": '${ "for " + .key }'}}}
    do: Tasks = [
        {"s": {"set": {"key": "${ $secrets.token }"}}},
        {"w": {**APPROVE, "with": {"title": "?"}, "output": {"as": "$input"}}},
        {"r": fail},
    ]
    top = {"use": {"secrets": ["token", "other"]}}
    await runs.start(do, {}, top=top, secrets={"token": "hunter22222"})

    runs.mailbox.answer("/do/1/w", {"approved": True})
    outcome = await runs.after_kill()

    assert outcome.error is not None
    assert outcome.error["detail"] == "for ***"
