"""When a definition starts, compared by the times that are named and not by how they are written."""

from __future__ import annotations

import re
from typing import Any

from evals.offline.facts import seconds

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = (
    re.findall(r"\w+", "jan feb mar apr may jun jul aug sep oct nov dec"),
    re.findall(r"\w+", "sun mon tue wed thu fri sat"),
)


def wrong_trigger(data: Any, expected: Any) -> str:
    """Return how the start differs from what was expected, "" when it does not."""
    schedule = data.get("schedule") or {}
    if expected == "hand":
        return f"it starts by itself: {schedule}" if schedule else ""
    ((how, wanted),) = expected.items()
    met = {"cron": _cron, "every": _every, "event": _event, "after": _after}[how](schedule, wanted)
    return "" if met and len(schedule) == 1 else f"it starts {schedule or 'by hand'}, not {expected}"


def _cron(schedule: Any, wanted: str) -> bool:
    return isinstance(schedule.get("cron"), str) and times(schedule["cron"]) == times(wanted)


def _every(schedule: Any, wanted: Any) -> bool:
    if isinstance(schedule.get("every"), dict):
        return seconds(schedule["every"]) == seconds(wanted)
    return isinstance(schedule.get("cron"), str) and spacing(schedule["cron"]) == seconds(wanted)


def _after(schedule: Any, wanted: Any) -> bool:
    return isinstance(schedule.get("after"), dict) and seconds(schedule["after"]) == seconds(wanted)


def _event(schedule: Any, wanted: str) -> bool:
    return bool(((schedule.get("on") or {}).get("one") or {}).get("with", {}).get("type") == wanted)


def times(cron: str) -> tuple[frozenset[str], ...]:
    """Return the five fields as sets of what they name."""
    fields = cron.split()
    return tuple(_field(text.lower(), at) for at, text in enumerate(fields)) if len(fields) == len(RANGES) else ()


def _field(text: str, at: int) -> frozenset[str]:
    low, high = RANGES[at]
    found: set[str] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if "#" in span or span == "l":
            found.add("#".join([str(_number(span.split("#")[0], at)), *span.split("#")[1:]]) if "#" in span else "l")
            continue
        first, _, last = span.partition("-")
        begin = low if first == "*" else _number(first, at)
        end = (high if at < 4 else 6) if first == "*" or (step and not last) else _number(last or first, at)
        found |= {str(number % 7 if at == 4 else number) for number in range(begin, end + 1, int(step or 1))}
    return frozenset(found)


def _number(word: str, at: int) -> int:
    names = NAMES[at - 3] if at >= 3 else []
    return names.index(word[:3]) + at % 2 if word[:3] in names else int(word)


def spacing(cron: str) -> float:
    """Return the seconds between two times of a cron that are always the same, else 0."""
    fields = cron.split()
    if len(fields) != len(RANGES) or fields[2:] != ["*", "*", "*"]:
        return 0
    minutes, hours = (sorted(int(one) for one in _field(text, at)) for at, text in enumerate(fields[:2]))
    moments = [hour * 60 + minute for hour in hours for minute in minutes]
    gaps = {(after - before) % 1440 or 1440 for before, after in zip(moments, [*moments[1:], moments[0] + 1440], strict=True)}
    return gaps.pop() * 60 if len(gaps) == 1 else 0
