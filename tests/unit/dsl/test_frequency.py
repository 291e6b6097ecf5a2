"""How often a task happens. "Once" is said only where that is certain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.frequency import Frequency
from dsl.walk import steps
from tests.unit.dsl.definitions import a_workflow, choose, get, one_effect, post, wait


def _careful(*body: dict[str, Any], **catch: Any) -> dict[str, Any]:
    return {"careful": {"try": list(body), "catch": catch}}


def _leaves(ways: dict[str, list[str]], at: str, closed: tuple[str, ...]) -> bool:
    """Tell whether `exit` can be reached from *at* without the *closed* tasks."""
    if at in closed:
        return False
    return at == "exit" or any(_leaves(ways, to, (*closed, at)) for to in ways[at])


_BACK = choose("again", ("more", ".more", "send"), ("done", None, "end"))
_FAILED = {"errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/timeout"}}}
_NO = {"type": "https://example.com/errors/no", "status": 400}
SOMETIMES = {
    "behind an if": ((post("send", **{"if": ".x"}),), "at most once"),
    "inside a task behind an if": (({"part": {"do": [post("send")], "if": ".x"}},), "at most once"),
    "in one case of a switch": ((choose("pick", ("yes", ".x", "send"), ("no", None, "end")), post("send")), "at most once"),
    "where the cases meet again": (
        (choose("pick", ("a", ".x", "one"), ("b", None, "two")), wait("one", then="send"), wait("two"), post("send")),
        "once",
    ),
    "after a raise in one case": (
        (choose("pick", ("bad", ".x", "stop"), ("good", None, "send")), {"stop": {"raise": {"error": "x"}}}, post("send")),
        "at most once",
    ),
    "after something that may end the run": (
        ({"part": {"do": [wait("a", then="end", **{"if": ".x"}), wait("b")]}}, post("send")),
        "at most once",
    ),
    "after an error that is caught": ((_careful({"no": {"raise": {"error": "x"}}}, do=[wait("rest")]), post("send")), "once"),
    "after an error that is caught further out": ((_careful({"part": {"do": [{"no": {"raise": {"error": _NO}}}]}}), post("send")), "once"),
    "after an error that is caught by its type": (
        (_careful({"no": {"raise": {"error": _NO}}}, errors={"with": {"type": _NO["type"]}}), post("send")),
        "once",
    ),
    "after an error that another catch waits for": (
        (_careful({"no": {"raise": {"error": _NO}}}, errors={"with": {"status": 503}}), post("send")),
        "at most once",
    ),
    "after an error that is caught on a condition": (
        (_careful({"no": {"raise": {"error": _NO}}}, when=".x"), post("send")),
        "at most once",
    ),
    "in a race": (
        ({"both": {"fork": {"compete": True, "branches": [post("send"), wait("rest")]}}},),
        "at most once, given up when another branch is first",
    ),
    "in a loop": (({"each": {"for": {"in": ".orders"}, "do": [post("send")]}},), "once per item of the orders"),
    "in a loop behind an if": (
        ({"each": {"for": {"in": ".orders"}, "do": [post("send", **{"if": ".x"})]}},),
        "at most once per item of the orders",
    ),
    "in a loop that may stop early": (
        ({"each": {"for": {"in": ".orders"}, "while": ".x", "do": [post("send")]}},),
        "at most once per item of the orders",
    ),
    "when something fails": ((_careful(get("load"), **_FAILED, do=[post("send")]),), "only when “careful” fails with a timeout error"),
    "again and again behind an if": ((post("send", **{"if": ".x"}), _BACK), "at most once each time round"),
    "with retries behind an if": (
        (_careful(post("send", **{"if": ".x"}), retry={"limit": {"attempt": {"count": 1}}}),),
        "up to 2 times (1 retry)",
    ),
}


_ANY = {"any": [{"with": {"type": "a"}}, {"with": {"type": "b"}}]}
_UNTIL = {"one": {"with": {"type": "stop"}}}


def _listen(to: dict[str, Any]) -> dict[str, Any]:
    return {"hear": {"listen": {"to": to}, "foreach": {"do": [post("send")]}}}


def _subscribe(**consume: Any) -> dict[str, Any]:
    return {"hear": {"call": "asyncapi", "with": {"subscription": {"consume": consume, "foreach": {"do": [post("send")]}}}}}


PER_EVENT = {
    "one": (_listen({"one": {"with": {"type": "a"}}}), "once"),
    "any": (_listen(_ANY), "once"),
    "all": (_listen({"all": _ANY["any"]}), "once per event (2 of them)"),
    "any until an event": (_listen(_ANY | {"until": _UNTIL}), "once per event until the event stop arrives"),
    "any until a condition": (_listen({"any": [], "until": "(. | length) == 3"}), "once per event until the number of events is 3"),
    "any without end": (_listen({"any": [], "until": "${ false }"}), "once per event, without end"),
    "so many messages": (_subscribe(amount=5), "once per message, 5 at most"),
    "one message": (_subscribe(amount=1), "once"),
    "messages until": (_subscribe(until="${ .done }", **{"for": "PT1H"}), "once per message within 1 hour until done is true"),
    "messages as long as": (_subscribe(**{"while": "${ .open }"}), "once per message as long as open is true"),
    "messages without end": (_subscribe(**{"while": "${ true }"}), "once per message, without end"),
}
_TRIES = {
    "a count": ({"limit": {"attempt": {"count": 2}}}, "up to 3 times (2 retries)"),
    "no retry": ({"limit": {"attempt": {"count": 0}}}, "once"),
    "a time": ({"limit": {"duration": "PT1M"}}, "again for up to 1 minute until it works"),
    "nothing": ({"delay": "PT1S", "backoff": {"exponential": {}}}, "until it works (no limit of retries)"),
}
_STARTS = {
    "after": ({"after": "PT10M"}, "in every run of the schedule: Again 10 minutes after the last run has ended"),
    "any": ({"on": _ANY}, "for each event a or event b"),
    "all": ({"on": {"all": _ANY["any"]}}, "for each set of event a and event b"),
    "both": ({"every": "PT1H", "on": _UNTIL}, "in every run of the schedule: Every hour and for each event stop"),
}


class TestHowOften:
    @pytest.mark.parametrize(("task", "words"), PER_EVENT.values(), ids=PER_EVENT.keys())
    def test_for_events_and_messages(self, task: dict[str, Any], words: str) -> None:
        assert one_effect(a_workflow(task), "send").how_often == words

    @pytest.mark.parametrize(("policy", "words"), _TRIES.values(), ids=_TRIES.keys())
    def test_with_retries(self, policy: dict[str, Any], words: str) -> None:
        assert one_effect(a_workflow(_careful(post("send"), retry=policy)), "send").how_often == words

    @pytest.mark.parametrize(("schedule", "words"), _STARTS.values(), ids=_STARTS.keys())
    def test_with_what_starts_it(self, schedule: dict[str, Any], words: str) -> None:
        assert one_effect(a_workflow(post("send"), schedule=schedule), "send").how_often == f"once, {words}"

    @given(st.lists(st.tuples(st.integers(-1, 7), st.integers(-1, 7)), min_size=1, max_size=8))
    def test_once_is_what_no_way_out_of_the_list_can_avoid(self, jumps: list[tuple[int, int]]) -> None:
        """Compared with the slow answer: take the task out, and see whether the list can still be left."""
        names = [f"t{number}" for number in range(len(jumps))]
        target = [[names[to] if to < len(names) and to >= 0 else "exit" for to in pair] for pair in jumps]
        tasks = [choose(name, ("a", ".x", one), ("b", None, other)) for name, (one, other) in zip(names, target, strict=True)]
        ways = {name: list(pair) for name, pair in zip(names, target, strict=True)}
        often = Frequency(a_workflow(*tasks))

        for step in steps(a_workflow(*tasks)):
            if _leaves(ways, "t0", ()):
                assert ("at most" not in often.words(step) and "if at all" not in often.words(step)) == (
                    not _leaves(ways, "t0", (step.name,))
                )

    def test_counts_items_retries_rounds_and_the_schedule(self) -> None:
        body = {"try": [post("send")], "catch": {"retry": "calm"}}
        data = a_workflow(
            get("load"),
            {"each": {"for": {"in": "${ .orders }"}, "do": [{"careful": body}]}},
            choose("again", ("more", ".more", "load"), ("done", None, "end")),
            use={"retries": {"calm": {"limit": {"attempt": {"count": 3}}}}},
            schedule={"cron": "0 9 * * 1-5"},
        )

        assert one_effect(data, "load").how_often == "each time round, in every run of the schedule: Every weekday at 09:00 (UTC)"
        assert one_effect(data, "send").how_often == (
            "up to 4 times (3 retries), once per item of the orders, each time round, "
            "in every run of the schedule: Every weekday at 09:00 (UTC)"
        )

    def test_once_is_once(self) -> None:
        assert one_effect(a_workflow(get("load"), post("send")), "send").how_often == "once"

    def test_what_catches_is_not_repeated_with_the_body(self) -> None:
        task = {"careful": {"try": [get("load")], "catch": {"retry": {"delay": "PT1S"}, "do": [post("report")]}}}

        assert one_effect(a_workflow(task), "load").how_often == "until it works (no limit of retries)"
        assert one_effect(a_workflow(task), "report").how_often == "only when “careful” still fails"

    @pytest.mark.parametrize(("tasks", "words"), SOMETIMES.values(), ids=SOMETIMES.keys())
    def test_once_is_said_only_where_every_way_leads_through_the_task(self, tasks: tuple[dict[str, Any], ...], words: str) -> None:
        assert one_effect(a_workflow(*tasks), "send").how_often == words

    def test_an_event_is_no_schedule(self) -> None:
        on = {"one": {"with": {"type": "com.example.order"}}}

        assert one_effect(a_workflow(post("send"), schedule={"on": on}), "send").how_often == "once, for each event com.example.order"
