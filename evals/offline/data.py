"""Conditions and shapes, judged by what the definition's own expressions make of made-up items."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jq  # type: ignore[import-not-found]  # it has no types

from dsl.walk import steps

EXPRESSION = re.compile(r"\$\{\s*(.*)\s*\}", re.DOTALL)
CONDITION = re.compile(
    r"(?P<field>\w+)(?: (?P<op>==|!=|>=|<=|>|<|older-than|contains|not-contains|starts-with|ends-with|missing)(?: (?P<value>.+))?)"
)
NOTHING = object()


def expressions(data: Any) -> list[str]:
    """Return the jq of everything a definition computes, in document order; the inside of texts with `\\( )` too."""
    found: list[str] = []
    for step in steps(data):
        for key in ("if", "input", "set", "switch", "for", "with", "output"):
            found += _of(step.task.get(key))
    return list(dict.fromkeys(found))


def _of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("then", "metadata", "do"):
                yield from _of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of(inner)
    elif isinstance(value, str) and (found := EXPRESSION.fullmatch(value.strip())):
        yield found[1]


@lru_cache(maxsize=5000)
def _program(text: str, names: tuple[str, ...]) -> Any:
    bound = "".join(f".v.{name} as ${name} | " for name in names)
    try:
        return jq.compile(f"{bound}.d | ({text})")
    except ValueError:
        return None


def value_of(expression: str, given: Any) -> Any:
    """Return what an expression makes of *given*, which stands for `.`, for all of `$context` and for every variable."""
    names = tuple(sorted({name for name in re.findall(r"\$([A-Za-z_]\w*)", expression) if name not in ("__loc__", "ENV")}))
    program = _program(expression, names)
    if program is None:
        return NOTHING
    context = dict.fromkeys(re.findall(r"\$context\.(\w+)", expression), given)
    variables = {name: context if name == "context" else {"input": given} if name == "workflow" else given for name in names}
    try:
        results = program.input_value({"v": variables, "d": given}).all()
    except ValueError:
        return NOTHING
    return results[0] if len(results) == 1 else NOTHING


# conditions


def wrong_where(data: Any, conditions: list[str]) -> str:
    """Return which condition is not met just so, "" when all are."""
    found = expressions(data)
    counts = [text for text in conditions if text.startswith("count ")]
    for text in counts:
        if not _counts(found, text):
            return f"nothing decides “{text}”"
    rest = [text for text in conditions if text not in counts]
    if not rest or _filtered(found, rest) or all(_decided(found, text) for text in rest):
        return ""
    return f"“{'”, “'.join(rest)}” is not what is kept or decided"


def _filtered(found: list[str], conditions: list[str]) -> bool:
    """Say whether the lists that are left, one after the other, hold just the items that meet all conditions."""
    items = _items(conditions)
    left, wanted = items, [item for item in items if all(_meets(item, text) for text in conditions)]
    for expression in found:
        result = value_of(expression, left)
        if isinstance(result, list) and all(one in left for one in result):
            left = result
        if sorted(item["id"] for item in left) == [item["id"] for item in wanted]:
            return True
    return False


def _decided(found: list[str], condition: str) -> bool:
    """Say whether an expression is true for just the items that meet the condition, or for just the others."""
    items = _items([condition])
    wanted = [_meets(item, condition) for item in items]
    for expression in found:
        results = [value_of(expression, item) for item in items]
        if results in (wanted, [not one for one in wanted]):
            return True
    return False


def _counts(found: list[str], condition: str) -> bool:
    _, op, number = condition.split()
    sizes = sorted({0, max(int(number) - 1, 0), int(number), int(number) + 1, int(number) + 5})
    wanted = [_compare(size, op, int(number)) for size in sizes]
    lists = [[{"id": at} for at in range(size)] for size in sizes]
    return any([value_of(one, given) for given in lists] in (wanted, [not yes for yes in wanted]) for one in found)


def _items(conditions: list[str]) -> list[dict[str, Any]]:
    """Return items of every combination of values inside, outside and at the edge of the conditions."""
    fields: dict[str, list[Any]] = {}
    for text in conditions:
        for part in text.split(" or "):
            field, _, _ = _read(part)
            fields.setdefault(field, [])
            fields[field] += [value for value in _values(part) if value not in fields[field] or isinstance(value, bool)]
    combined = itertools.islice(itertools.product(*fields.values()), 400)
    return [
        {"id": at, **{key: one for key, one in zip(fields, values, strict=True) if one is not NOTHING}}
        for at, values in enumerate(combined)
    ]


def _read(text: str) -> tuple[str, str, Any]:
    found = CONDITION.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no condition")
    value = found["value"]
    return found["field"], found["op"], float(value) if value and re.fullmatch(r"-?\d+(?:\.\d+)?", value) else value


def _values(text: str) -> list[Any]:
    _, op, value = _read(text)
    if op == "missing":
        return ["here", "", None, NOTHING]
    if op == "older-than":
        return [_ago(_days(value) + shift) for shift in (-3, -1, 1, 3)]
    if value in ("true", "false"):
        return [True, False]
    if isinstance(value, float):
        step = 1 if value == int(value) else 0.1
        return [_plain(value - step), _plain(value), _plain(value + step), _plain(value * 3 + 7)]
    return {
        "contains": [f"a {value} b", value, "other"],
        "not-contains": [f"a {value} b", value, "other"],
        "starts-with": [f"{value}1", f"x{value}", "other"],
        "ends-with": [f"1{value}", f"{value}x", "other"],
    }.get(op, [value, f"{value}-other", "other"])


def _plain(value: float) -> float:
    return int(value) if value == int(value) else round(value, 6)


def _days(value: str) -> float:
    amount, unit = value.split()
    return float(amount) * {"d": 1, "h": 1 / 24, "w": 7, "m": 30}[unit[0]]


def _ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _meets(item: dict[str, Any], text: str) -> bool:
    if " or " in text:
        return any(_meets(item, part) for part in text.split(" or "))
    field, op, value = _read(text)
    given = item.get(field)
    if op == "missing":
        return given in (None, "")
    if op == "older-than":
        return str(given) < _ago(_days(value))
    if value in ("true", "false"):
        return bool(given == (value == "true")) == (op == "==")
    if isinstance(value, float):
        return _compare(given, op, value)
    words = str(given)
    tests: dict[str, bool] = {"==": words == value, "!=": words != value, "contains": value in words, "not-contains": value not in words,
            "starts-with": words.startswith(value), "ends-with": words.endswith(value)}  # fmt: skip
    return tests[op]


def _compare(left: Any, op: str, right: float) -> bool:
    return bool(
        {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right, "==": left == right, "!=": left != right}[op]
    )


# shapes


def wrong_shape(data: Any, shape: dict[str, Any]) -> str:
    """Return what of a shape is not made of the items, "" when all is."""
    if shape.get("compete") and not any((step.task.get("fork") or {}).get("compete") is True for step in steps(data)):
        return "no fork ends with its first branch"
    items, found = _numbered(shape), expressions(data)
    results, left = [], items
    for expression in found:
        for given in (left, items):
            result = value_of(expression, given)
            if result is not NOTHING and result != given:
                results.append(result)
        made = value_of(expression, left)
        if isinstance(made, list) and made and len(made) <= len(items) and all(isinstance(one, dict) for one in made):
            left = made
    return "" if shape.get("compete") or _shown(_wanted(shape, items), results) else f"nothing makes {shape} of the items"


def _numbered(shape: dict[str, Any]) -> list[dict[str, Any]]:
    named = [shape[key] for key in ("sum", "mean") if key in shape] + (shape["sort"][:1] if "sort" in shape else [])
    fields = [*shape.get("pick", []), *named]
    order = [(at * 17) % 41 for at in range(41)]
    return [{"id": at, "more": at, **dict.fromkeys(fields, number + 1)} for at, number in enumerate(order)]


def _wanted(shape: dict[str, Any], items: list[dict[str, Any]]) -> list[Any]:
    made: Any = items
    if "sort" in shape:
        field, way = shape["sort"]
        made = sorted(made, key=lambda item: item[field], reverse=way == "down")
    if "first" in shape:
        made = made[: shape["first"]]
    if "pick" in shape:
        made = [{field: item[field] for field in shape["pick"]} for item in made]
    if "sum" in shape:
        return [sum(item[shape["sum"]] for item in items)]
    if "mean" in shape:
        return [sum(item[shape["mean"]] for item in items) / len(items)]
    if "count" in shape:
        return [len(items)]
    return [made, made[0]] if shape.get("first") == 1 else [made]


def _shown(wanted: list[Any], results: list[Any]) -> bool:
    """Say whether a result is one of those wanted, or a text that ends in it."""
    return any(result == one or (isinstance(result, str) and _in_text(one, result)) for one in wanted for result in results)


def _in_text(one: Any, text: str) -> bool:
    import json

    shown = json.dumps(one, separators=(",", ":"))
    return text.endswith(shown) or bool(isinstance(one, int | float) and re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.])", text))
