"""Values as LangGraph's serializer can keep them: it knows 64-bit integers and whole characters only, JSON knows more."""

from __future__ import annotations

import re

from graphs.run.ports import JSON

_HALF = re.compile("[\ud800-\udfff]")
_LEAST, _MOST = -(2**63), 2**64 - 1


def plain(value: JSON) -> JSON:
    """Return *value* with larger integers as floats (as jq has them) and half characters as U+FFFD; most values come back as they are."""
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        return _float(value)
    return value


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:  # as jq: the largest number there is
        return 1.7976931348623157e308 if value > 0 else -1.7976931348623157e308
