"""What can be wrong with a definition, as values.

DslError
  InvalidDefinition    raised by `load`, carries every problem
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Severity = Literal["error", "warning", "advice"]
MOST_PROBLEMS: Final = 200  # that are told of one definition; who corrects these has seen what the others are like


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a definition, worded for a person to read and for a model to repair."""

    code: str  # stable kebab-case name, "unknown-target": tests and prompts refer to it
    reference: str  # JSON Pointer into the definition, "/do/2/notify/then"; "" is the whole document
    message: str  # what is wrong, quoting the value
    hint: str = ""  # what would make it right; empty when there is no honest suggestion
    severity: Severity = "error"
    line: int = 0  # 1-based; 0 when the definition had no text
    column: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity}: {self.message}{hint} [{self.code}] at {self.reference or '/'}"


class DslError(Exception):
    """Something in `dsl` could not be done."""


class InvalidDefinition(DslError):
    """A definition with errors was used where only a valid one will do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems) or "invalid definition")
        self.problems = tuple(problems)
