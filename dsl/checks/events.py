"""Attributes of events: do they have names and values a CloudEvent can have? Source: CloudEvents 1.0.2, "Context Attributes"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dsl.nearest import nearest
from dsl.pointer import get, join
from dsl.problems import Problem
from dsl.walk import Step

JSON = Any

ATTRIBUTES: Final = ("id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data")
_NAME = re.compile(r"[a-z0-9]+")
_OTHERWISE: Final = {
    "eventtype": "type",
    "eventid": "id",
    "eventsource": "source",
    "contenttype": "datacontenttype",
    "schemaurl": "dataschema",
    "eventtime": "time",
    "timestamp": "time",
    "payload": "data",
    "body": "data",
}


def event_names(step: Step) -> Iterator[Problem]:
    """Yield attributes of the events that *step* sends or waits for that no event can have."""
    if step.kind == "emit":
        yield from attributes(get(step.task, "/emit/event/with"), join(step.reference, "emit", "event", "with"))
    elif step.kind == "listen":
        yield from of_strategy(get(step.task, "/listen/to"), join(step.reference, "listen", "to"))


def of_strategy(strategy: JSON, pointer: str) -> Iterator[Problem]:
    """Yield the same for the filters of a `listen.to`, a `schedule.on` or an `until`."""
    if not isinstance(strategy, dict):
        return
    yield from attributes(get(strategy, "/one/with"), join(pointer, "one", "with"))
    for key in ("all", "any"):
        filters = strategy.get(key)
        for index, event in enumerate(filters if isinstance(filters, list) else ()):
            yield from attributes(get(event, "/with"), join(pointer, key, index, "with"))
    yield from of_strategy(strategy.get("until"), join(pointer, "until"))


def attributes(event: JSON, pointer: str) -> Iterator[Problem]:
    for name, value in event.items() if isinstance(event, dict) else ():
        reference = join(pointer, name)
        if not _NAME.fullmatch(name):
            meant = _OTHERWISE.get(name.lower()) or nearest(name, ATTRIBUTES)
            plain = re.sub(r"[^a-z0-9]", "", name.lower())
            hint = f"did you mean '{meant}'?" if meant else f"write '{plain}', or put it into `data`" if plain else "put it into `data`"
            message = f"'{name}' cannot be an attribute of an event: their names are lower-case letters and digits"
            yield Problem(code="invalid-event", reference=reference, message=message, hint=hint)
        elif name in ("id", "source", "type") and isinstance(value, str) and not value.strip():
            hint = "write one, as in 'com.example.order.placed'" if name == "type" else "write one, or remove the line"
            yield Problem(code="invalid-event", reference=reference, message=f"the '{name}' of an event cannot be empty", hint=hint)
        elif name in _OTHERWISE and _OTHERWISE[name] not in event:
            meant = _OTHERWISE[name]
            message = f"'{name}' is an attribute of its own, not the event's '{meant}'"
            yield Problem(
                code="unusual-attribute",
                reference=reference,
                message=message,
                hint=f"write `{meant}`, unless senders really use '{name}'",
                severity="advice",
            )
