"""Definitions as a person reads them in a terminal: outlines and effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def outline_lines(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return an outline: each line as its author titles it, and below it what it does by the definition."""
    found = []
    for line in lines:
        indent = "  " * line["depth"]
        found.append(f"{indent}{line['number']} {line['text']}".rstrip())
        if line.get("detail"):
            found.append(f"{indent}{' ' * len(line['number'])} {line['detail']}")
    return found


def effect_lines(effects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return two lines an effect: what and where to; how often, after whose decision, with which secrets, by which task."""
    found = []
    for effect in effects:
        more = [str(effect.get("how_often") or "")]
        more += [f"after a decision by {effect['by'] or 'somebody'}"] if effect.get("decided_before") else []
        more += [f"with the secret {name}" for name in effect.get("secrets", ())]
        more += [str(effect["reference"])]
        found += [f"{effect['kind']:12} {effect['target']}", f"{'':12} {'; '.join(part for part in more if part)}"]
    return found
