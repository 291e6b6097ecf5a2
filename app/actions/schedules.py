"""What is said of a schedule while nothing starts runs but people: with the proposal, before somebody relies on it."""

from __future__ import annotations

from typing import Any

import dsl


def kept_only(data: Any) -> list[dict[str, Any]]:
    """Return a warning when *data* has a schedule: it is part of the definition, and starts nothing here yet."""
    schedule = data.get("schedule")
    if not schedule:
        return []
    by_event = "on" in schedule
    what = "Events do not start runs by themselves yet" if by_event else "The schedule does not start runs by itself yet"
    hint = "for now give the event by hand: parley run FILE --input '[{…}]'" if by_event else "for now press Run now when it is due"
    return [dsl.Problem(code="not-started-by-itself", reference="/schedule", message=what, hint=hint, severity="warning").to_json()]
