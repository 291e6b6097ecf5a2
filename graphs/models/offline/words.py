"""The author's own sentences around a card: those that the program made from the definition."""

from __future__ import annotations

from typing import Any

from graphs.models.offline.reading import Reading


def summarize(reading: Reading) -> dict[str, Any]:
    """Answer `design/summarize`: nothing is said better than the facts."""
    facts = reading.value("facts") or {}
    return {"text": str(facts.get("plain") or "Nothing is known about it.")}
