"""Plain scalars as the YAML 1.2 core schema reads them: `on`, `no` and `12:30` are text, `010` is ten."""

from __future__ import annotations

import math
import re
from typing import Any, Final

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_JSON = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_NUMBER_START = frozenset("-+.0123456789")
LARGEST: Final = 2**53 - 1  # beyond it neighbours share one double, and jq and JSON readers would change the value


class NotRepresentable(ValueError):
    """The scalar is a number that JSON cannot carry unchanged; the message says why."""


def resolve(text: str) -> Any:
    """Return the value of a plain scalar. Raises NotRepresentable."""
    if text in _WORDS:
        return _WORDS[text]
    return number(text) if text[0] in _NUMBER_START else text


def number(text: str) -> Any:
    """Return *text* as a number when it is one, else unchanged. Raises NotRepresentable."""
    if _INTEGER.match(text):
        return _checked(text, 10)
    if _OCTAL.match(text):
        return _checked(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return _checked(text[2:], 16)
    if _NOT_JSON.match(text):
        raise NotRepresentable(f"{text} has no form in JSON")
    if not _FLOAT.match(text):
        return text
    value = float(text)
    if not math.isfinite(value):
        raise NotRepresentable(f"the number {text[:40]} is too large")
    return value


def _checked(digits: str, base: int) -> int:
    value = int(digits, base) if len(digits) <= 20 else LARGEST + 1
    if abs(value) > LARGEST:
        raise NotRepresentable(f"the number {digits[:40]} is larger than 2^53, so it would be rounded")
    return value
