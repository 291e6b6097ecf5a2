"""What a `listen` waits for: events that nothing can be, and an `until` that never comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dsl.checks.constants import truth
from dsl.checks.found import advice, warning
from dsl.expressions.program import is_expression, strip
from dsl.nearest import quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step

JSON = Any


def never_ends(step: Step) -> bool:
    """Tell whether *step* listens for ever: what follows it never begins."""
    until = _strategy(step).get("until")
    return truth(until) is False and "timeout" not in step.task


def listens(step: Step, bounded: bool) -> Iterator[Problem]:
    """Yield what is wrong with the events a `listen` names; *bounded* when the workflow has a timeout."""
    strategy, here = _strategy(step), join(step.reference, "listen", "to")
    if never_ends(step) and not bounded and "foreach" not in step.task:
        message = f"'{step.name}' listens for ever and does nothing with what it hears: its `until` never holds"
        yield warning("endless-listen", join(here, "until"), message, "add a `foreach`, a `timeout`, or an `until` that can hold")
    every = strategy.get("all")
    if isinstance(every, list):
        yield from _all(every, join(here, "all"))
    for pointer, event in _filters(strategy, here):
        yield from _contradiction(event, pointer)


def _strategy(step: Step) -> dict[str, JSON]:
    listen = step.task.get("listen") if step.kind == "listen" else None
    target = listen.get("to") if isinstance(listen, dict) else None
    return target if isinstance(target, dict) else {}


def _all(events: list[JSON], here: str) -> Iterator[Problem]:
    if not events:
        yield warning(
            "empty-listen",
            here,
            "`all` names no event, so there is nothing to wait for",
            "name the events, or write `any: []` for every event",
        )
    seen: dict[str, int] = {}
    for index, event in enumerate(events):
        text = json.dumps(event, sort_keys=True, default=str)
        if text in seen:
            message = "this event is named twice in `all`, so it has to arrive twice"
            yield advice("doubled-event", join(here, index), message, "remove one of the two, or tell them apart")
        seen.setdefault(text, index)


def _filters(strategy: dict[str, JSON], here: str) -> Iterator[tuple[str, dict[str, JSON]]]:
    for key in ("one", "all", "any"):
        value = strategy.get(key)
        for index, event in enumerate(value) if isinstance(value, list) else [(-1, value)]:
            if isinstance(event, dict):
                yield (join(here, key) if index < 0 else join(here, key, index)), event


def _contradiction(event: dict[str, JSON], here: str) -> Iterator[Problem]:
    """One event cannot have two values at the same place."""
    correlations = event.get("correlate")
    expected: dict[str, tuple[str, str]] = {}  # what is read → (name of the correlation, what it must be)
    for name, correlation in correlations.items() if isinstance(correlations, dict) else ():
        source, expect = (correlation.get("from"), correlation.get("expect")) if isinstance(correlation, dict) else (None, None)
        if not isinstance(source, str) or not isinstance(expect, str) or is_expression(expect):
            continue
        other, wanted = expected.setdefault(strip(source), (name, expect))
        if wanted != expect:
            message = f"no event can meet this: {quoted([other, name])} want '{wanted}' and '{expect}' at the same place, {strip(source)}"
            yield warning(
                "impossible-event", join(here, "correlate", name), message, "keep one of the two, or write two filters under `any`"
            )
    attributes = event.get("with")
    data = attributes.get("data") if isinstance(attributes, dict) else None
    if isinstance(data, str) and is_expression(data) and truth(data) is False:
        yield warning(
            "impossible-event",
            join(here, "with", "data"),
            "no event can meet this: its condition is always false",
            "write a condition that can hold",
        )
