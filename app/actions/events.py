"""CloudEvents from outside: what makes them ones, and what is filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.actions.errors import Invalid

LONGEST = 1000  # characters of what an event is known by
_UNSTORABLE = re.compile("\\\\u0000|[\ud800-\udfff]")


def checked_events(events: Sequence[Any]) -> list[dict[str, Any]]:
    """Return *events* with what may be left out filled in. Raises Invalid when one of them is no CloudEvent; all are told."""
    problems = [f"event {number}: {problem}" for number, event in enumerate(events, 1) for problem in event_problems(event)]
    if problems:
        raise Invalid("These are not CloudEvents.", code="invalid-event", where=problems[0].split(":")[0], why="; ".join(problems[:5]))
    return [with_time(event) for event in events]


def event_problems(event: Any) -> list[str]:
    """Return what makes *event* no CloudEvent (specification 1.0, "Required Attributes"), in words."""
    if not isinstance(event, Mapping):
        return ["it is not an object"]
    problems = [f"the attribute {name!r} is missing or no text" for name in ("id", "source", "type") if not _text(event.get(name))]
    if event.get("specversion", "1.0") != "1.0":
        problems.append(f"specversion {event['specversion']!r} is not supported, 1.0 is")
    problems += [
        f"the attribute {name!r} is longer than {LONGEST}" for name in ("id", "source", "type") if len(str(event.get(name))) > LONGEST
    ]
    attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64")}
    if _UNSTORABLE.search(json.dumps(attributes, ensure_ascii=False)):
        problems.append("an attribute holds a NUL character or half a surrogate pair")
    return problems


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def with_time(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "time": datetime.now(UTC).isoformat(), **event}
