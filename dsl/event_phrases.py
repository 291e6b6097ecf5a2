"""What `emit` sends and what `listen` waits for, in a phrase."""

from __future__ import annotations

from typing import Any

from dsl.pointer import get
from dsl.walk import Step
from dsl.words import arrival_words, event_words, strategy_events, strategy_words, until_words

JSON = Any


def emit_words(step: Step, _data: JSON) -> str:
    return f"Send {event_words(get(step.task, '/emit/event/with'))}"


def listen_words(step: Step, _data: JSON) -> str:
    """
    Return what a `listen` waits for.

    "Wait until the event A arrives", "Wait for one of: the event A, the event B", "Collect every event until the count is 3";
    with tasks for each event "For each event that arrives, without end".
    """
    strategy = get(step.task, "/listen/to")
    events, until = strategy_events(strategy), until_words(strategy)
    all_of = isinstance(strategy, dict) and "all" in strategy
    each = isinstance(get(step.task, "/foreach/do"), list)
    if until:
        which = strategy_words(strategy)
        which = "event that arrives" if not events else which.removeprefix("the ") if len(events) == 1 else f"event that is {which}"
        return f"{'For' if each else 'Collect'} every {which}{',' if len(events) > 1 and not until.startswith(',') else ''}{until}"
    if each and len(events) > 1 and all_of:
        return f"For each of these events, once all have arrived: {strategy_words(strategy).removeprefix('all of: ')}"
    if each:
        return f"When {arrival_words(strategy)}"
    if len(events) > 1:
        return f"Wait for {strategy_words(strategy)}"
    return f"Wait until {arrival_words(strategy)}"
