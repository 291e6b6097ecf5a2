"""What happens to a simulated run while it waits: people answer, events arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from graphs.run.event_keys import alternatives
from graphs.run.ports import JSON, Awaited, Row
from graphs.run.simulation.stage import Stage

PEOPLE: Final = ("approve", "ask", "outcome-unknown")
_MOST_EVENTS = 12  # made up for one listening


def answer(stage: Stage, one: Awaited) -> tuple[JSON, str]:
    """Return what the person says, and how that came about in words."""
    people = stage.plan.people
    for key in (one.path, one.reference):
        if key in people:
            return people[key], "the answer was given"
    if one.kind == "outcome-unknown":
        return {"happened": False}, "it did not happen, it was said"
    made = stage.turned(one.path, f"answer:{one.reference}").root(f"answer:{one.reference}")
    if one.kind == "approve":
        yes = not isinstance(made, dict) or made.get("approved") is not False
        return {"approved": yes, "comment": "simulated", "by": "simulation"}, f"{'approved' if yes else 'rejected'} by the simulation"
    return made, "the form was filled in with samples"


def may_hear(stage: Stage, one: Awaited) -> bool:
    """Tell whether another event may be made up for the listening *one*."""
    if stage.plan.silent & {one.reference, one.path}:
        return False
    stage.failed[f"event:{one.path}"] += 1
    return stage.failed[f"event:{one.path}"] <= _MOST_EVENTS


def event(stage: Stage, one: Awaited, now: datetime) -> Mapping[str, JSON]:
    """Return the next event for a listening: one after the other of those it needs, in the shape that is read of them."""
    number = stage.failed[f"event:{one.path}"]
    needs = alternatives(one.event)
    need = needs[(number - 1) % len(needs)] if needs else {}
    made = stage.values.root(f"event:{one.reference}")
    shape: dict[str, JSON] = dict(made) if isinstance(made, dict) else {}
    envelope = {
        "specversion": "1.0",
        "source": "/simulation",
        "type": "simulated",
        "time": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {},
    }
    own = {key: value for key, value in shape.items() if key not in ("id", "source", "time") and value is not None}
    found: Mapping[str, JSON] = merged({**envelope, **own, "id": f"simulated-{len(stage.marks)}-{number}"}, need)
    return found


def merged(one: JSON, other: JSON) -> JSON:
    """Return *one* with everything that *other* has."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {**one, **{name: merged(one.get(name), value) for name, value in other.items()}}
    return other


def caught(rows: Sequence[Row]) -> set[tuple[str, str]]:
    """Return the ways of tries in which an attempt failed and its error was caught: by a handler, by passing on, by trying again."""
    paths = [row.path for row in rows]
    ended_well = {row.path for row in rows if row.status == "finished"}
    found = set()
    for row in rows:
        if row.status != "faulted" or not row.reference.endswith("/try"):
            continue
        path, reference = row.path.rpartition("/try")[0], row.reference.removesuffix("/try")
        handled = any(one.startswith(f"{path}/catch/") for one in paths)
        again = any(one.startswith(f"{path}/try#") for one in paths)
        if handled or (path in ended_well and not again):
            found.add((reference, "caught"))
        elif path in ended_well:
            found.add((reference, "retried"))
    return found
