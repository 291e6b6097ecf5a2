"""The workflows to measure with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = Any
EVENT = "com.example.bench.arrived"


def _named(name: str, *tasks: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"document": {"dsl": "1.0.3", "namespace": "bench", "name": name, "version": "1.0.0"}, "do": list(tasks)}


NOTE = {"note": {"set": {"woken": True}}}
SLEEPS = _named("sleeps", {"pause": {"wait": "P30D"}}, NOTE)
CORRELATED = {"number": {"from": "${ .data.number }", "expect": "${ .number }"}}
LISTENS = _named("listens", {"hear": {"listen": {"to": {"one": {"with": {"type": EVENT}, "correlate": CORRELATED}}}}}, NOTE)
ASKS = _named("asks", {"decide": {"call": "approve:1.0.0@default", "with": {"title": "Go on?"}}}, NOTE)


def loop(url: str | None) -> dict[str, JSON]:
    """Return a `for` over `.items`: a pure step each, or with *url* a POST there."""
    step = _call(url, "${ {number: $item} }") if url else {"set": {"number": "${ $item * 2 }"}}
    body = {"each": "item", "in": "${ .items }"}
    return _named("loop", {"each": {"for": body, "do": [{"one": step}]}}, NOTE)


def fork(branches: int, url: str | None) -> dict[str, JSON]:
    """Return a `fork` of *branches*."""

    def step(number: int) -> dict[str, JSON]:
        return _call(url, {"number": number}) if url else {"set": {"number": "${ .start + " + str(number) + " }"}}

    return _named(f"fork-{branches}", {"all": {"fork": {"branches": [{f"branch{n}": step(n)} for n in range(branches)]}}}, NOTE)


def _call(url: str, body: JSON) -> dict[str, JSON]:
    return {"call": "http", "with": {"method": "post", "endpoint": url, "body": body}}
