"""Who acts in place of the outside world in a simulated run: asked before every body and every expression of a step.

A real run has none (`RunDeps.stand_in` is None); the one there is lives in `graphs/run/simulation/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graphs.run.ports import JSON

if TYPE_CHECKING:
    from graphs.run.step import Flow, Step
    from graphs.run.templates import Expr


class StandIn(Protocol):
    async def perform(self, step: Step) -> Flow:
        """Do what the task does, or something in place of it. Raises WorkflowError."""

    def forced(self, step: Step | None, expression: Expr) -> JSON:
        """Return the value that *expression* is to have here, or MISSING: then it is evaluated."""

    def seen(self, step: Step | None, expression: Expr, value: JSON) -> None:
        """Hear what *expression* gave."""
