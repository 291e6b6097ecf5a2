"""What an expression says whatever the data are: literals and comparisons of two literals."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from dsl.expressions import fast
from dsl.expressions.program import strip

JSON = Any

_LITERAL: Final = r"""(?:"[^"\\]*"|-?\d+(?:\.\d+)?|true|false|null)"""
_CONSTANT: Final = re.compile(rf"\s*{_LITERAL}(?:\s*(?:==|!=|<=|>=|<|>)\s*{_LITERAL})?\s*")
_LONGEST: Final = 200  # characters


def truth(text: JSON) -> bool | None:
    """Return whether the formula *text* always or never holds (in jq all but false and null holds), None when that depends on data."""
    return _truth(text) if isinstance(text, str) and len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _truth(text: str) -> bool | None:
    code = strip(text)
    if not _CONSTANT.fullmatch(code):
        return None
    plain = fast.compiled(code)
    value = fast.UNSURE if plain is None else plain(None, {})
    return None if value is fast.UNSURE else value is not None and value is not False
