"""What can go wrong with a model.

ModelError               base
  ModelUnavailable       no model of the list answered: which, why, and how to fix it
  BadReply               a model answered, twice, with something that does not fit the schema
    Refused              a model would not answer
  BudgetReached          a turn, a conversation or a tenant has used what it may
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """Why one model did not answer."""

    model: str  # "openai:gpt-x"
    why: str  # plain words
    fix: str  # command or variable


class ModelError(Exception):
    """Something about a model failed."""


class ModelUnavailable(ModelError):
    """No model of the list answered."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        super().__init__("; ".join(f"{a.model}: {a.why}. {a.fix}" for a in attempts))
        self.attempts = tuple(attempts)

    @property
    def why(self) -> str:
        return "; ".join(f"{a.model}: {a.why}" for a in self.attempts)

    @property
    def fix(self) -> str:
        fixes = dict.fromkeys(f"{attempt.fix.rstrip('.')}." for attempt in self.attempts)
        names = [attempt.model for attempt in self.attempts]
        behind = f'Or let the built-in author step in: PARLEY_MODEL="{",".join(names)},offline", then restart.'
        return " ".join([*fixes, *([] if "offline" in names else [behind])])


class BadReply(ModelError):
    """The model's answer could not be used, not even after it was told what is wrong."""

    def __init__(self, model: str, prompt: str, why: str) -> None:
        super().__init__(f"{model} did not give a usable answer to {prompt}: {why}")
        self.model, self.prompt, self.why = model, prompt, why


class Refused(BadReply):
    """The model said that it will not answer this."""


class BudgetReached(ModelError):
    """Whoever asks has used what they may; nothing was sent. What there is stays."""

    code = "budget"

    def __init__(self, of: str, what: str, spent: str, cap: str, setting: str) -> None:
        super().__init__(f"{of} has used {spent} of {cap} {what} ({setting})")
        self.of = of  # "this turn", "this conversation", "the last 24 hours of this tenant"
        self.what, self.spent, self.cap, self.setting = what, spent, cap, setting

    @property
    def why(self) -> str:
        return f"{self.of} has used {self.spent} of {self.cap} {self.what}"

    @property
    def fix(self) -> str:
        return f"What there is stays. Say it in smaller steps, wait, or raise {self.setting} and restart."
