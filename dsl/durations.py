"""How long a duration of a definition is, and where durations stand."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from dsl.pointer import MISSING, get, join
from dsl.walk import Step

JSON = Any

YEAR_S: Final = 365.25 * 86_400
_UNITS: Final = {
    "years": YEAR_S, "months": YEAR_S / 12, "weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1,
    "milliseconds": 0.001,
}  # fmt: skip
_ISO = re.compile(
    r"P(?:(?P<years>[\d.]+)Y)?(?:(?P<months>[\d.]+)M)?(?:(?P<weeks>[\d.]+)W)?(?:(?P<days>[\d.]+)D)?"
    r"(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
)
# where a task keeps durations: relative pointers
_IN_TASKS: Final = ("/wait", "/timeout/after", "/with/timeout", "/with/subscription/consume/for", "/run/container/lifetime/after")
_IN_POLICIES: Final = ("/delay", "/limit/duration", "/limit/attempt/duration", "/jitter/from", "/jitter/to")


def seconds_of(duration: JSON) -> float | None:
    """
    Return the length of *duration* in seconds, negative or infinite where it is written so; None for an expression and for what is none.

    Months and years count as their mean length (30.44 and 365.25 days).
    """
    if isinstance(duration, str):
        match = _ISO.fullmatch(duration)
        parts: dict[str, JSON] = match.groupdict() if match else {}
    else:
        sound = isinstance(duration, dict) and all(isinstance(amount, int | float) for amount in duration.values())
        parts = duration if sound else {}
    try:
        lengths = [float(amount) * _UNITS[unit] for unit, amount in parts.items() if amount is not None and not isinstance(amount, bool)]
    except (KeyError, ValueError, TypeError):
        return None
    except OverflowError:
        return math.inf
    return sum(lengths) if lengths else None


def durations(data: dict[str, JSON], tasks: Iterable[Step]) -> Iterator[tuple[str, JSON]]:
    """Yield (pointer, duration) for every duration of the document and of *tasks*, as it is written."""
    yield from _held(data, "", ("/schedule/every", "/schedule/after", "/timeout/after"))
    use = data.get("use")
    for part, places in (("timeouts", ("/after",)), ("retries", _IN_POLICIES)):
        declared = use.get(part) if isinstance(use, dict) else None
        for name, value in declared.items() if isinstance(declared, dict) else ():
            yield from _held(value, join("/use", part, name), places)
    for step in tasks:
        yield from _held(step.task, step.reference, _IN_TASKS)
        if step.kind == "try":
            yield from _held(get(step.task, "/catch/retry"), join(step.reference, "catch", "retry"), _IN_POLICIES)


def _held(value: JSON, pointer: str, places: Iterable[str]) -> Iterator[tuple[str, JSON]]:
    for place in places:
        found = get(value, place)
        if found is not MISSING:
            yield pointer + place, found
