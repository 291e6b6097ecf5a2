"""The trigger of a definition: schedule and, for events, the first task that takes the data out."""

from __future__ import annotations

import re
from typing import Any

from graphs.models.offline.clause import Clause
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Value, key, single
from graphs.models.offline.triggers import clock, cron

FROM_EVENT = '${ if type == "array" then .[0].data else . end }'


def start(trigger: Clause | None, scope: Scope, notes: Notes) -> tuple[dict[str, Any] | None, str]:
    """Return the `schedule` (None: by hand) and its words; an event's data becomes the scope's current value."""
    if trigger is None or trigger.values["how"] == "hand":
        if trigger is None:
            notes.assume("start", "Nothing was said about when it starts: it is started by hand.", "by hand")
        return None, "by hand"
    if trigger.values["how"] == "every":
        return {"every": trigger.values["every"]}, trigger.said
    if trigger.values["how"] == "after":
        return {"after": trigger.values["after"]}, trigger.said
    if trigger.values["how"] == "cron":
        return _cron(trigger, notes)
    return _event(trigger, scope, notes)


def _cron(trigger: Clause, notes: Notes) -> tuple[dict[str, Any], str]:
    time = trigger.values["time"]
    if time is None:
        suggested = trigger.values["suggested"]
        answer = notes.ask(
            "time",
            f"At what time, {trigger.said}?",
            why="The schedule needs a time of day.",
            kind="time",
            options=(suggested, "08:00", "18:00"),
            default=suggested,
        )
        time = clock(answer) or suggested
    if trigger.values.get("zone"):
        notes.timezone = trigger.values["zone"]
    else:
        notes.assume("timezone", f"Times are in the time zone {notes.timezone}, the server's setting.", notes.timezone)
    return {"cron": cron(trigger.values, time)}, f"{trigger.said} ({time} {notes.timezone})"


def _event(trigger: Clause, scope: Scope, notes: Notes) -> tuple[dict[str, Any], str]:
    values = trigger.values
    kind, noun = values.get("type") or values["guess"], values.get("noun", "")
    if values.get("asked"):
        why = f"“{trigger.said}” says that it is an event, and not of which type."
        kind = notes.ask("event-type", f"Of which type is the event of a {noun}?", why=why)
    elif "type" not in values:
        where = f" It has no address of its own ({values['where']}) yet." if values.get("where", "").startswith(("/", "http")) else ""
        notes.assume("event-type", f"“{trigger.said}” is taken as an event of type `{kind}`, sent to POST /api/events.{where}", kind)
    with_: dict[str, str] = {"type": kind}
    source = _source(values.get("source", ""), notes)
    if source:
        with_["source"] = source
    noun = single(noun.split()[-1]) if noun else "event"
    task = scope.add(
        scope.name(f"take-{noun}"),
        "Read the event" if noun == "event" else f"Take the {noun} out of the event",
        {"set": FROM_EVENT},
        uses="set",
        serves=trigger.said,
    )
    said = frozenset({*re.findall(r"[a-z]+", f"{values.get('noun', '')} {kind}".lower()), "event", "payload", "data"})
    value = Value(noun, many=False, raw=True, producer=task, key=key(noun), words=said)
    scope.known.append(value)
    scope.current = scope.dot = value
    return {"on": {"one": {"with": with_}}}, f"when an event of type {kind} arrives"


def _source(said: str, notes: Notes) -> str:
    """Return the absolute URI of an event's source, "" for any."""
    if not said or "://" in said:
        return said
    anything = "any source"
    why = "The source of an event is a full address, such as https://shop.example.com."
    answer = notes.ask("event-source", f"Which address is the source “{said}”?", why=why, kind="url", options=(anything,), default=anything)
    return "" if answer == anything else answer
