"""What is undone when a run faults or is cancelled: in which order, with which data, once, whatever happens to the process."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from dsl.expressions import Expressions
from graphs.run import Outcome
from graphs.run.errors import StoreUnavailable
from graphs.run.http import GuardedHttp
from graphs.run.memory_ports import MemoryObserver
from graphs.run.ports import HttpRequest, HttpResponse, Row
from tests.unit.run.harness import Runs, World, definition
from tests.unit.run.test_every_crash import DyingJournal, Trouble
from tests.unit.run.test_waiting import MovableClock

FAIL = {"raise": {"error": {"type": "https://example.org/no", "status": 418, "title": "No"}}}


def undone(name: str, **more: Any) -> dict[str, Any]:
    """Return metadata with a compensation that posts to /undo/NAME what it sees."""
    body = {"output": "${ . }", "given": "${ $input }", "error": "${ $error.title }"}
    return {"parley": {"compensate": [{"undo": post(f"undo/{name}", body=body)}], **more}}


def post(name: str, **more: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "post", "endpoint": f"http://w/{name}", **more}}


class Outside:
    """Notes what is posted to it; dies before a request or after it; answers 500 at the paths in *broken*."""

    def __init__(self, trouble: Trouble | None = None, broken: tuple[str, ...] = ()) -> None:
        self.posts: list[str] = []
        self.bodies: dict[str, str] = {}
        self.trouble = trouble or Trouble(0)
        self.broken = broken

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.trouble.moment()
        path = request.url.removeprefix("http://w")
        self.posts.append(path)
        self.bodies[path] = (request.body or b"").decode()
        self.trouble.moment()
        return HttpResponse(status=500 if path in self.broken else 200, headers={}, body=b"", url=request.url)


async def run(runs: Runs, outside: Outside, do: list[dict[str, Any]], input: Any = None, **given: Any) -> Outcome:  # noqa: A002
    runs.fresh(**given)
    runs.deps = replace(runs.deps, http=outside)
    runs.definition = definition(do)
    return await runs.go_on(input)


SAGA = [
    {"flight": {**post("flight"), "output": {"as": "{ booked: 1 }"}, "metadata": undone("flight")}},
    {"hotel": {**post("hotel"), "output": {"as": "{ booked: 2 }"}, "metadata": undone("hotel")}},
    {"car": FAIL},
]


async def test_a_fault_undoes_what_had_finished_the_last_one_first(runs: Runs) -> None:
    outside = Outside()

    outcome = await run(runs, outside, SAGA, {"who": "ada"})

    assert (outcome.status, outcome.error and outcome.error["status"]) == ("faulted", 418)
    assert outside.posts == ["/flight", "/hotel", "/undo/hotel", "/undo/flight"]


async def test_it_sees_the_output_the_input_and_the_error(runs: Runs) -> None:
    outside = Outside()

    await run(runs, outside, SAGA, {"who": "ada"})

    assert outside.bodies["/undo/hotel"] == '{"output":{"booked":2},"given":{"booked":1},"error":"No"}'
    assert outside.bodies["/undo/flight"] == '{"output":{"booked":1},"given":{"who":"ada"},"error":"No"}'


async def test_nothing_is_undone_when_the_error_is_caught_or_there_is_none(runs: Runs) -> None:
    outside = Outside()

    outcome = await run(runs, outside, [{"all": {"try": SAGA, "catch": {"do": [{"fine": {"set": {"x": 1}}}]}}}])

    assert (outcome.status, outside.posts) == ("completed", ["/flight", "/hotel"])


async def test_one_that_cannot_be_undone_is_recorded_and_the_others_are(runs: Runs) -> None:
    outside = Outside(broken=("/undo/hotel",))

    outcome = await run(runs, outside, SAGA)

    assert outcome.error is not None
    assert outcome.error["status"] == 418
    assert outside.posts[2:] == ["/undo/hotel", "/undo/flight"]
    assert (runs.rows("/do/1/hotel/compensate"), runs.rows("/do/0/flight/compensate")) == (["started", "faulted"], ["started", "finished"])


async def test_every_iteration_every_task_of_a_child_and_of_a_function_is_undone(runs: Runs) -> None:
    child = {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "child", "version": "1.0.0"},
        "do": [{"inner": {"set": {"c": "${ $workflow.input.c }"}, "metadata": undone("child")}}],
    }
    body = {"n": "${ $n }"}
    loop = {
        "for": {"in": "[1, 2]", "each": "n"},
        "do": [{"step": {"set": {"x": 1}, "metadata": {"parley": {"compensate": [{"undo": post("undo/item", body=body)}]}}}}],
    }
    outside = Outside()
    runs.fresh(workflows=[child])
    runs.deps = replace(runs.deps, http=outside)
    functions = {"own": {"do": [{"deep": {"set": {"f": 1}, "metadata": undone("function")}}]}}
    runs.definition = definition(
        [
            {"loop": loop},
            {"sub": {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0", "input": {"c": 7}}}}},
            {"called": {"call": "own"}},
            {"end": FAIL},
        ],
        use={"functions": functions},
    )

    outcome = await runs.go_on({})

    assert outcome.error is not None
    assert outcome.error["status"] == 418
    assert outside.posts == ["/undo/function", "/undo/child", "/undo/item", "/undo/item"]
    assert outside.bodies["/undo/item"] == '{"n":1}'
    assert '"output":{"c":7}' in outside.bodies["/undo/child"]


WAITING = [SAGA[0], {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}}]


class TestCancelled:
    async def test_a_cancelled_run_is_undone_and_has_no_error(self, runs: Runs) -> None:
        outside = Outside()
        assert (await run(runs, outside, WAITING)).status == "waiting"

        outcome = await runs.go_on(cancelled=True)

        assert (outcome.status, outcome.error, outside.posts) == ("cancelled", None, ["/flight", "/undo/flight"])
        assert outside.bodies["/undo/flight"].endswith('"error":null}')
        assert (await runs.go_on()).status == "cancelled"

    async def test_undoing_may_ask_somebody_and_wait(self, runs: Runs) -> None:
        ask = {"ask": {"call": "approve:1.0.0@default", "with": {"title": "Really?"}}}
        metadata = {"parley": {"compensate": [ask, {"undo": post("undo")}]}}
        outside = Outside()
        await run(runs, outside, [{"a": {"set": {"x": 1}, "metadata": metadata}}, {"nap": {"wait": "PT1H"}}])

        waiting = await runs.go_on(cancelled=True)
        runs.mailbox.answer(waiting.awaited[0].path, {"approved": True})
        outcome = await runs.after_kill()

        assert (waiting.status, [one.kind for one in waiting.awaited]) == ("waiting", ["approve"])
        assert (outcome.status, outside.posts) == ("cancelled", ["/undo"])

    async def test_a_run_that_did_nothing_yet_is_cancelled_at_once(self, runs: Runs) -> None:
        outside = Outside()
        runs.fresh()
        runs.deps = replace(runs.deps, http=outside)
        runs.definition = definition(SAGA)

        outcome = await runs.go_on(cancelled=True)

        assert (outcome.status, outside.posts, runs.journal.rows) == ("cancelled", [], [])


MIXED = [
    SAGA[0],
    {
        "both": {
            "fork": {"branches": [{"x": {**post("x"), "metadata": undone("x")}}, {"y": {"set": {"y": 1}}}]},
        }
    },
    {"group": {"do": [{"hotel": {**post("hotel"), "metadata": undone("hotel")}}]}},
    {"car": FAIL},
]


EVERYTHING = ["/flight", "/x", "/hotel", "/undo/flight", "/undo/x", "/undo/hotel"]


async def _through(runs: Runs, at: int) -> tuple[Outcome, Outside, Trouble]:
    """Run MIXED; the process dies at moment *at*, and another one goes on. A person says what happened."""
    trouble, rows = Trouble(at), list[Row]()
    outside, clock = Outside(trouble), MovableClock()
    runs.fresh(clock=clock)
    runs.definition = definition(MIXED)
    for _ in range(20):
        runs.deps = replace(runs.deps, journal=DyingJournal(rows, trouble), http=outside, observer=MemoryObserver())
        try:
            outcome = await runs.go_on({})
        except StoreUnavailable:
            continue
        if outcome.status != "waiting":
            return outcome, outside, trouble
        for one in outcome.awaited:
            message = (one.form or {})["message"]
            [wanted] = [path for path in EVERYTHING if f"http://w{path}'" in message]
            runs.mailbox.answer(one.path, {"happened": wanted in outside.posts})
    raise AssertionError("the run never ends")


@pytest.mark.parametrize("first", range(1, 5))
async def test_stopped_at_any_moment_everything_is_done_and_undone_once(expressions: Expressions, first: int) -> None:
    at, moments = first, first
    while at <= moments:
        outcome, outside, trouble = await _through(Runs(expressions, GuardedHttp()), at)
        moments = trouble.moments

        assert (at, outcome.status, outcome.error and outcome.error["status"]) == (at, "faulted", 418)
        assert (at, Counter(outside.posts)) == (at, Counter(EVERYTHING))
        assert (at, outside.posts[3:]) == (at, ["/undo/hotel", "/undo/x", "/undo/flight"])
        at += 4


async def test_a_function_from_elsewhere_that_is_to_be_undone_is_refused(runs: Runs, world: World) -> None:
    source = "call: http\nwith: {method: get, endpoint: 'http://w/x'}\nmetadata: {parley: {compensate: [{undo: {set: {x: 1}}}]}}\n"
    world.on("/f/function.yaml", lambda _request: (200, {}, source.encode()))

    outcome = await runs.start([{"a": {"call": f"{world.url}/f/function.yaml"}}])

    assert outcome.error is not None
    assert "cannot say how it is undone" in outcome.error["detail"]


async def test_a_cancelled_run_is_undone_once_wherever_its_process_dies(expressions: Expressions) -> None:
    at, moments = 1, 1
    while at <= moments:
        runs, trouble, rows = Runs(expressions, GuardedHttp()), Trouble(0), list[Row]()
        outside = Outside(trouble)
        runs.fresh()
        runs.definition = definition([*MIXED[:-1], {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}}])
        runs.deps = replace(runs.deps, journal=DyingJournal(rows, trouble), http=outside)
        assert (await runs.go_on({})).status == "waiting"
        outside.trouble = trouble = Trouble(at)
        outcome: Outcome | None = None
        while outcome is None or outcome.status == "waiting":
            for one in outcome.awaited if outcome is not None else []:
                [wanted] = [path for path in EVERYTHING if f"http://w{path}'" in (one.form or {})["message"]]
                runs.mailbox.answer(one.path, {"happened": wanted in outside.posts})
            runs.deps = replace(runs.deps, journal=DyingJournal(rows, trouble), observer=MemoryObserver())
            try:
                outcome = await runs.go_on({}, cancelled=True)
            except StoreUnavailable:
                outcome = None
        moments = trouble.moments

        assert (at, outcome.status, Counter(outside.posts)) == (at, "cancelled", Counter(EVERYTHING))
        at += 1
