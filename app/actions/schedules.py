"""What is said of a schedule with the proposal: when it would start, before somebody decides on it; or why it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import dsl
from app.scheduling.spec import Spec, problems_of, specs_of
from app.scheduling.times import upcoming
from dsl.words import event_words

SHOWN = 5


def starts(data: Any, default_zone: str, now: datetime) -> list[dict[str, Any]]:
    """Return an advice for *data* with a schedule: that it starts when it is activated, and when; or warnings why it cannot."""
    specs = specs_of(data, default_zone)
    wrong = problems_of(specs)
    if wrong or not specs:
        return [replace(problem, code="cannot-start-by-itself", severity="warning").to_json() for problem in wrong]
    message = f"It starts by itself once it is activated: {'; '.join(spec_words(spec, now) for spec in specs)}"
    name = data["document"]["name"]
    hint = f"after the approval: parley triggers activate {name}"
    return [dsl.Problem(code="starts-when-activated", reference="/schedule", message=message, hint=hint, severity="advice").to_json()]


def spec_words(spec: Spec, now: datetime) -> str:
    """Return when *spec* would start if it were activated *now*."""
    if spec.kind == "on":
        one = (spec.value.get("one") or {}).get("with")
        return f"when {event_words(one)} arrives" if one else "when its events arrive"
    if spec.kind == "after":
        return "at once, and again after each run"
    timing = spec.timing(now)
    moments = upcoming(timing, now, SHOWN) if timing is not None else []
    return f"next {', '.join(moment_words(moment, spec) for moment in moments)} ({spec.zone})"


def moment_words(moment: datetime, spec: Spec) -> str:
    """Return a moment as a person in the schedule's time zone reads it: "Mon 2026-03-30 09:00"."""
    from app.scheduling.spec import zone_of

    local = moment.astimezone(zone_of(spec.zone))
    return local.strftime("%a %Y-%m-%d %H:%M" + (":%S" if local.second or local.microsecond else ""))
