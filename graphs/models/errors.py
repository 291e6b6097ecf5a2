"""What can go wrong with a model.

ModelError               base
  ModelUnavailable       no model of the list answered: which, why, and how to fix it
  BadReply               a model answered, twice, with something that does not fit the schema
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
