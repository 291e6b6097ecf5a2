"""The author's own sentences around a card: facts put in a row."""

from __future__ import annotations

from typing import Any

from graphs.models.offline.reading import Reading


def summarize(reading: Reading) -> dict[str, Any]:
    """Answer `design/summarize` from the facts: trigger, steps, effects."""
    facts = reading.value("facts") or {}
    parts: list[str] = []
    if facts.get("changed"):
        parts.append(f"{facts['changed'].rstrip('.')}.")
    steps = [str(step).rstrip(" :.") for step in facts.get("steps", [])]
    start = str(facts.get("trigger") or "It is started by hand").rstrip(".")
    if steps:
        parts.append(f"{start}: {_row([step[:1].lower() + step[1:] for step in steps[:6]])}{' and more' if len(steps) > 6 else ''}.")
    outside = [str(effect) for effect in facts.get("outside", [])]
    parts.append(f"It reaches outside {_row(outside)}." if outside else "Nothing outside is changed.")
    return {"text": " ".join(parts)}


def _row(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
