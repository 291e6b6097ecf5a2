"""Definitions that never end by themselves meet their budget, however they fan out."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.deps import Limits
from tests.unit.run.harness import Runs

MOST = 300
STEP = {"leaf": {"set": {"x": 1}}}
CATCH = {"catch": {"do": [{"caught": {"set": {"caught": True}}}]}}


def each(*body: dict[str, Any], tries: bool = False) -> dict[str, Any]:
    """Return a `for` over a thousand items."""
    inner = [{"safe": {"try": list(body), **CATCH}}] if tries else list(body)
    return {"for": {"in": "${ [range(1000)] }"}, "do": inner}


def split(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {"fork": {"branches": [{f"branch{number}": body} for number, body in enumerate(bodies)]}}


ENDLESS = {
    "for in for in for": [{"a": each({"b": each({"c": each(STEP, tries=True)}, tries=True)}, tries=True)}],
    "fork in for": [{"a": each({"b": split(each(STEP), each(STEP), each(STEP))})}],
    "for in fork in fork": [{"a": split(split(each(STEP), each(STEP)), split(each(STEP), each(STEP)))}],
    "then": [{"a": {"set": {"x": 1}}}, {"b": {"set": {"x": 2}, "then": "a"}}],
    "then with nothing between": [{"a": {"do": [], "then": "a"}}],
    "switch": [{"a": {"switch": [{"always": {"then": "a"}}]}}],
    "then around a fork": [{"a": {**split({"set": {"x": 1}}, {"do": [STEP]}), "then": "a"}}],
    "then inside each branch": [{"a": split(*[{"do": [{"b": {"set": {"x": 1}, "then": "b"}}]}] * 3)}],
    "a retry without limit": [
        {
            "a": {
                "try": [{"b": {"raise": {"error": {"type": "https://x.example/y", "status": 500}}}}],
                "catch": {"retry": {"delay": {"seconds": 0}}},
            }
        }
    ],
}


@pytest.mark.parametrize("tasks", ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_never_ends_meets_its_budget(runs: Runs, tasks: list[dict[str, Any]]) -> None:
    outcome = await runs.start(tasks, {}, limits=Limits(max_steps=MOST))

    assert outcome.error is not None
    assert (outcome.status, outcome.error["type"]) == ("faulted", "urn:parley:errors:budget")
    assert outcome.error["detail"] == f"the run has done {MOST} tasks, which is its limit"
