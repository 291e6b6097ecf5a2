"""What a run waits for, as lines for a person: what is asked, the form, and the command that answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

LONGEST_DATA = 24  # lines of a task's data that are shown
PEOPLE = ("approve", "ask", "outcome-unknown")
SAYS = {
    "approve": "an approval",
    "ask": "an answer",
    "outcome-unknown": "somebody who knows whether this took place",
    "event": "an event",
    "timer": "a time",
}


def lines(item: Mapping[str, Any], run_id: str, waiting: Sequence[Mapping[str, Any]], *, answerable: bool = True) -> list[str]:
    """
    Return how one wait reads.

    Args:
        item: `{path, reference, kind, title, message, data, schema, assignee, wake_at, event}`.
        waiting: All waits of the run: a name is enough to answer when it fits once.
        answerable: Whether somebody still can; an ephemeral run has ended.
    """
    found = [_first(item), *(f"    {line}" for line in _asked(item))]
    if answerable and item["kind"] in PEOPLE:
        found += [f"    {command}" for command in commands(item, run_id, waiting)]
    return found


def commands(item: Mapping[str, Any], run_id: str, waiting: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the command lines that answer *item*."""
    start = f"parley answer {run_id} {shlex.quote(_short(item, waiting))}"
    if item["kind"] == "approve":
        return [f"{start} --approve", f"{start} --reject --comment 'why not'"]
    if item["kind"] == "outcome-unknown":
        look = [f"{start} --check"] if item.get("check") else []
        return [f"{start} --happened", f"{start} --did-not-happen", *look]
    return [f"{start} {shlex.quote(json.dumps(sample(item.get('schema')), ensure_ascii=False))}"]


def sample(schema: Any) -> Any:
    """Return a value of the form's shape: fields to fill in, with the first allowed value where there is a list of them."""
    if not isinstance(schema, Mapping):
        return "…"
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or "properties" in schema:
        return {name: sample(part) for name, part in (schema.get("properties") or {}).items()}
    return {"integer": 0, "number": 0, "boolean": True, "array": []}.get(str(kind), "…")


def _first(item: Mapping[str, Any]) -> str:
    title = f": {item['title']}" if item.get("title") and item["kind"] not in ("event", "timer") else ""
    event = f" with {_attributes(item['event'])}" if item["kind"] == "event" and item.get("event") else ""
    until = ""
    if item.get("wake_at"):
        until = f", until {moment(item['wake_at'])}" if item["kind"] == "timer" else f", at the latest {moment(item['wake_at'])}"
    return f"  waits for {SAYS.get(item['kind'], item['kind'])}{title}{event}{until}  ({item['path']})"


def _asked(item: Mapping[str, Any]) -> list[str]:
    found = str(item.get("message") or "").splitlines()
    if item.get("assignee"):
        found.append(f"for {item['assignee']}")
    if item.get("data") is not None:
        data = json.dumps(item["data"], indent=2, ensure_ascii=False).splitlines()
        more = [f"… {len(data) - LONGEST_DATA} more lines: parley show RUN --json"] if len(data) > LONGEST_DATA else []
        found += data[:LONGEST_DATA] + more
    if item["kind"] == "ask" and isinstance(item.get("schema"), Mapping):
        found += _fields(item["schema"])
    return found


def _fields(schema: Mapping[str, Any]) -> list[str]:
    """Return a line a field: its name, its type, whether it is needed, what it is for."""
    needed = schema.get("required") or ()
    return [_field(str(name), part, needed=name in needed) for name, part in (schema.get("properties") or {}).items()]


def _field(name: str, schema: Any, *, needed: bool) -> str:
    part = schema if isinstance(schema, Mapping) else {}
    kinds = part.get("type") or ""
    words = [" or ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds)]
    if part.get("enum"):
        words = ["one of " + ", ".join(map(str, part["enum"]))]
    items = part.get("items")
    if isinstance(items, Mapping) and items.get("enum"):
        words = ["a list of any of " + ", ".join(map(str, items["enum"]))]
    words += [f"{key} {part[key]}" for key in ("format", "pattern", "minimum", "maximum", "minLength", "maxLength") if key in part]
    words += ["" if needed else "may be left out"]
    told = part.get("description") or part.get("title") or ""
    return f"{name}: {', '.join(word for word in words if word)}{f' ({told})' if told else ''}"


def _short(item: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> str:
    """Return the task's name when it fits only this wait, else its path."""
    name = str(item["reference"]).rpartition("/")[2]
    alike = [other for other in waiting if str(other["reference"]).rpartition("/")[2] == name]
    return name if len(alike) == 1 else str(item["path"])


def _attributes(event: Any) -> str:
    """Return what an event must have: "type paid and subject o7", the choices of several with "or"."""
    if isinstance(event, Mapping) and isinstance(event.get("any"), list):
        return ", or ".join(_attributes(one) or "anything" for one in event["any"])
    pairs = event.items() if isinstance(event, Mapping) else ()
    return " and ".join(f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}" for name, value in pairs)


def moment(value: Any) -> str:
    """Return a moment, ISO text or aware datetime, in this machine's time."""
    when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
