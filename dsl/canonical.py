"""The canonical form (RFC 8785, JSON Canonicalization Scheme) and its digest: equal meaning, equal bytes.

Key order, comments, quoting and YAML style do not count; the order of lists does. Numbers are written as ECMAScript writes them.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from dsl.problems import DslError

JSON = Any


def digest(data: JSON) -> str:
    """Return "sha256:" and 64 hexadecimal digits of the canonical form of *data*."""
    return f"sha256:{hashlib.sha256(canonical(data)).hexdigest()}"


def canonical(data: JSON) -> bytes:
    """
    Return *data* as canonical JSON, UTF-8.

    Raises:
        DslError: *data* is not I-JSON: NaN, infinity, a whole number beyond 2^53, a lone surrogate, a key that is no string.

    Source: RFC 8785 §3.2; numbers by ECMA-262 Number::toString.
    """
    parts: list[str] = []
    _write(data, parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise DslError("a text holds half a character (a lone surrogate)") from error


def _write(value: JSON, parts: list[str]) -> None:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise DslError("a key is not a text")
        parts.append("{")
        for number, key in enumerate(sorted(value, key=_utf16)):
            parts.append(f"{',' if number else ''}{_text(key)}:")
            _write(value[key], parts)
        parts.append("}")
    elif isinstance(value, list | tuple):
        parts.append("[")
        for number, item in enumerate(value):
            if number:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    else:
        parts.append(_scalar(value))


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _scalar(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and abs(value) <= 2**53:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _number(value)
    raise DslError(f"{value!r} has no canonical form")


def _number(value: float) -> str:
    """Write a double as ECMAScript does; `repr` gives the same shortest digits, only laid out otherwise."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = f"{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if count > 1 else ''}e{exponent}"
