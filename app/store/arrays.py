"""Arrays as texts that PostgreSQL reads: psycopg's own way takes ten times as long, and every step of every run goes through it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def array(values: Iterable[str | int | datetime | None]) -> str:
    """Return a list of texts, numbers, truth values or moments (and None) as the literal of an array."""
    return "{" + ",".join(["NULL" if value is None else _item(value) for value in values]) + "}"


def _item(value: str | int | datetime) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'"{value.isoformat()}"' if isinstance(value, datetime) else str(value)
