"""The time in the form the chat keeps it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the time as Chainlit writes it, always with microseconds: `2026-11-20T08:41:00.000000Z` sorts as text."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
