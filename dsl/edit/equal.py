"""Equality of JSON, as a reader of the definition sees it."""

from __future__ import annotations

from typing import Any

JSON = Any


def same(one: JSON, other: JSON) -> bool:
    """Tell whether two values are the same JSON: `true` is not 1; the order of keys does not count."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
