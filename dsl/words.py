"""Durations, cron expressions, schedules and names in plain words."""

from __future__ import annotations

import re
from typing import Any, Final

from dsl.expressions.program import is_expression, strip
from dsl.jq_words import condition_words, field_words, value_words, where_words
from dsl.targets import value_of

JSON = Any

_UNITS: Final = ("days", "hours", "minutes", "seconds", "milliseconds")
_ISO = re.compile(
    r"P(?:(?P<years>[0-9]+(?:\.[0-9]+)?)Y)?(?:(?P<months>[0-9]+(?:\.[0-9]+)?)M)?(?:(?P<weeks>[0-9]+(?:\.[0-9]+)?)W)?(?:(?P<days>[0-9]+(?:\.[0-9]+)?)D)?"
    r"(?:T(?:(?P<hours>[0-9]+(?:\.[0-9]+)?)H)?(?:(?P<minutes>[0-9]+(?:\.[0-9]+)?)M)?(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHORT: Final = {name[:3].upper(): number for number, name in enumerate(_DAYS[:7])} | {
    name[:3].upper(): number for number, name in enumerate(_MONTHS) if name
}
_EVENTS: Final = 6  # of a strategy are told
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-\s]+")


def spoken(name: str) -> str:
    """Return a name as words: `fullName` -> "full name", `above-100` -> "above 100"."""
    return " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in _HUMP.split(name) if part)


def joined(parts: list[str], word: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}" if parts else ""


