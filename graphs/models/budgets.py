"""What a turn, a conversation and a tenant may use. Checked before each call; what was reached is said, and what there is stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from graphs.models.errors import BudgetReached
from graphs.models.usage import Call, Usage

DAY = "the last 24 hours of this tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most of each; 0 is no limit. A tenant's count for 24 hours."""

    turn_tokens: int = 0
    turn_money: float = 0.0
    conversation_tokens: int = 0
    conversation_money: float = 0.0
    tenant_tokens: int = 0
    tenant_money: float = 0.0

    @property
    def of_money(self) -> bool:
        return bool(self.turn_money or self.conversation_money or self.tenant_money)

    @property
    def beyond_a_turn(self) -> bool:
        return bool(self.conversation_tokens or self.conversation_money or self.tenant_tokens or self.tenant_money)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used before this turn's next call."""

    conversation_tokens: int = 0
    conversation_money: float = 0.0
    tenant_tokens: int = 0
    tenant_money: float = 0.0


class Spending(Protocol):
    """Who remembers what one conversation, and its tenant, have used."""

    async def spent(self) -> Spent:
        """Return what was used."""

    async def add(self, call: Call) -> None:
        """Count a call that was made."""


class InMemorySpending:
    """What one conversation used, which is all its tenant has."""

    def __init__(self) -> None:
        self._usage = Usage()

    async def spent(self) -> Spent:
        tokens = sum(call.input_tokens + call.output_tokens for call in self._usage.calls)
        money = sum(call.money or 0.0 for call in self._usage.calls)
        return Spent(tokens, money, tokens, money)

    async def add(self, call: Call) -> None:
        self._usage.add(call)


def check(caps: Caps, turn: Usage, spent: Spent) -> None:
    """Raise BudgetReached when one of *caps* is used up."""
    tokens = sum(call.input_tokens + call.output_tokens for call in turn.calls if not call.stored)
    money = sum(call.money or 0.0 for call in turn.calls if not call.stored)
    for of, what, used, cap, setting in (
        ("this turn", "tokens", tokens, caps.turn_tokens, "PARLEY_TURN_TOKENS"),
        ("this conversation", "tokens", spent.conversation_tokens, caps.conversation_tokens, "PARLEY_CONVERSATION_TOKENS"),
        (DAY, "tokens", spent.tenant_tokens, caps.tenant_tokens, "PARLEY_TENANT_TOKENS"),
        ("this turn", "money", money, caps.turn_money, "PARLEY_TURN_MONEY"),
        ("this conversation", "money", spent.conversation_money, caps.conversation_money, "PARLEY_CONVERSATION_MONEY"),
        (DAY, "money", spent.tenant_money, caps.tenant_money, "PARLEY_TENANT_MONEY"),
    ):
        if cap and used >= cap:
            raise BudgetReached(
                of, what, f"{used:.6g}" if what == "money" else str(used), f"{cap:.6g}" if what == "money" else str(cap), setting
            )
