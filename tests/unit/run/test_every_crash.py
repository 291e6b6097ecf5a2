"""A mixed run is stopped at every single point where something becomes durable or reaches the outside, and goes on from there.

Each time it must end as it would have without the stop, every effect must have happened exactly once, and no step that was durably
finished may begin again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dsl.expressions import Expressions
from graphs.run import Outcome
from graphs.run.errors import StoreUnavailable
from graphs.run.memory_ports import MemoryJournal, MemoryObserver
from graphs.run.ports import HttpRequest, HttpResponse, Row
from tests.unit.run.harness import Runs, definition
from tests.unit.run.test_waiting import MovableClock


def post(name: str) -> dict[str, Any]:
    """Return a task that posts and passes its input on, whatever the answer."""
    return {"call": "http", "with": {"method": "post", "endpoint": f"http://w/{name}/{{id}}"}, "output": {"as": "$input"}}


LOOP = {
    "for": {"in": "[1, 2]", "each": "n"},
    "do": [
        {"mark": {"set": {"id": "${ .id }", "sum": "${ .sum + $n }"}, "export": {"as": "{ last: .sum }"}}},
        {
            "both": {
                "fork": {"branches": [{"x": post("x")}, {"y": {"do": [{"y1": post("y1")}, {"y2": {"wait": "PT1S"}}]}}]},
                "output": {"as": ".[0]"},
            }
        },
    ],
}
RETRIED = {
    "try": [
        {"first": post("first")},
        {"flaky": {"call": "http", "with": {"method": "get", "endpoint": "http://w/flaky"}, "output": {"as": "$input"}}},
    ],
    "catch": {"errors": {"with": {"status": 503}}, "retry": {"delay": "PT1M", "limit": {"attempt": {"count": 3}}}},
}
RACE = {"fork": {"compete": True, "branches": [{"slow": {"wait": "PT1H"}}, {"quick": post("quick")}]}}
CHILD = {
    "document": {"dsl": "1.0.3", "namespace": "test", "name": "child", "version": "1.0.0"},
    "do": [{"p": {**post("child"), "export": {"as": "{ child: true }"}}}],
}
MIXED = [
    {"begin": post("begin")},
    {"loop": LOOP},
    {"retried": RETRIED},
    {"race": RACE},
    {"sub": {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}, "timeout": {"after": "P1D"}}},
    {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}, "output": {"as": "$input + { approved: .approved }"}}},
    {"end": {"set": {"sum": "${ .sum }", "approved": "${ .approved }", "context": "${ $context }"}}},
]
EXPECTED = {"sum": 3, "approved": True, "context": {"last": 3}}
ONCE = {"/begin/7": 1, "/x/7": 2, "/y1/7": 2, "/first/7": 2, "/quick/7": 1, "/child/7": 1}


class Trouble:
    """Counts the moments at which a process can die, and lets it die at one of them."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.moments = 0

    def moment(self) -> None:
        self.moments += 1
        self._left -= 1
        if self._left == 0:
            raise StoreUnavailable("the process died here")


class DyingJournal(MemoryJournal):
    """Dies just before rows become durable, or just after."""

    def __init__(self, rows: list[Row], trouble: Trouble) -> None:
        super().__init__(rows)
        self._trouble = trouble

    async def flush(self) -> None:
        if self._queued:
            self._trouble.moment()
            await super().flush()
            self._trouble.moment()


class DyingHttp:
    """The outside: notes every effect by its idempotency key, dies before a request or after it."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, str]] = []
        self.trouble = Trouble(0)

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.trouble.moment()
        path = request.url.removeprefix("http://w")
        status = 200
        if request.method == "POST":
            self.effects.append((path, request.headers["Idempotency-Key"]))
        elif sum(1 for effect, _ in self.effects if effect == "/first/7") == 1:
            status = 503  # the GET works in the second attempt, however often it is asked in the first
        self.trouble.moment()
        return HttpResponse(status=status, headers={}, body=b"", url=request.url)


class Ordeal:
    """One run that dies at one moment."""

    def __init__(self, runs: Runs, at: int) -> None:
        self.runs = runs
        self.http = DyingHttp()
        self.clock = MovableClock()
        runs.fresh(clock=self.clock, workflows=[CHILD])
        runs.definition = definition(MIXED)
        self.http.trouble = Trouble(at)
        self.rows: list[Row] = []
        self.began_again: list[str] = []

    async def outcome(self) -> Outcome:
        """Enter the run again and again until it is over; people and time do their part."""
        for _ in range(40):
            finished = {(row.path, row.attempt) for row in self.rows if row.kind == "step" and row.status == "finished"}
            observer = MemoryObserver()
            journal = DyingJournal(self.rows, self.http.trouble)
            self.runs.deps = replace(self.runs.deps, journal=journal, http=self.http, observer=observer)
            try:
                outcome = await self.runs.go_on({"id": 7, "sum": 0})
            except StoreUnavailable:
                continue
            finally:
                begun = {(row.path, row.attempt) for row in observer.rows if row.status == "started"}
                self.began_again += [path for path, _ in finished & begun]
            if outcome.status != "waiting":
                return outcome
            self.answer(outcome)
        raise AssertionError("the run never ends")

    def answer(self, outcome: Outcome) -> None:
        for one in outcome.awaited:
            if one.kind == "approve":
                self.runs.mailbox.answer(one.path, {"approved": True})
            elif one.kind == "outcome-unknown":
                self.runs.mailbox.answer(one.path, {"happened": self.happened(one.form or {}), "output": None})
        self.clock.pass_(70)

    def happened(self, form: Mapping[str, Any]) -> bool:
        """Look whether the newest intent's effect is there, as a person would."""
        intents = [row for row in self.rows if row.kind == "intent" and str(row.output) in form["message"]]
        done = Counter(path for path, _ in self.http.effects)
        wanted = str(intents[-1].output).removeprefix("POST http://w")
        finished = sum(1 for row in self.rows if row.kind == "step" and row.status == "finished" and row.reference == intents[-1].reference)
        return done[wanted] > finished


async def test_without_a_stop_it_ends_as_expected(runs: Runs) -> None:
    ordeal = Ordeal(runs, at=0)

    outcome = await ordeal.outcome()

    assert outcome.output == EXPECTED
    assert Counter(path for path, _ in ordeal.http.effects) == ONCE


@pytest.mark.parametrize("first", range(1, 17))
async def test_stopped_at_any_moment_it_ends_the_same(expressions: Expressions, first: int) -> None:
    """Every sixteenth moment, beginning with *first*; together all of them."""
    from graphs.run.http import GuardedHttp

    at, moments = first, first
    while at <= moments:
        ordeal = Ordeal(Runs(expressions, GuardedHttp()), at)

        outcome = await ordeal.outcome()

        moments = ordeal.http.trouble.moments
        assert (at, outcome.status, outcome.output) == (at, "completed", EXPECTED)
        assert (at, Counter(path for path, _ in ordeal.http.effects)) == (at, ONCE)
        assert (at, ordeal.began_again) == (at, [])
        at += 16
