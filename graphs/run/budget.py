"""What one run may use: wall time, tasks, tokens of models, money: `metadata.parley.budget`, at most the operator's limits.

A run that passes one ends faulted with an error of type BUDGET, which no `try` catches. What was used counts over all processes of a
run: tasks by the rows of the journal, tokens and money by rows of kind `usage`. Child workflows use the budget of the run around them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from dsl.settings import parley_of_document
from graphs.run import durations
from graphs.run.deadlines import limited, remembered
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Row

if TYPE_CHECKING:
    from graphs.run.deps import Limits
    from graphs.run.interpreter import Interpreter
    from graphs.run.step import Scope, Step

WALL = "/timeout-budget"  # where the journal keeps when the time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Upper limits of one run; None is no limit."""

    wall_time_s: float | None
    tasks: int
    tokens: int | None
    money: float | None


def budget_of(definition: Mapping[str, JSON], limits: Limits) -> Budget:
    """Return the smaller of what the definition asks for and what the operator allows."""
    own: Mapping[str, JSON] = parley_of_document(definition).get("budget") or {}
    wall_time_s = durations.seconds(own["wallTime"]) if "wallTime" in own else None
    return Budget(
        wall_time_s=_least(wall_time_s, limits.max_wall_time_s),
        tasks=int(_least(own.get("tasks"), limits.max_steps) or limits.max_steps),
        tokens=_whole(_least(own.get("tokens"), limits.max_tokens)),
        money=_least(own.get("money"), limits.max_money),
    )


def _least(asked: float | None, allowed: float | None) -> float | None:
    return min((value for value in (asked, allowed) if value is not None), default=None)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def exceeded(detail: str) -> WorkflowError:
    """Return the error of a run that passed its budget."""
    return WorkflowError.budget(detail)


@asynccontextmanager
async def in_time(engine: Interpreter, scope: Scope) -> AsyncIterator[None]:
    """Raise the budget's error when the block is not over in the run's wall time, counted from its start, or from a person's retry."""
    seconds = engine.budget.wall_time_s
    if seconds is None:
        yield
        return
    attempt = engine.book.attempt("/")
    ends_at = scope.started_at + timedelta(seconds=seconds) if attempt == 1 else remembered(engine, WALL, attempt, "", seconds)
    words = f"the run did not end within {seconds:g} s, its budget of time"
    async with limited(engine, WALL, attempt, "", ends_at, words, error=exceeded):
        yield


class Meter:
    """Tokens and money one run has used so far."""

    def __init__(self, engine: Interpreter) -> None:
        self._engine = engine
        self._rows: dict[str, int] = {}
        self.tokens, self.money = 0, 0.0
        for row in engine.book.usage:
            self.tokens += int(row.output.get("tokens") or 0)
            self.money += float(row.output.get("money") or 0)
            place = row.path.partition("/usage")[0]
            self._rows[place] = self._rows.get(place, 0) + 1

    def spend(self, step: Step, tokens: int, money: float) -> None:
        """Note what *step* used. Raises WorkflowError when the run has used more than it may."""
        self.tokens += tokens
        self.money += money
        number = self._rows[step.path] = self._rows.get(step.path, 0) + 1
        row = Row(
            path=f"{step.path}/usage" + (f"#{number}" if number > 1 else ""),
            attempt=step.attempt,
            kind="usage",
            reference=f"{step.reference}/usage",
            status="finished",
            output={"tokens": tokens, "money": money},
            ended_at=self._engine.deps.clock.now(),
        )
        self._engine.deps.journal.write(row)
        self.check()

    def check(self) -> None:
        """Raise WorkflowError when the run has used more than it may."""
        budget = self._engine.budget
        if budget.tokens is not None and self.tokens > budget.tokens:
            raise exceeded(f"the run has used {self.tokens} tokens of models; its budget is {budget.tokens}")
        if budget.money is not None and self.money > budget.money:
            raise exceeded(f"the run has spent {self.money:.4g}; its budget is {budget.money:.4g}")
