"""Whose calls a router makes: a tenant's conversation and its turn, what is kept of them, and what they may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphs.models.budgets import Caps, Spending
from graphs.models.replies import ReplyStore
from graphs.models.tracing import Trace
from graphs.models.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One turn of one conversation. Without one nothing is kept, counted or limited."""

    tenant: str = ""
    thread: str = ""
    turn: str = ""  # beside LangGraph's step, for callers that are no node
    replies: ReplyStore | None = None
    spending: Spending | None = None
    caps: Caps = field(default_factory=Caps)
    trace: Trace | None = None
    used: Usage = field(default_factory=Usage)  # of this turn
