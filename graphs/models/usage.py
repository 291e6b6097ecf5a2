"""What one turn spent on models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One finished model call."""

    model: str
    prompt: str
    digest: str  # of the prompt file
    input_tokens: int
    output_tokens: int
    seconds: float
    money: float | None = None  # in the currency of the prices; None: no price is known
    stored: bool = False  # the reply was there from before: nothing was sent


@dataclass(slots=True)
class Usage:
    """A collector: hand it to `ask`, read it at the end of the turn."""

    calls: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        self.calls.append(call)

    @property
    def money(self) -> float | None:
        """What was spent; None when a price is not known."""
        return summed(call.money for call in self.calls)

    def to_json(self) -> dict[str, Any]:
        """Return `{calls, input_tokens, output_tokens, money, models, prompts}`, JSON-plain; `money` is None when a price is not known."""
        return {
            "calls": len(self.calls),
            "input_tokens": sum(call.input_tokens for call in self.calls),
            "output_tokens": sum(call.output_tokens for call in self.calls),
            "money": self.money,
            "models": sorted({call.model for call in self.calls}),
            "prompts": {call.prompt: call.digest for call in self.calls},
        }


NOTHING: dict[str, Any] = {"calls": 0, "input_tokens": 0, "output_tokens": 0, "money": 0.0, "models": [], "prompts": {}}


def summed(parts: Any) -> float | None:
    """Return the sum of amounts; None when one of them is not known."""
    known = list(parts)
    return None if None in known else round(sum(known), 9)


def total(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Add two `to_json()` values."""
    return {
        "calls": first["calls"] + second["calls"],
        "input_tokens": first["input_tokens"] + second["input_tokens"],
        "output_tokens": first["output_tokens"] + second["output_tokens"],
        "money": summed([first.get("money"), second.get("money")]),
        "models": sorted({*first["models"], *second["models"]}),
        "prompts": {**first["prompts"], **second["prompts"]},
    }
