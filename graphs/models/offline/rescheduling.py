"""Edits of when a workflow starts: time of day, time zone, days."""

from __future__ import annotations

import re

from graphs.models.offline import triggers
from graphs.models.offline.clause import first
from graphs.models.offline.text import Protected
from graphs.models.offline.wish import Edit, Wish, set_field

ZONE_FIELD = "/document/metadata/parley/timezone"


def time(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    started = wish.definition.get("schedule") or {}
    clock, where = triggers.clock(found["time"]), triggers.zone(found["zone"]) if found.groupdict().get("zone") else ""
    if clock is None or where is None or not isinstance(started.get("cron"), str):
        return None
    parts = started["cron"].split()
    hour, minute = clock.split(":")
    operations = [set_field("", "/schedule/cron", " ".join([str(int(minute)), str(int(hour)), *parts[2:]]))]
    operations += [set_field("", ZONE_FIELD, where)] if where else []
    return Edit(operations, f"it now starts at {clock}{f' {where}' if where else ''}")


def zone(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    where = triggers.zone(source.value(found["zone"]))
    timed = isinstance((wish.definition.get("schedule") or {}).get("cron"), str)
    return Edit([set_field("", ZONE_FIELD, where)], f"times are in {where}") if where and timed else None


def schedule(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    trigger = first(triggers.TABLE, found["when"].strip(), source)
    if trigger is None or trigger.values["how"] == "event":
        return None
    if trigger.values["how"] == "hand":
        return Edit([set_field("", "/schedule", None)], "it is now started by hand")
    if trigger.values["how"] == "every":
        return Edit([set_field("", "/schedule", {"every": trigger.values["every"]})], f"it now starts {trigger.said}")
    known = str((wish.definition.get("schedule") or {}).get("cron", "")).split()
    before = (
        f"{int(known[1]):02d}:{int(known[0]):02d}"
        if len(known) == 5 and known[0].isdigit() and known[1].isdigit()
        else trigger.values["suggested"]
    )
    time = trigger.values["time"] or before
    operations = [set_field("", "/schedule", {"cron": triggers.cron(trigger.values, time)})]
    document = wish.definition.get("document") or {}
    if "timezone" not in ((document.get("metadata") or {}).get("parley") or {}):
        operations.append(set_field("", ZONE_FIELD, trigger.values.get("zone") or wish.timezone))
    elif trigger.values.get("zone"):
        operations.append(set_field("", ZONE_FIELD, trigger.values["zone"]))
    return Edit(operations, f"it now starts {trigger.said}, at {time}")
