"""Did the world see what it expected? Failures in words, for tests, people and evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.world.description import Condition, Description, Never, Order, Saw
from tests.world.matching import MISSING, Pattern, differences
from tests.world.seen import Seen, fits
from tests.world.templates import fill

JSON = Any


def verdict(description: Description, seen: Sequence[Seen], state: Mapping[str, JSON], base_url: str) -> list[str]:
    """Return what went otherwise than expected; nothing when all is well. Templates see `state` and `base_url`."""
    scope = {"state": state, "base_url": base_url}
    failures = [f"the answer to request {r.order} ({r}) broke: {r.why}" for r in seen if r.answered == "broken"]
    if description.strangers == "fail":
        failures += [f"request {r.order} ({r}) is unknown here: {r.why}" for r in seen if r.route is None]
    for expectation in description.expect:
        if isinstance(expectation, Saw):
            failures += _saw(expectation, seen, scope)
        elif isinstance(expectation, Never):
            failures += _never(expectation, seen, scope)
        else:
            failures += _order(expectation, seen)
    return failures


def _saw(wanted: Saw, seen: Sequence[Seen], scope: Mapping[str, JSON]) -> list[str]:
    requests = _matching(wanted.saw, seen)
    failures = _count(wanted, len(requests))
    if wanted.bodies is not None:
        failures += _bodies(wanted, requests, scope)
    for request in requests if wanted.each is not None else []:
        assert wanted.each is not None
        failures += [f"{wanted.saw}, request {request.order}: {words}" for words in unmet_by(wanted.each, request, scope)]
    return failures


def _count(wanted: Saw, count: int) -> list[str]:
    if wanted.times is None:
        low, high = 1, None
        if wanted.bodies is not None:
            low = high = len(wanted.bodies)
    elif isinstance(wanted.times, int):
        low = high = wanted.times
    else:
        low, high = wanted.times.at_least, wanted.times.at_most
    if count >= low and (high is None or count <= high):
        return []
    limit = f"{low} times" if low == high else f"at least {low} times" if high is None else f"{low} to {high} times"
    return [f"{wanted.saw} was seen {count} times, wanted {limit}"]


def _bodies(wanted: Saw, requests: Sequence[Seen], scope: Mapping[str, JSON]) -> list[str]:
    bodies = fill(wanted.bodies, scope)
    got = [request.body for request in requests]
    if len(bodies) != len(got):
        return []  # the count said so
    if wanted.any_order:
        wrong = differences({"$set": bodies}, got, where="bodies", exact=True)
    else:
        wrong = differences(bodies, got, where="bodies", exact=True)
    return [f"{wanted.saw}: {words}" for words in wrong]


def _never(wanted: Never, seen: Sequence[Seen], scope: Mapping[str, JSON]) -> list[str]:
    return [
        f"{wanted.never} was never to be seen, but request {request.order} is {request} with body {request.body!r}"
        for request in _matching(wanted.never, seen)
        if wanted.when is None or not unmet_by(wanted.when, request, scope)
    ]


def _order(wanted: Order, seen: Sequence[Seen]) -> list[str]:
    """The patterns must occur one after another; anything may lie between."""
    rest = iter(seen)
    for place, pattern in enumerate(wanted.order):
        if not any(_matching(pattern, [request]) for request in rest):
            before = f" after {wanted.order[place - 1]}" if place else ""
            return [f"{pattern} was not seen{before}; the order was {', '.join(str(request) for request in seen) or 'nothing'}"]
    return []


def unmet_by(when: Condition, request: Seen, scope: Mapping[str, JSON]) -> list[str]:
    """Say in words what keeps a request already seen from meeting *when*."""
    found = differences(fill(when.query, scope), request.query, where="query")
    found += differences(fill(when.headers, scope), request.headers, where="headers")
    if when.has_body:
        wanted = fill(when.body, scope)
        found += differences(wanted, MISSING if request.body is None and wanted is not None else request.body, where="body")
    return found


def _matching(pattern: str, seen: Sequence[Seen]) -> list[Seen]:
    wanted = Pattern.parse(pattern)
    return [request for request in seen if fits(wanted, request)]
