"""What can go wrong with an expression.

DslError
  ExpressionError      .kind: syntax | runtime | timeout | memory
"""

from __future__ import annotations

import re
from typing import Literal

from dsl.problems import DslError

ErrorKind = Literal["syntax", "runtime", "timeout", "memory"]

_NOISE = re.compile(r"jq: error(?: \(at[^)]*\))?:?\s*")
_PLACE = re.compile(r"\s*at <top-level>.*", re.DOTALL)


class ExpressionError(DslError):
    """An expression could not be evaluated; the message names it and says why in words."""

    def __init__(self, message: str, kind: ErrorKind, expression: str = "") -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.expression = expression


def shown(expression: str, limit: int = 80) -> str:
    """Return *expression* on one line and short enough for a message."""
    line = " ".join(expression.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def tidy(message: str) -> str:
    """Return libjq's message without its own prefixes and without places in our wrapper, which mean nothing to the author."""
    first = next((line for line in message.splitlines() if line.strip()), "")
    return _PLACE.sub("", _NOISE.sub("", first)).strip(" ,") or "not understood"
