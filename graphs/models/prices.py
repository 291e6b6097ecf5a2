"""What a call costs. A price nobody stated is not known, never nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("prices.yaml")
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Money per million tokens for models whose name fits a pattern."""

    model: str  # "openai:gpt-x*"
    input: float
    output: float
    at: str = ""  # a part of the address; empty: wherever


class Prices:
    """A price list; the first entry that fits counts."""

    def __init__(self, entries: Sequence[Price]) -> None:
        self._entries = tuple(entries)

    @classmethod
    def with_own(cls, own: Mapping[str, Any]) -> Prices:
        """
        Return the list that comes along behind an operator's own.

        Args:
            own: `{"openai:NAME*": [input, output]}`, money per million tokens.

        Raises:
            ValueError: a price is no pair of amounts.
        """
        return cls([*(_own(name, pair) for name, pair in own.items()), *_shipped()])

    def of(self, model: str, where: str, input_tokens: int, output_tokens: int) -> float | None:
        """Return what a call of *model* at *where* cost; None when no price is known."""
        price = next((each for each in self._entries if fnmatchcase(model, each.model) and each.at in where), None)
        return None if price is None else (input_tokens * price.input + output_tokens * price.output) / MILLION


@lru_cache(maxsize=1)
def _shipped() -> tuple[Price, ...]:
    return tuple(Price(**entry) for entry in yaml.safe_load(FILE.read_text("utf-8")))


def _own(name: str, pair: Any) -> Price:
    try:
        read, written = (float(part) for part in pair)
    except (TypeError, ValueError):
        raise ValueError(f"the price of {name!r} must be two amounts, [read, written], per million tokens") from None
    if not (math.isfinite(read) and math.isfinite(written) and read >= 0 and written >= 0):
        raise ValueError(f"the price of {name!r} must be two amounts, none below 0")
    return Price(name, read, written)
