"""Models: one list, tried in order, asked for pydantic values. See README.md."""

from graphs.models.budgets import Caps, InMemorySpending, Spending, Spent
from graphs.models.errors import Attempt, BadReply, BudgetReached, ModelError, ModelUnavailable, Refused
from graphs.models.redact import Redacted, redact
from graphs.models.replies import InMemoryReplies, ReplyStore
from graphs.models.router import ModelRouter
from graphs.models.scope import Scope
from graphs.models.usage import NOTHING, Call, Usage, total

__all__ = [
    "NOTHING",
    "Attempt",
    "BadReply",
    "BudgetReached",
    "Call",
    "Caps",
    "InMemoryReplies",
    "InMemorySpending",
    "ModelError",
    "ModelRouter",
    "ModelUnavailable",
    "Redacted",
    "Refused",
    "ReplyStore",
    "Scope",
    "Spending",
    "Spent",
    "Usage",
    "redact",
    "total",
]