def shortened(text: str, limit: int) -> str:
    """Return *text* on one line, cut with an ellipsis after *limit* characters, at a word where that loses little."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 2 // 3 else cut).rstrip(" ,.;:") + "…"


def duration_words(value: JSON) -> str:
    """Return "1 hour and 30 minutes"; an expression is told or shown: "as long as the pause says"."""
    if isinstance(value, dict):
        amounts = [(unit, value[unit]) for unit in _UNITS if isinstance(value.get(unit), int | float) and value[unit]]
    else:
        match = _ISO.fullmatch(str(value))
        if match is None:
            return f"as long as {value_words(str(value))} says"
        amounts = [(unit, float(number)) for unit, number in match.groupdict().items() if number and float(number)]
    words = [f"{amount:g} {unit[:-1] if amount == 1 else unit}" for unit, amount in amounts]
    return joined(words) or "no time"


def schedule_words(schedule: JSON, zone: str) -> list[str]:
    """Return what starts the workflow, a sentence for each trigger; nothing when only people and programs start it."""
    if not isinstance(schedule, dict):
        return []
    found = []
    if isinstance(schedule.get("cron"), str):
        found.append(f"{cron_words(schedule['cron'])} ({zone})")
    if "every" in schedule:
        words = duration_words(schedule["every"])
        found.append(f"Every {words.removeprefix('1 ') if ' and ' not in words else words}")
    if "after" in schedule:
        found.append(f"Again {duration_words(schedule['after'])} after the last run has ended")
    if "on" in schedule:
        found.append(f"When {arrival_words(schedule['on'])}{until_words(schedule['on'])}")
    return found


def event_words(event: JSON) -> str:
    """Return "the event com.example.order.placed from https://shop.example.com"."""
    if not isinstance(event, dict):
        return "any event"
    kind, source = (_attribute(event.get(key)) for key in ("type", "source"))
    words = f"the event {kind}" if kind else "an event"
    words += f" from {source}" if source else ""
    subject = event.get("subject")
    return words + (f" about {value_words(subject) if is_expression(subject) else subject}" if isinstance(subject, str) else "")


def filter_words_of(event: JSON) -> tuple[str, str]:
    """Return an event filter as (event, condition): ("the event A", " where total is above 5, with the same order")."""
    if not isinstance(event, dict):
        return "any event", ""
    wanted, correlations = event.get("with"), event.get("correlate")
    data = wanted.get("data") if isinstance(wanted, dict) else None
    told = [f"where {where_words(data)}"] if isinstance(data, str) and data.strip() else []
    said = [_correlation(name, one) for name, one in correlations.items()] if isinstance(correlations, dict) else []
    told += [f"with {joined(said)}"] if said else []
    return event_words(wanted), f" {', '.join(told)}" if told else ""


def strategy_words(strategy: JSON) -> str:
    """Return what `to` or `on` waits for: "the event A", "one of: the event A, the event B", "all of: …", "any event"."""
    events = strategy_events(strategy)
    if len(events) < 2:
        return "".join(filter_words_of(events[0])) if events else "any event"
    return f"{'all' if 'all' in strategy else 'one'} of: {_listed_events(events)}"


def arrival_words(strategy: JSON) -> str:
    """Return what has to come: "the event A arrives where total is above 5", "one of these arrives: the event A, the event B"."""
    events = strategy_events(strategy)
    if len(events) < 2:
        event, condition = filter_words_of(events[0]) if events else ("any event", "")
        return f"{event} arrives{condition}"
    return f"{'all of these have arrived' if 'all' in strategy else 'one of these arrives'}: {_listed_events(events)}"


def _listed_events(events: list[JSON]) -> str:
    told = ["".join(filter_words_of(event)) for event in events[:_EVENTS]]
    separator = "; " if any(", " in one or " and " in one or " or " in one for one in told) else ", "
    return separator.join([*told, *([f"{len(events) - _EVENTS} more"] if len(events) > _EVENTS else [])])


def strategy_events(strategy: JSON) -> list[JSON]:
    """Return the event filters of a consumption strategy, none when it takes any event."""
    if not isinstance(strategy, dict):
        return []
    several = next((strategy[key] for key in ("all", "any") if isinstance(strategy.get(key), list)), None)
    return [strategy["one"]] if "one" in strategy else list(several or [])


def until_words(strategy: JSON) -> str:
    """Return when a strategy is done: " until the count is 3", ", without end", "" when its events alone decide."""
    until = strategy.get("until") if isinstance(strategy, dict) else None
    if isinstance(until, dict):
        return f" until {arrival_words(until)}"
    if not isinstance(until, str):
        return ""
    ends = condition_words(until).replace("the number of the items", "the number of events")
    return ", without end" if strip(until) == "false" else f" until {ends}"


def _correlation(name: str, correlation: JSON) -> str:
    expected = correlation.get("expect") if isinstance(correlation, dict) else None
    said = field_words(name)
    if not isinstance(expected, str):
        return f"the same {said}"
    return f"{value_words(expected) if is_expression(expected) else f'“{expected}”'} as {said}"


def _attribute(value: JSON) -> str:
    return value_of(value) if isinstance(value, str) else ""


def cron_words(cron: str) -> str:
    """Return "Every weekday at 09:00"; what has no simple words is quoted."""
    fields = cron.split()
    if len(fields) != 5:
        return f"On the schedule '{cron}'"
    minute, hour, day, month, weekday = fields
    times = _times(minute, hour)
    days = _days(day, weekday)
    months = _listed(month, 1, 12, lambda number: _MONTHS[number])
    if times is None or days is None or months is None:
        return f"On the schedule '{cron}'"
    in_months = f" in {months}" if months else ""
    if times.startswith("at "):
        return f"{days or 'Every day'} {times}{in_months}"
    on_days = f", {days[0].lower()}{days[1:]}" if days else ""
    return f"{times}{on_days}{in_months}"


def _times(minute: str, hour: str) -> str | None:
    if minute.startswith("*/") and minute[2:].isdigit() and hour == "*":
        return f"Every {minute[2:]} minutes"
    if minute == "*" and hour == "*":
        return "Every minute"
    if not minute.isdigit():
        return None
    if hour == "*":
        return "Every hour" if int(minute) == 0 else f"Every hour at minute {int(minute)}"
    if hour.startswith("*/") and hour[2:].isdigit():
        return f"Every {hour[2:]} hours" + (f" at minute {int(minute)}" if int(minute) else "")
    numbers = _numbers(hour, 0, 23)
    if numbers is None:
        return None
    if "-" in hour and "," not in hour and len(numbers) > 3:
        return f"Every hour from {numbers[0]:02d}:{int(minute):02d} to {numbers[-1]:02d}:{int(minute):02d}"
    return "at " + joined([f"{number:02d}:{int(minute):02d}" for number in numbers])


def _days(day: str, weekday: str) -> str | None:
    if day == "*":
        numbers = None if weekday == "*" else _numbers(weekday, 0, 7)
        if numbers is None:
            return "" if weekday == "*" else None
        week = {number % 7 for number in numbers}
        if week == {1, 2, 3, 4, 5}:
            return "Every weekday"
        if week == {0, 6}:
            return "Every Saturday and Sunday"
        return "Every day" if len(week) == 7 else "Every " + joined([_DAYS[number] for number in sorted(week, key=lambda one: one or 7)])
    numbers = _numbers(day, 1, 31)
    if numbers is None or weekday != "*":
        return None
    return f"On the {joined([_ordinal(number) for number in numbers])} of the month"


def _listed(field: str, low: int, high: int, name: Any) -> str | None:
    if field == "*":
        return ""
    numbers = _numbers(field, low, high)
    return joined([name(number) for number in numbers]) if numbers else None


def _numbers(field: str, low: int, high: int) -> list[int] | None:
    """Return the numbers of a cron field made of numbers, names, lists and ranges; None for anything else."""
    found: list[int] = []
    for part in field.upper().split(","):
        first, _, final = part.partition("-")
        ends = [_SHORT.get(end, int(end) if end.isdigit() else -1) for end in ((first, final) if final else (first, first))]
        if not low <= ends[0] <= ends[1] <= high:
            return None
        found.extend(range(ends[0], ends[1] + 1))
    return found


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
