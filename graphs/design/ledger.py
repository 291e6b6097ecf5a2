"""The ledger: every value nobody stated, and how it was settled. A settled one is never asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Entry = dict[str, Any]
AT_ONCE = 3  # questions shown at once

SHAPES = {
    "url": (re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE), "an address that begins with http:// or https://"),
    "email": (re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"), "an e-mail address"),
    "number": (re.compile(r"-?\d+(?:[.,]\d+)?"), "a number"),
    "time": (re.compile(r"(?:[01]?\d|2[0-4])(?:[:.]\d{2})?(?: ?[ap]m)?", re.IGNORECASE), "a time of day such as 09:30"),
}


def settled(ledger: Sequence[Entry], key: str) -> bool:
    """Say whether question *key* has its answer."""
    return any(entry["id"] == key and entry["status"] in ("answered", "defaulted") for entry in ledger)


def put(ledger: Sequence[Entry], entry: Entry) -> list[Entry]:
    """Return the ledger with *entry* in place of an older one of the same id."""
    return [*(known for known in ledger if known["id"] != entry["id"]), entry]


def assumed(ledger: Sequence[Entry], assumptions: Sequence[Mapping[str, Any]], turn: int) -> list[Entry]:
    """Add a plan's assumptions; what a person answered stays."""
    kept = [entry for entry in ledger if entry["status"] != "assumed"]
    for item in assumptions:
        if not any(entry["id"] == item["id"] for entry in kept):
            entry = {"id": item["id"], "text": item["text"], "status": "assumed", "value": item.get("value", ""), "turn": turn}
            kept = put(kept, {**entry, "steps": [item["step"]] if item.get("step") else []})
    return kept


def without(ledger: Sequence[Entry], gone: set[str], turn: int) -> list[Entry]:
    """Return the ledger without what was assumed or changed in steps that are *gone*; what this *turn* says stays."""
    return [entry for entry in ledger if entry["turn"] == turn or not entry.get("steps") or not set(entry["steps"]) <= gone]


def answer(
    ledger: Sequence[Entry], questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], turn: int
) -> tuple[list[Entry], list[dict[str, Any]]]:
    """
    Settle questions.

    A question without an answer takes its default when it has one. An answer of the wrong shape leaves its question open, with the
    reason in `why`.

    Returns:
        The new ledger, and the questions that are still open.
    """
    entries, still_open = list(ledger), []
    for question in questions:
        value = str(answers.get(question["id"], "") or "").strip()
        status = "answered" if value else "defaulted"
        value = value or str(question.get("default") or "")
        wrong = misfit(question, value) if value else "It needs an answer."
        if wrong:
            still_open.append({**question, "why": wrong})
            continue
        entries = put(entries, {"id": question["id"], "text": question["text"], "status": status, "value": value, "turn": turn})
    return entries, still_open


def misfit(question: Mapping[str, Any], value: str) -> str:
    """Say why *value* cannot be the answer, "" when it can."""
    shape = SHAPES.get(str(question.get("kind", "text")))
    if shape and not shape[0].fullmatch(value) and value not in question.get("options", []):
        return f"“{value}” is not {shape[1]}."
    return ""


def words(ledger: Sequence[Entry]) -> list[str]:
    """Return the assumptions and answers as sentences, for the card."""
    lines = []
    for entry in ledger:
        if entry["status"] == "changed":
            lines.append(f"Changed later: {entry['value']}")
        elif entry["status"] == "assumed":
            lines.append(str(entry["text"]))
        elif entry["status"] in ("answered", "defaulted"):
            how = "you said" if entry["status"] == "answered" else "assumed"
            lines.append(f"{entry['text']} {entry['value']} ({how})")
    return lines
