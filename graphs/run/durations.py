"""Durations of the DSL: ISO 8601 text or `{days, hours, minutes, seconds, milliseconds}`, as seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from graphs.run.ports import JSON
from graphs.run.wording import shown

_ISO = re.compile(
    r"^P(?=.)(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)
_SECONDS: Mapping[str, float] = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1, "milliseconds": 0.001}


_LONGEST_S = 100 * 365.25 * 86400


def seconds(duration: JSON) -> float:
    """
    Return the length of *duration*, 0 s to 100 years.

    Raises ValueError with words for a person (months and years have no fixed length).
    """
    length = _length(duration)
    if not length <= _LONGEST_S:
        raise ValueError(f"a duration is at most 100 years, and {shown(duration)} is longer")
    return length


def _length(duration: JSON) -> float:
    if isinstance(duration, str):
        match = _ISO.match(duration.strip())
        if not match:
            raise ValueError(f"'{duration}' is not an ISO 8601 duration such as PT15M or P1DT2H")
        return sum(float(value) * _SECONDS[unit] for unit, value in match.groupdict().items() if value)
    if isinstance(duration, Mapping) and duration:
        return sum(_part(unit, value) for unit, value in duration.items())
    raise ValueError(f"{shown(duration)} is not a duration such as PT15M or {{minutes: 15}}")


def _part(unit: str, value: JSON) -> float:
    if unit not in _SECONDS:
        raise ValueError(f"a duration has no '{unit}', but days, hours, minutes, seconds and milliseconds")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{unit} of a duration must be a number of 0 or more, not {shown(value)}")
    if value > _LONGEST_S * 1000:
        return math.inf
    return value * _SECONDS[unit]
