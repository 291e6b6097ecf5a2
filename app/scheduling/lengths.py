"""Durations as a schedule means them: months and years are steps in the calendar of a time zone, everything else has a fixed length.

A step is always taken from where counting began, so the 31st stays the 31st in every month that has one, and nothing adds up.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dsl.expressions import is_expression

_ISO = re.compile(
    r"P(?=.)(?:(?P<years>\d+(?:\.\d+)?)Y)?(?:(?P<months>\d+(?:\.\d+)?)M)?(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_MICROSECONDS = {
    "weeks": 604_800_000_000, "days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000,
    "milliseconds": 1_000,
}  # fmt: skip
_LONGEST_MONTHS = 1200
_LONGEST = timedelta(days=36_525)


@dataclass(frozen=True, slots=True)
class Length:
    """A duration: calendar months, and then a fixed time."""

    months: int
    rest: timedelta

    @property
    def shortest(self) -> timedelta:
        """The least it can be; a month has 28 days at least."""
        return timedelta(days=28 * self.months) + self.rest

    def after(self, start: datetime, times: int, zone: ZoneInfo) -> datetime:
        """
        Return the moment *times* lengths after *start*, in UTC.

        A day that the month does not have is its last one; a wall-clock time that the zone leaves out is as much later as the clock was
        put forward.
        """
        return _months_later(start, self.months * times, zone) + self.rest * times


def length_of(duration: Any) -> Length:
    """
    Return *duration*, ISO 8601 text or an object of parts.

    Raises:
        ValueError: it is an expression, no duration, has half months, or is longer than 100 years; in words.
    """
    if is_expression(duration):
        raise ValueError(f"'{duration}' is an expression, and before a run there is nothing it could be evaluated on")
    parts = {unit: Fraction(str(number)) for unit, number in _parts(duration).items()}
    months = parts.pop("years", Fraction(0)) * 12 + parts.pop("months", Fraction(0))
    if months.denominator != 1:
        raise ValueError(f"'{duration}' has parts of a month, which have no fixed length")
    microseconds = sum((number * _MICROSECONDS[unit] for unit, number in parts.items()), Fraction(0))
    if months > _LONGEST_MONTHS or microseconds > _LONGEST / timedelta(microseconds=1):
        raise ValueError(f"'{duration}' is longer than 100 years")
    return Length(int(months), timedelta(microseconds=round(microseconds)))


def _parts(duration: Any) -> dict[str, Any]:
    if isinstance(duration, dict):
        whole = all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in duration.values())
        if duration and whole and duration.keys() <= {"days", "hours", "minutes", "seconds", "milliseconds"}:
            return duration
    match = _ISO.fullmatch(duration.strip()) if isinstance(duration, str) else None
    if match is None:
        raise ValueError(f"'{duration}' is no duration such as PT15M or P1M")
    return {unit: number for unit, number in match.groupdict().items() if number}


def _months_later(start: datetime, months: int, zone: ZoneInfo) -> datetime:
    if not months:
        return start.astimezone(UTC)
    local = start.astimezone(zone)
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, fold=0).astimezone(UTC)
