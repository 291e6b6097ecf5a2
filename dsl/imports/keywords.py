"""The keywords of a schema that are kept, each with what makes its value right; everything else has no meaning for a value of JSON."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from dsl.imports.naming import plain

JSON = Any

WRONG: Final = object()  # the keyword's value is not of its kind
TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
LARGEST: Final = 2**53
MAX_DESCRIPTION: Final = 500
MAX_PATTERN: Final = 300

# `^`, then characters, classes and sets, each with a number of times if need be, then `$`: no groups, no choices
_SIMPLE = re.compile(r"\^(?:(?:\[(?:[^\\\[\]]|\\.)+\]|\\[dwsDWS.\-/+*?^$(){}|\[\]\\]|[^\\\[\](){}*+?|^$])(?:[*+?]|\{\d+(?:,\d*)?\})?)*\$")
_OPEN = re.compile(r"(?<!\\)[*+]|\{\d+,\d*\}")


def value(given: JSON) -> JSON:
    """Return *given* with whole numbers beyond 2^53 as doubles, as the canonical form wants them."""
    if isinstance(given, dict):
        return {key: value(item) for key, item in given.items()}
    if isinstance(given, list):
        return [value(item) for item in given]
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) > LARGEST:
        return float(given) if abs(given) < 10**300 else str(given)[:40]
    return given


def is_schema(given: JSON) -> bool:
    return isinstance(given, dict | bool)


@lru_cache(maxsize=4096)
def usable_pattern(pattern: str) -> bool:
    """Return whether *pattern* (ECMA-262) means something to Python and takes time in proportion to the text: one open repeat at most."""
    if len(pattern) > MAX_PATTERN or not _SIMPLE.fullmatch(pattern) or len(_OPEN.findall(pattern)) > 1:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning):
        return False
    return True


def _text(given: JSON) -> JSON:
    return given if isinstance(given, str) else WRONG


def _described(given: JSON) -> JSON:
    return plain(given, MAX_DESCRIPTION) if isinstance(given, str) else WRONG


def _number(given: JSON) -> JSON:
    return value(given) if _is_number(given) and not isinstance(value(given), str) else WRONG


def _is_number(given: JSON) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _above_zero(given: JSON) -> JSON:
    return _number(given) if _is_number(given) and given > 0 else WRONG


def _count(given: JSON) -> JSON:
    return int(given) if _is_number(given) and 0 <= given <= LARGEST and given == int(given) else WRONG


def _truth(given: JSON) -> JSON:
    return given if isinstance(given, bool) else WRONG


def _names(given: JSON) -> JSON:
    fits = isinstance(given, list) and all(isinstance(item, str) for item in given)
    return list(dict.fromkeys(given)) if fits else WRONG


def _choices(given: JSON) -> JSON:
    return value(given) if isinstance(given, list) and given else WRONG


def _list(given: JSON) -> JSON:
    return value(given) if isinstance(given, list) else WRONG


def _depends(given: JSON) -> JSON:
    fits = isinstance(given, dict) and all(_names(item) is not WRONG for item in given.values())
    return {key: _names(item) for key, item in given.items()} if fits else WRONG


KEYWORDS: Final[dict[str, Callable[[JSON], JSON]]] = {
    "title": _described,
    "description": _described,
    **dict.fromkeys(("format", "contentEncoding", "contentMediaType"), _text),
    **dict.fromkeys(("minimum", "maximum"), _number),
    "multipleOf": _above_zero,
    **dict.fromkeys([f"{limit}{what}" for limit in ("min", "max") for what in ("Length", "Items", "Properties", "Contains")], _count),
    **dict.fromkeys(("uniqueItems", "deprecated"), _truth),
    "required": _names,
    "dependentRequired": _depends,
    "enum": _choices,
    "const": value,
    "default": value,
    "examples": _list,
}
