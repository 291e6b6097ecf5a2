"""`run: workflow`: what it gives back, and `await: false`, which starts a run of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graphs.run.memory_children import MemoryChildren
from tests.unit.run.harness import Runs, World, definition

DOUBLE = definition([{"x": {"set": {"doubled": "${ .n * 2 }"}}}])
CHILD = {**DOUBLE, "document": {**DOUBLE["document"], "name": "child", "version": "1.0.0"}}


def child(version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    top = {"await": more.pop("awaited")} if "awaited" in more else {}
    returns = {"return": more.pop("returns")} if "returns" in more else {}
    return {"run": {"workflow": {"namespace": "test", "name": "child", "version": version, **more}, **top, **returns}}


def started(runs: Runs) -> MemoryChildren:
    children = runs.deps.children
    assert isinstance(children, MemoryChildren)
    return children


class TestReturn:
    @pytest.mark.parametrize(
        ("returns", "expected"),
        [
            ("stdout", {"doubled": 8}),
            ("none", None),
            ("code", 0),
            ("stderr", ""),
            ("all", {"code": 0, "stdout": {"doubled": 8}, "stderr": ""}),
        ],
    )
    async def test_a_workflow_that_completed_is_a_process_that_ended_well(self, runs: Runs, returns: str, expected: Any) -> None:
        outcome = await runs.start([{"sub": child(returns=returns)}], {"n": 4}, workflows=[CHILD])

        assert outcome.output == expected


class TestNotAwaited:
    async def test_gives_the_input_and_the_child_ends_by_itself(self, runs: Runs) -> None:
        outcome = await runs.start([{"sub": child(awaited=False, input={"n": "${ .m }"})}], {"m": 21}, workflows=[CHILD])

        assert outcome.output == {"m": 21}
        await started(runs).settled(10)
        assert [ended.output for ended in started(runs).ended.values()] == [{"doubled": 42}]
        assert started(runs).started.keys() == {"/do/0/sub"}

    async def test_without_input_the_child_gets_the_tasks(self, runs: Runs) -> None:
        await runs.start([{"sub": child(awaited=False)}], {"n": 1}, workflows=[CHILD])

        await started(runs).settled(10)
        assert [ended.output for ended in started(runs).ended.values()] == [{"doubled": 2}]

    async def test_latest_is_the_highest_version(self, runs: Runs) -> None:
        newer = {**CHILD, "document": {**CHILD["document"], "version": "1.10.0"}, "do": [{"x": {"set": "newer"}}]}
        older = {**CHILD, "document": {**CHILD["document"], "version": "1.9.0"}}

        await runs.start([{"sub": child("latest", awaited=False)}], {"n": 1}, workflows=[older, newer, CHILD])

        await started(runs).settled(10)
        assert [ended.output for ended in started(runs).ended.values()] == ["newer"]

    async def test_a_child_that_fails_is_not_the_parents_failure(self, runs: Runs) -> None:
        bad = {**CHILD, "do": [{"x": {"raise": {"error": {"type": "about:blank", "status": 418}}}}]}

        outcome = await runs.start([{"sub": child(awaited=False)}], {"n": 1}, workflows=[bad])

        assert outcome.status == "completed"
        await started(runs).settled(10)
        assert [ended.status for ended in started(runs).ended.values()] == ["faulted"]

    async def test_one_that_nobody_approved_is(self, runs: Runs) -> None:
        outcome = await runs.start([{"sub": child(awaited=False)}], {"n": 1})

        assert outcome.error is not None
        assert (outcome.error["title"], outcome.error["status"]) == ("Unknown Workflow", 400)

    async def test_the_journal_says_which_run_it_is(self, runs: Runs) -> None:
        await runs.start([{"sub": child(awaited=False)}], {"n": 1}, workflows=[CHILD])

        (run_id,) = started(runs).started.values()
        rows = [(row.path, row.kind, row.output) for row in runs.journal.rows]
        assert ("/do/0/sub/started", "intent", f"started the run {run_id}") in rows

    async def test_killed_after_the_start_it_is_started_once(self, runs: Runs, world: World) -> None:
        """The child's own call shows that it began; the parent dies before its step is in the journal, and does it again."""
        free = asyncio.Event()

        async def answer() -> Any:
            await free.wait()
            return 200, {}, b"{}"

        world.on("/hang", lambda _request: answer())
        hang = {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/hang"}}
        await runs.kill_when(lambda: world.seen("/hang") == 1, [{"sub": child(awaited=False)}, {"hang": hang}], {"n": 1}, workflows=[CHILD])
        lost = [row for row in runs.journal.rows if not row.path.startswith("/do/0/sub")]
        runs.journal.rows[:] = lost
        free.set()

        outcome = await runs.after_kill()

        assert outcome.status == "completed"
        await started(runs).settled(10)
        assert len(started(runs).ended) == 1

    async def test_each_visit_starts_another_one(self, runs: Runs) -> None:
        do = [{"l": {"for": {"each": "n", "in": "${ [1, 2, 3] }"}, "do": [{"sub": child(awaited=False, input={"n": "${ $n }"})}]}}]

        await runs.start(do, {}, workflows=[CHILD])

        await started(runs).settled(10)
        assert sorted(ended.output["doubled"] for ended in started(runs).ended.values()) == [2, 4, 6]

    async def test_runs_that_start_themselves_come_to_an_end(self, runs: Runs) -> None:
        itself = {**CHILD, "do": [{"again": child(awaited=False)}]}

        await runs.start([{"sub": child(awaited=False)}], {"n": 1}, workflows=[itself])

        generations, children = 0, started(runs)
        await children.settled(20)
        while children.ended and next(iter(children.ended.values())).status == "completed":
            generations, children = generations + 1, children.children[0]
        (last,) = children.ended.values()
        assert last.error is not None
        assert (last.error["title"], generations) == ("Too Deep", runs.deps.limits.workflow_depth - 1)


class TestCancelled:
    async def test_a_timeout_reaches_the_child_that_is_waited_for(self, runs: Runs) -> None:
        slow = {**CHILD, "do": [{"w": {"wait": "PT1H"}}]}
        late = {"as": "e", "do": [{"s": {"set": "late"}}]}
        do = [{"t": {"try": [{"sub": {**child(), "timeout": {"after": {"milliseconds": 100}}}}], "catch": late}}]

        outcome = await runs.start(do, {"n": 1}, workflows=[slow])

        assert outcome.output == "late"
        assert runs.rows("/do/0/t/try/0/sub/workflow/do/0/w/cancelled") == ["cancelled"]
        assert list(runs.mailbox.awaited) == []
