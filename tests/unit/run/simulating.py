"""Simulate small definitions."""

from __future__ import annotations

from typing import Any

from dsl.expressions import Expressions
from graphs import catalogue
from graphs.run.simulation import Coverage, Simulation, explore, simulate
from tests.unit.run.harness import Tasks, definition

FUNCTIONS = catalogue.load()


class Simulations:
    """Simulates definitions with one pool of expressions."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions

    async def run(self, do: Tasks, *, top: dict[str, Any] | None = None, **given: Any) -> Simulation:
        return await simulate(definition(do, **(top or {})), FUNCTIONS, expressions=self.expressions, **given)

    async def explore(self, do: Tasks, *, top: dict[str, Any] | None = None, **given: Any) -> Coverage:
        return await explore(definition(do, **(top or {})), FUNCTIONS, expressions=self.expressions, **given)
