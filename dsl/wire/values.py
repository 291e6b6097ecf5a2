"""Any JSON value on the wire, and what else has no tasks inside: texts, numbers, durations, name/value pairs.

An object is the only thing written differently: `{"a": 1}` is `{"fields": [{"name": "a", "value": 1}]}`. Text stays text,
a number a number: `"3"` is never read as 3, and an expression is text that is `${ … }` from start to end.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dsl.pointer import MISSING, join
from dsl.problems import Problem
from dsl.wire.problems import MAX_NESTED_VALUES, Reader, WireError, named

JSON = Any
UNFIT: Final = object()  # what a shape answers when it cannot hold a value: it goes to `extra`

_UNITS: Final = ("days", "hours", "minutes", "seconds", "milliseconds")
_PART: Final = re.compile(r"(-?\d{1,18}) *(day|hour|minute|second|millisecond)s?(?:,? +(?=-?\d)|\Z)", re.ASCII)


def value_to_wire(value: JSON, depth: int = 0) -> JSON:
    """Write any JSON value."""
    if depth > MAX_NESTED_VALUES:
        raise WireError([Problem(code="invalid-wire", reference="", message=f"values are nested more than {MAX_NESTED_VALUES} deep")])
    if isinstance(value, dict):
        return {"fields": pairs_to_wire(value, depth)}
    if isinstance(value, list):
        return [value_to_wire(item, depth + 1) for item in value]
    return value


def pairs_to_wire(value: dict[str, JSON], depth: int = 0) -> list[dict[str, JSON]]:
    pairs = []
    for name, item in value.items():
        pairs.append({"name": name, "value": value_to_wire(item, depth + 1)})
    return pairs


def value_from_wire(value: JSON, at: str, reader: Reader, depth: int = 0) -> JSON:
    """Read any value; a plain object (with other keys than `fields`) is taken as it is meant."""
    if depth > MAX_NESTED_VALUES:
        return reader.wrong(at, f"values are nested more than {MAX_NESTED_VALUES} deep", "write an expression, or fewer levels")
    if isinstance(value, list):
        items = []
        for position, item in enumerate(value):
            items.append(value_from_wire(item, join(at, position), reader, depth + 1))
        return items
    if not isinstance(value, dict):
        return value
    if value.keys() == {"fields"} and (value["fields"] is None or _are_pairs(value["fields"])):
        return pairs_from_wire(value["fields"] or [], join(at, "fields"), reader, depth)
    plain = {}
    for name, item in value.items():
        plain[str(name)] = value_from_wire(item, join(at, str(name)), reader, depth + 1)
    return plain


def _are_pairs(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(pair, dict) and "name" in pair for pair in value)


def pairs_from_wire(value: JSON, at: str, reader: Reader, depth: int = 0) -> JSON:
    """Read `[{name, value}, …]`; an object is taken as the pairs that it is."""
    if isinstance(value, dict):
        return value_from_wire(value, at, reader, depth)
    if not isinstance(value, list):
        return reader.wrong(at, f"{named(value)} stands where a list of name and value is wanted", 'write [{"name": "a", "value": 1}]')
    found: dict[str, JSON] = {}
    for position, pair in enumerate(value):
        place = join(at, position)
        name = pair.get("name") if isinstance(pair, dict) else None
        if not isinstance(pair, dict) or not isinstance(name, str) or not pair.keys() <= {"name", "value"}:
            reader.wrong(place, f"{named(pair)} is no pair of name and value", 'write {"name": "a", "value": 1}')
        elif name in found:
            reader.wrong(place, f"the name '{name}' is there twice", "write each name once")
        else:
            found[name] = value_from_wire(pair.get("value"), join(place, "value"), reader, depth + 1)
    return found


def duration_to_wire(value: JSON) -> JSON:
    """Write `{minutes: 5}` as "5 minutes"; text stays as it is, unless it would be read as such parts."""
    if isinstance(value, str):
        return UNFIT if _parts(value) is not None or not value else value
    if not isinstance(value, dict) or not value or not value.keys() <= set(_UNITS):
        return UNFIT
    if any(type(number) is not int or abs(number) >= 10**18 for number in value.values()):
        return UNFIT
    return " ".join(f"{value[unit]} {unit}" for unit in _UNITS if unit in value)


def duration_from_wire(value: JSON, at: str, reader: Reader) -> JSON:
    """Read "5 minutes" as `{minutes: 5}`; ISO 8601 and expressions are text in the language, too."""
    if isinstance(value, dict) and value.keys() <= set(_UNITS):
        return {unit: number for unit, number in value.items() if number is not None}
    if not isinstance(value, str):
        return reader.wrong(at, f"{named(value)} is no duration", "write '5 minutes' or 'PT5M'")
    parts = _parts(value)
    return value if parts is None else parts


def _parts(text: str) -> dict[str, int] | None:
    """Return {"minutes": 5} of "5 minutes", None when *text* is anything else."""
    found: dict[str, int] = {}
    end = 0
    while end < len(text):
        match = _PART.match(text, end)
        if match is None or f"{match[2]}s" in found:
            return None
        found[f"{match[2]}s"] = int(match[1])
        end = match.end()
    return found or None


def is_given(value: JSON) -> bool:
    """Tell whether an optional field says something: models write null, "" or [] for what they leave out."""
    return value is not MISSING and value is not None and value not in ("", [])
