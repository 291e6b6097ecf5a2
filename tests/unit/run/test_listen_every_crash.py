"""A run that listens is stopped at every point where something becomes durable or reaches the outside, while events keep coming.

Each time it must end as it would have without the stop: the same events, in the same order, each worked on once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from dsl.expressions import Expressions
from graphs.run import Outcome
from graphs.run.http import GuardedHttp
from tests.unit.run.harness import Runs, definition
from tests.unit.run.test_every_crash import Ordeal, post

ORDERS = {
    "listen": {
        "to": {
            "any": [{"with": {"type": "order"}, "correlate": {"shop": {"from": ".data.shop"}}}, {"with": {"type": "re.*"}}],
            "until": {"one": {"with": {"type": "closed"}}},
        }
    },
    "foreach": {
        "item": "e",
        "at": "i",
        "do": [{"keep": {"set": {"id": "${ $e.id }", "i": "${ $i }", "had": "${ $context.last }"}}}, {"send": post("order")}],
        "output": {"as": "${ [.i, .id, .had] }"},
        "export": {"as": "${ {last: .[1]} }"},
    },
    "output": {"as": "${ {orders: ., id: 7} }"},
}
BOTH = {
    "listen": {"to": {"all": [{"with": {"type": "left", "subject": "${ $context.last }"}}, {"with": {"type": "right"}}]}},
    "output": {"as": "${ {both: ., orders: $input.orders} }"},
}
THREE = {
    "listen": {"to": {"any": [{"with": {"type": "left.*|right"}}], "until": "length == 3"}},
    "output": {"as": "${ $input + {three: .} }"},
}


def event(number: int, type_: str, shop: str = "", **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "/s", "type": type_, "data": {"id": number, "shop": shop}, **more}


EVENTS = [
    event(1, "order", "a"), event(2, "right"), event(3, "order", "b"), event(4, "order", "a"), event(5, "left", subject="x"),
    event(6, "return"), event(7, "closed"), event(8, "order", "a"), event(9, "left", subject="6"), event(10, "left"), event(11, "right"),
]  # fmt: skip
EXPECTED = {
    "orders": [[0, 1, None], [1, 4, 1], [2, 6, 4]],
    "both": [{"id": 2, "shop": ""}, {"id": 9, "shop": ""}],
    "three": [{"id": 5, "shop": ""}, {"id": 10, "shop": ""}, {"id": 11, "shop": ""}],
}
ONCE = {"/order/1": 1, "/order/4": 1, "/order/6": 1}


class Hearing(Ordeal):
    """A run that hears EVENTS, two more of them with every entry."""

    def __init__(self, runs: Runs, at: int) -> None:
        super().__init__(runs, at)
        runs.fresh(clock=self.clock)
        runs.definition = definition([{"orders": ORDERS}, {"both": BOTH}, {"three": THREE}])
        self.left = list(EVENTS)

    def happened(self, form: Mapping[str, Any]) -> bool:
        """Look whether the effect is there: each has an address of its own."""
        return any(f"POST http://w{path}'" in form["message"] for path, _ in self.http.effects)

    def answer(self, outcome: Outcome) -> None:
        super().answer(outcome)
        for one in self.left[:2]:
            self.runs.mailbox.post_event(one)
        self.left = self.left[2:]


async def test_without_a_stop_it_hears_what_it_should(runs: Runs) -> None:
    hearing = Hearing(runs, at=0)

    outcome = await hearing.outcome()

    assert outcome.output == EXPECTED
    assert Counter(path for path, _ in hearing.http.effects) == ONCE


@pytest.mark.parametrize("first", range(1, 9))
async def test_stopped_at_any_moment_it_hears_the_same(expressions: Expressions, first: int) -> None:
    """Every eighth moment, beginning with *first*; together all of them."""
    at, moments = first, first
    while at <= moments:
        hearing = Hearing(Runs(expressions, GuardedHttp()), at)

        outcome = await hearing.outcome()

        moments = hearing.http.trouble.moments
        assert (at, outcome.status, outcome.output) == (at, "completed", EXPECTED)
        assert (at, Counter(path for path, _ in hearing.http.effects)) == (at, ONCE)
        assert (at, hearing.began_again) == (at, [])
        at += 8
