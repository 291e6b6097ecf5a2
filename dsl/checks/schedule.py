"""When a workflow starts: cron expressions and time zones. (Five fields: minute, hour, day of month, month, day of week.)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dsl.nearest import did_you_mean
from dsl.problems import Problem
from dsl.settings import parley_of_document

JSON = Any


def schedule(data: dict[str, JSON]) -> Iterator[Problem]:
    timing = data.get("schedule")
    cron = timing.get("cron") if isinstance(timing, dict) else None
    if isinstance(cron, str):
        error = cron_error(cron)
        if error:
            hint = "write five fields as in '0 9 * * 1-5': minute, hour, day of month, month, day of week"
            yield Problem(
                code="invalid-cron", reference="/schedule/cron", message=f"'{cron[:80]}' is no cron expression: {error}", hint=hint
            )
    zone = parley_of_document(data).get("timezone")
    if isinstance(zone, str):
        yield from _zone(zone)


def cron_error(cron: str) -> str | None:
    """Return what is wrong with *cron*, or None. Six fields (seconds) are refused: the standard's examples have five."""
    count = len(cron.split())
    if count != 5:
        return f"it has {count} field{'' if count == 1 else 's'}, not five"
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return "it never falls due"
    return None


def _zone(zone: str) -> Iterator[Problem]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        by_city = {name.rpartition("/")[2]: name for name in sorted(known)}
        city = by_city.get(zone.strip().replace(" ", "_").title())
        hint = f"did you mean '{city}'?" if city else did_you_mean(zone, known, "write a name as in 'Europe/Berlin'")
        yield Problem(
            code="unknown-time-zone",
            reference="/document/metadata/parley/timezone",
            message=f"there is no time zone '{zone[:80]}'",
            hint=hint,
        )
