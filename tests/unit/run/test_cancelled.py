"""What was stopped on the way says so: whoever looks never sees it at work for ever, and it is no result when the run goes on."""

from __future__ import annotations

from graphs.run.ports import Row
from tests.unit.run.harness import Runs, Tasks, World, until
from tests.unit.run.test_durability import call, hanging


def after_slow(world: World, path: str, status: int = 200, body: bytes = b"") -> None:
    """Answer *path* once `/slow` was asked, which never answers: whoever asks `/slow` is at work by then."""

    async def answer() -> tuple[int, dict[str, str], bytes]:
        await until(lambda: world.seen("/slow") >= world.seen(path))
        return status, {}, body

    world.on(path, lambda _request: answer())


def at_work(runs: Runs) -> set[str]:
    """Return the paths whose last word to the observer is that they began."""
    last: dict[str, Row] = {row.path: row for row in runs.deps.observer.rows if row.kind == "step"}  # type: ignore[attr-defined]
    return {path for path, row in last.items() if row.status == "started"}


def stopped(runs: Runs) -> dict[str, str]:
    return {row.path: row.reference for row in runs.journal.rows if row.status == "cancelled"}


async def test_the_losers_of_a_race_are_recorded_as_stopped(runs: Runs, world: World) -> None:
    hanging(world, "/slow")
    after_slow(world, "/quick")
    slow, quick = {"do": [{"post": call(world, "/slow")}]}, {"do": [{"q": call(world, "/quick", "get")}]}
    do: Tasks = [{"race": {"fork": {"compete": True, "branches": [{"slow": slow}, {"quick": quick}]}}}]

    outcome = await runs.start(do, {"n": 1})

    assert (outcome.status, outcome.output) == ("completed", None)
    branch = "/do/0/race/fork/branches/0/slow"
    assert stopped(runs) == {f"{branch}/do/0/post/cancelled": f"{branch}/do/0/post", f"{branch}/cancelled": branch}
    assert at_work(runs) == set()


async def test_what_a_timeout_stopped_is_recorded_retried_attempts_too(runs: Runs, world: World) -> None:
    world.json("/x", "no", status=503)
    task = {"try": [{"x": call(world, "/x", "get")}, {"s": {"wait": "PT1S"}}], "catch": {"retry": {"delay": {"milliseconds": 1}}}}

    outcome = await runs.start([{"t": {**task, "timeout": {"after": {"milliseconds": 300}}}}], {})

    assert outcome.error is not None
    assert outcome.error["status"] == 408
    assert at_work(runs) == set()


async def test_an_attempt_that_worked_is_no_longer_shown_at_work(runs: Runs, world: World) -> None:
    world.on("/x", lambda _request: (503 if len(world.requests) == 1 else 200, {}, b""))
    task = {"try": [{"x": call(world, "/x", "get")}], "catch": {"retry": {"delay": {"milliseconds": 1}}}}

    await runs.start([{"t": task}], {})

    assert world.seen("/x") == 2
    assert at_work(runs) == set()


async def test_a_run_that_is_stopped_records_nothing_of_the_kind(runs: Runs, world: World) -> None:
    """Another process does those steps."""
    hanging(world, "/slow")
    branches: Tasks = [{"slow": call(world, "/slow", "get")}, {"s": {"set": {"n": 1}}}]

    await runs.kill_when(lambda: world.seen("/slow") == 1, [{"f": {"fork": {"branches": branches}}}], {})
    await runs.journal.flush()

    assert stopped(runs) == {}


async def test_a_stopped_branch_is_done_when_a_person_retries_its_failed_neighbour(runs: Runs, world: World) -> None:
    """It was stopped twice: each time it has a row, and neither is taken for its result."""
    hanging(world, "/slow")
    after_slow(world, "/x", status=503)
    x = {"do": [{"post": call(world, "/x")}]}
    outcome = await runs.start([{"f": {"fork": {"branches": [{"slow": call(world, "/slow", "get")}, {"x": x}]}}}], {})
    for attempt in (1, 2):
        retry = Row(path=outcome.failed_path, attempt=attempt, kind="retry", reference="", status="started")
        runs.journal.rows.append(retry)
        if attempt == 2:
            world.json("/x", '"x"')
            world.json("/slow", '"slow"')
        outcome = await runs.after_kill()

    assert (outcome.status, outcome.output) == ("completed", ["slow", "x"])
    assert set(stopped(runs)) == {f"/do/0/f/fork/branches/0/slow/cancelled{mark}" for mark in ("", "@2")}
