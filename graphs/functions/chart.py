"""`chart`: numbers as a picture, SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphs.documents.svg import Chart, Series, svg
from graphs.functions import files
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_MOST_VALUES = 5000
_LARGEST = 1e300  # room for sums


async def run(arguments: Mapping[str, Any], _call: FunctionCall) -> dict[str, Any]:
    """Return `{name, mediaType, data, svg}`. Raises WorkflowError (validation) for data that is no table of numbers."""
    labels, series, positions = _read(arguments)
    if len(labels) * len(series) > _MOST_VALUES:
        raise WorkflowError.of(
            "validation", f"a chart of {len(labels) * len(series):,} values cannot be read: {_MOST_VALUES:,} are the most"
        )
    options: dict[str, Any] = {
        name: arguments[name] for name in ("title", "unit", "stacked", "width", "height", "theme") if arguments.get(name)
    }
    options |= {"x_title": arguments.get("xTitle") or "", "y_title": arguments.get("yTitle") or ""}
    made = svg(Chart(kind=arguments["kind"], labels=labels, series=series, positions=positions, **options))
    return {**files.to_file("chart.svg", "image/svg+xml", made.encode()), "svg": made}


def _read(arguments: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Series, ...], tuple[float, ...]]:
    """Return labels, series, and for points where they are: of `{label: number}`, `[number]` or `[{field: value}]`."""
    data = arguments["data"]
    if isinstance(data, Mapping):
        return tuple(map(str, data)), (Series("", tuple(_value(value, key) for key, value in data.items())),), ()
    if not all(isinstance(row, Mapping) for row in data):
        return tuple(str(at) for at in range(1, len(data) + 1)), (Series("", tuple(_value(one, "data") for one in data)),), ()
    return _table(arguments, data)


def _table(
    arguments: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[Series, ...], tuple[float, ...]]:
    first = rows[0] if rows else {}
    x = arguments.get("x") or next(iter(first), "")
    wanted = arguments.get("y") or [name for name, value in first.items() if name != x and _is_number(value)]
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    missing = [name for name in (x, *names) if rows and not any(name in row for row in rows)]
    if missing or (rows and not names):
        there = ", ".join(map(str, first)) or "none"
        what = f"no field '{missing[0]}'" if missing else "no field of numbers"
        raise WorkflowError.of("validation", f"the data of the chart has {what}; the fields of its first row are: {there}")
    labels = tuple("" if row.get(x) is None else str(row[x]) for row in rows)
    series = tuple(Series(name, tuple(_value(row.get(name), name) for row in rows)) for name in names)
    if arguments["kind"] != "scatter":
        return labels, series, ()
    places = [_value(row.get(x), x) for row in rows]
    if None in places:
        raise WorkflowError.of("validation", f"the points of the chart need a number in '{x}', in every row")
    return labels, series, tuple(place for place in places if place is not None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(value: Any, name: str) -> float | None:
    """Return a number, also one that is written as a text. Raises WorkflowError (validation)."""
    if value is None or value == "":
        return None
    try:
        number = float(value) if not isinstance(value, bool | list | dict) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not abs(number) <= _LARGEST:
        raise WorkflowError.of("validation", f"the chart needs numbers, and '{name}' has {str(value)[:80]!r}")
    return number
