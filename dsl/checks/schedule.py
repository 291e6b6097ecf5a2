"""When a workflow starts: cron expressions, intervals and time zones. (Five fields: minute, hour, day of month, month, day of week.)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from dsl.durations import durations, seconds_of
from dsl.nearest import did_you_mean
from dsl.pointer import join
from dsl.problems import Problem, Severity
from dsl.settings import parley_of_document
from dsl.walk import all_steps
from dsl.words import duration_words

JSON = Any

_ZONE = "/document/metadata/parley/timezone"
_SHORTHANDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIVE_FIELDS: Final = "write five fields as in '0 9 * * 1-5': minute, hour, day of month, month, day of week"


def schedule(data: dict[str, JSON]) -> Iterator[Problem]:
    """Yield what is wrong with `schedule`, the time zone, and durations that run backwards."""
    for reference, duration in durations(data, all_steps(data)):
        yield from _backwards(duration, reference)
    zone = parley_of_document(data).get("timezone")
    if isinstance(zone, str):
        yield from _zone(zone)
    timing = data.get("schedule")
    if isinstance(timing, dict):
        yield from _cron(timing.get("cron"), zone)
        yield from _intervals(timing)
        yield from _several(timing)


def cron_error(cron: str) -> str | None:
    """Return what is wrong with *cron*, or None. Six fields (seconds) are refused: the standard's examples have five."""
    count = len(cron.split())
    if count != 5:
        return f"it has {count} field{'' if count == 1 else 's'}, not five"
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return "it never falls due" if _no_such_day(cron) else str(error).lower()
    except StopIteration:
        return "it never falls due"
    return None


def _no_such_day(cron: str) -> bool:
    """Tell whether only month and day do not go together, as 30 February."""
    from cronsim import CronSim, CronSimError

    minute, hour, day, month, weekday = cron.split()
    try:
        for alone in (f"{minute} {hour} {day} * {weekday}", f"{minute} {hour} 1 {month} {weekday}"):
            CronSim(alone, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def _cron(cron: JSON, zone: JSON) -> Iterator[Problem]:
    if not isinstance(cron, str):
        return
    error = cron_error(cron)
    if error:
        message = f"'{cron[:80]}' is no cron expression: {error}"
        never = "that day does not exist in that month; write one that does"
        yield _problem("invalid-cron", "/schedule/cron", message, never if "never" in error else _five_fields(cron))
    elif isinstance(zone, str) and (skipped := _skipped(cron, zone)):
        message = (
            f"'{cron}' falls into the hour that {zone} skips or repeats when its clocks change ({skipped}): that run may be an hour off"
        )
        hint = "choose a time outside of that hour, or leave it if that does not matter"
        yield _problem("clock-change", "/schedule/cron", message, hint, "advice")


def _five_fields(cron: str) -> str:
    written = cron.strip().split()
    if cron.strip().lower() in _SHORTHANDS:
        return f"write '{_SHORTHANDS[cron.strip().lower()]}'"
    if len(written) == 6:
        return f"leave out the seconds: '{' '.join(written[1:])}'"
    return _FIVE_FIELDS


def _skipped(cron: str, zone: str) -> str | None:
    """Return the next day on which a daily time of *cron* does not exist or exists twice in *zone*, None when there is none in a year."""
    minute, hour, *_ = cron.split()
    if not (minute.isdigit() and hour.isdigit()) or 4 < int(hour) < 22:
        return None  # several times a day: missing one hardly matters; and no clocks change by day
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from cronsim import CronSim

    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    for naive in islice(CronSim(cron, datetime(2026, 1, 1)), 366):  # wall-clock time
        if naive.year > 2026:
            break
        first, second = (naive.replace(tzinfo=local, fold=fold).utcoffset() for fold in (0, 1))
        if first != second:
            return naive.strftime("%-d %B %Y")
    return None


def _intervals(timing: dict[str, JSON]) -> Iterator[Problem]:
    for key in ("every", "after"):
        if seconds_of(timing.get(key)) == 0:
            value = timing[key] if isinstance(timing[key], str) else duration_words(timing[key])
            message = f"'{value}' is no interval: runs would start without end"
            hint = (
                "write how long, for example `every: {minutes: 5}`"
                if key == "every"
                else "write the pause, for example `after: {seconds: 30}`"
            )
            # after its own end: the standard allows it, and it is no flood
            yield replace(
                _problem("empty-interval", join("/schedule", key), message, hint), severity="error" if key == "every" else "warning"
            )


def _several(timing: dict[str, JSON]) -> Iterator[Problem]:
    """The standard allows more than one and each starts runs of its own: right now and then, a surprise most of the time."""
    named = [key for key in ("every", "cron", "after", "on") if key in timing]
    if len(named) > 1 and "on" not in named:
        words = " and ".join([", ".join(f"`{key}`" for key in named[:-1]), f"`{named[-1]}`"])
        message = f"{words} each start runs of their own"
        yield _problem(
            "several-schedules", "/schedule", message, "keep the one that is meant; keep all if each should start runs", "advice"
        )


def _backwards(duration: JSON, reference: str) -> Iterator[Problem]:
    if isinstance(duration, dict) and any(isinstance(part, int | float) and part < 0 for part in duration.values()):
        part, amount = next((name, value) for name, value in duration.items() if isinstance(value, int | float) and value < 0)
        yield _problem(
            "negative-duration",
            join(reference, part),
            f"a duration cannot be negative, and this is {amount} {part}",
            f"write `{part}: {-amount}`",
        )


def _zone(zone: str) -> Iterator[Problem]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        by_city = {name.rpartition("/")[2]: name for name in sorted(known)}
        city = by_city.get(zone.strip().replace(" ", "_").title())
        hint = f"did you mean '{city}'?" if city else did_you_mean(zone, known, "write a name as in 'Europe/Berlin'")
        yield _problem("unknown-time-zone", _ZONE, f"there is no time zone '{zone[:80]}'", hint)


def _problem(code: str, reference: str, message: str, hint: str, severity: Severity = "error") -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint, severity=severity)
