"""Texts that begin, end, contain or match what an expression asks for, and texts for a field of which only the name is known."""

from __future__ import annotations

import re
import warnings
from typing import Any

from graphs.run import patterns

_LONGEST = 200


def like(sign: str, literal: str) -> str:
    """Return a text that meets *sign* (starts, ends, contains, matches) with *literal*."""
    if sign == "starts":
        return f"{literal}1"
    if sign == "ends":
        return f"a{literal}"
    return literal if sign == "contains" else matching(literal)


def meets(text: str, sign: str, literal: str) -> bool:
    if sign == "starts":
        return text.startswith(literal)
    if sign == "ends":
        return text.endswith(literal)
    if sign == "contains":
        return literal in text
    try:
        return patterns.compiled(literal).search(text)
    except (patterns.PatternRefused, patterns.TooMuchWork):
        return False


def matching(pattern: str) -> str:
    """Return a text that matches *pattern*, the empty one when that cannot be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]  # the one parser of patterns there is
        except (re.error, RecursionError, OverflowError):
            return ""
    return _of(list(parsed))[:_LONGEST]


def _of(parts: list[Any]) -> str:
    return "".join(_part(str(code), argument) for code, argument in parts)


def _part(code: str, argument: Any) -> str:
    match code:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return "a" if argument != ord("a") else "b"
        case "ANY":
            return "a"
        case "IN":
            return _one_of(argument)
        case "BRANCH":
            return _of(list(argument[1][0]))
        case "SUBPATTERN":
            return _of(list(argument[3]))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = argument
            count = least or (1 if int(most) > 0 else 0)
            return _of(list(inner)) * min(int(count), _LONGEST)
    return ""


def _one_of(choices: list[Any]) -> str:
    negated = bool(choices) and str(choices[0][0]) == "NEGATE"
    if negated:
        banned = {character for code, argument in choices[1:] for character in _characters(str(code), argument)}
        return next((one for one in "a1-_ Z." if one not in banned), "~")
    for code, argument in choices:
        found = _characters(str(code), argument)
        if found:
            return found[0]
    return ""


def _characters(code: str, argument: Any) -> str:
    if code == "LITERAL":
        return chr(argument)
    if code == "RANGE":
        return "".join(chr(one) for one in range(argument[0], min(argument[1], argument[0] + 100) + 1))
    if code == "CATEGORY":
        return {"CATEGORY_DIGIT": "123", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a1_"}.get(str(argument), "-")
    return ""
