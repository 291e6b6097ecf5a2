"""What is wrong with wire data: collected while it is read, raised once.

WireError (a DslError) carries every Problem; a reference is a JSON Pointer into the wire data, not into the definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dsl.pointer import MISSING
from dsl.problems import DslError, Problem

MAX_NESTED_TASKS: Final = 66  # 200 levels of a definition, three to a task (`dsl.source`)
MAX_NESTED_VALUES: Final = 200


class WireError(DslError):
    """Data is not of the wire shape, or a definition is too broken to be written in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Reader:
    """Collects mistakes; what could not be read is MISSING."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nested_tasks = 0

    def wrong(self, at: str, message: str, hint: str = "") -> object:
        """Note a mistake at the pointer *at*; return MISSING."""
        self.problems.append(Problem(code="invalid-wire", reference=at, message=message, hint=hint))
        return MISSING


def named(value: object) -> str:
    """Return what *value* is, for a message."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value[:60]}'"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else f"a {type(value).__name__}"
