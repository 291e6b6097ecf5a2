"""Where a walk stands: the data there, the variables around, and which way it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphs.run.ports import JSON
from graphs.run.simulation.shapes import Value


@dataclass(frozen=True, slots=True)
class State:
    data: Value
    context: Value


@dataclass(frozen=True, slots=True)
class Exit:
    state: State
    then: str  # continue, exit, end


@dataclass(frozen=True, slots=True)
class Place:
    """Where tasks stand: the variables around them, and what comes before their references."""

    base: str
    variables: Mapping[str, Value]
    definition: Mapping[str, JSON]
    depth: int = 0

    def inside(self, names: Mapping[str, Value] | None = None) -> Place:
        """Return the place of tasks inside a task, with *names* more: its `$input`, `$task` and `$output` are not theirs."""
        gone = ("input", "output", "task", "context")
        known = {name: value for name, value in {**self.variables, **(names or {})}.items() if name not in gone}
        return replace(self, variables=known)
