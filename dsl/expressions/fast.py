"""The expressions that need no jq: plain paths, literals, and one comparison between such.

`compiled` gives a function for what it understands and None for everything else. The function answers UNSURE wherever jq would
raise or where the two could differ (indexing a number, numbers a double cannot hold, ordering of mixed types): then jq decides.
A property test holds both equal.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

JSON = Any


class _Unsure:
    """The type of UNSURE."""


UNSURE: Final = _Unsure()
Plain = Callable[[JSON, Mapping[str, JSON]], JSON]

_LARGEST = 2**53  # a larger whole number is not the same in jq
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_STRING = r'"[^"\\\x00-\x1f\x7f]*"'
_STEP = rf"\.{_NAME}|\[{_STRING}\]|\[\d{{1,6}}\]"
_PATH = re.compile(rf"(?:(?P<root>\$(?!__){_NAME}|\.)|(?=\.{_NAME}))(?P<steps>(?:{_STEP})*)")
_STEPS = re.compile(rf"\.(?P<name>{_NAME})|\[(?P<quoted>{_STRING})\]|\[(?P<index>\d+)\]")
_LITERAL = re.compile(rf"{_STRING}|-?(?:0|[1-9]\d{{0,14}})(?:\.\d{{1,15}})?|true|false|null")
_SIDE = rf"{_STRING}|[^\s\"<>=!|,()+*/]+(?:\[{_STRING}\][^\s\"<>=!|,()+*/]*)*"
_COMPARISON = re.compile(rf"({_SIDE})\s*(==|!=|<=|>=|<|>)\s*({_SIDE})")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Plain | None:
    """Return the plain form of a stripped *expression*, or None when it needs jq."""
    side = _side(expression)
    if side is not None:
        return side
    match = _COMPARISON.fullmatch(expression)
    if match is None:
        return None
    left, right = _side(match.group(1)), _side(match.group(3))
    return _comparison(left, match.group(2), right) if left and right else None


def _side(text: str) -> Plain | None:
    if _LITERAL.fullmatch(text):
        value = json.loads(text)
        return lambda _data, _variables: value
    match = _PATH.fullmatch(text)
    if match is None or not text:
        return None
    steps = tuple(_step(step) for step in _STEPS.finditer(match.group("steps")))
    root = match.group("root")
    return _path(root[1:] if root and root.startswith("$") else None, steps)


def _step(match: re.Match[str]) -> str | int:
    if match.group("name"):
        return match.group("name")
    return str(json.loads(match.group("quoted"))) if match.group("quoted") else int(match.group("index"))


def _path(variable: str | None, steps: tuple[str | int, ...]) -> Plain:
    def plain(data: JSON, variables: Mapping[str, JSON]) -> JSON:
        if variable is None:
            value = data
        elif variable in variables:
            value = variables[variable]
        else:
            return UNSURE
        for step in steps:
            value = _at(value, step)
            if value is None or value is UNSURE:
                return value  # a path into null is null
        return UNSURE if isinstance(value, int | float) and not _exact(value) else value

    return plain


def _at(value: JSON, step: str | int) -> JSON:
    if value is None:
        return None
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else UNSURE
    if isinstance(value, list):
        return value[step] if step < len(value) else None
    return UNSURE


def _exact(value: float) -> bool:
    return isinstance(value, bool) or -_LARGEST <= value <= _LARGEST  # false for NaN too


def _comparison(left: Plain, sign: str, right: Plain) -> Plain:
    def plain(data: JSON, variables: Mapping[str, JSON]) -> JSON:
        return _compare(left(data, variables), sign, right(data, variables))

    return plain


def _compare(one: JSON, sign: str, other: JSON) -> JSON:
    kind, other_kind = _kind(one), _kind(other)
    if kind is None or other_kind is None:
        return UNSURE
    if sign in ("==", "!="):
        return (kind == other_kind and one == other) == (sign == "==")
    return _ORDER[sign](one, other) if kind == other_kind and kind in ("number", "string") else UNSURE


def _kind(value: JSON) -> str | None:
    """Return the jq type of a scalar that both sides treat alike, else None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "number" if isinstance(value, int | float) and _exact(value) else None
