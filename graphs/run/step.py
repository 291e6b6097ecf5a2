"""One execution of one task, as the bodies of `graphs/run/tasks/` see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from graphs.run import durations, paths, templates
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Awaited, AwaitKind, Delivery
from graphs.run.templates import Expr, Template
from graphs.run.tree import Block, Program, Task

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter

MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Flow:
    """What a task or a block gives on: its output, and where to go when that is not the task's own `then`."""

    output: JSON
    then: str | None = None
    at: datetime | None = None  # when the last step on the way ended, as its row has it


@dataclass(slots=True, kw_only=True)
class Scope:
    """One workflow in execution: the run's own, or a child started by `run: workflow`. `context` is the only thing that changes."""

    program: Program
    path: str  # "" or "/do/4/sub/workflow"
    reference: str  # the same without marks; put before references of its tasks
    run_id: str
    input: JSON  # raw
    started_at: datetime
    context: JSON
    depth: int = 0
    key: tuple[str, str, str] | None = None  # namespace, name and version a child was found by


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a task stands: its workflow, the variables of the `for` and `catch` around it, and the calls of functions it is in."""

    scope: Scope
    variables: Mapping[str, JSON]
    base: str = ""  # reference of the call whose function this is; the function's tasks have references below it
    calls: int = 0  # functions around this

    def having(self, variables: Mapping[str, JSON]) -> Frame:
        return replace(self, variables={**self.variables, **variables})

    def calling(self, reference: str) -> Frame:
        """Return the frame of a function called by the task at *reference*: none of the variables here are known there."""
        return Frame(self.scope, {}, self.base + reference, self.calls + 1)

    def extending(self, variables: Mapping[str, JSON]) -> Frame:
        """Return the frame of an extension's tasks, which stand in `use` and know *variables* only."""
        return Frame(self.scope, variables, "", self.calls)


@dataclass(slots=True, kw_only=True)
class Place:
    """Where expressions are evaluated: in a workflow around its tasks, or (a Step) in one execution of a task.

    `moment` is what `now` answers: when the step before ended, by its row, so that a resume finds the same.
    """

    engine: Interpreter
    frame: Frame
    moment: datetime
    data: JSON = None

    async def evaluate(self, expression: Expr, data: JSON = MISSING, variables: Mapping[str, JSON] | None = None) -> JSON:
        """Evaluate on *data* (default: the task's input) with the variables of this moment. Raises WorkflowError (expression)."""
        step = self if isinstance(self, Step) else None
        return await self.engine.evaluate(expression, self.data if data is MISSING else data, self.frame, self.moment, step, variables)

    async def holds(self, condition: Expr, data: JSON = MISSING, variables: Mapping[str, JSON] | None = None) -> bool:
        """Evaluate a condition; as in jq only `false` and `null` are untrue."""
        result = await self.evaluate(condition, data, variables)
        return result is not None and result is not False

    async def resolve(self, template: Template, data: JSON = MISSING, variables: Mapping[str, JSON] | None = None) -> JSON:
        if isinstance(template, templates.Const):
            return template.value

        async def evaluate(expression: Expr) -> JSON:
            return await self.evaluate(expression, data, variables)

        return await templates.resolve(template, evaluate)

    async def seconds(self, duration: Template, data: JSON = MISSING) -> float:
        """Return a duration in seconds. Raises WorkflowError when an expression gave something else."""
        value = await self.resolve(duration, data)
        try:
            return durations.seconds(value)
        except ValueError as error:
            raise WorkflowError.of("expression", str(error)) from error


@dataclass(slots=True, kw_only=True)
class Step(Place):
    """One execution of *task*. `data` is its transformed input from the moment the body runs.

    The `moment` of a composite task moves on with the steps in it.
    """

    task: Task
    path: str
    reference: str  # from the root of the run
    raw: JSON
    attempt: int
    started_at: datetime  # the first `moment`
    has_data: bool = False  # `$input` exists
    raw_output: JSON = MISSING  # `$task.output`
    output: JSON = MISSING  # `$output`
    authorization: Mapping[str, JSON] | None = field(default=None)

    async def perform(self) -> Flow:
        """Do what the task does; in a simulation whoever stands in for the outside does. Raises WorkflowError."""
        stand_in = self.engine.deps.stand_in
        return await (self.task.body.run(self) if stand_in is None else stand_in.perform(self))

    async def block(self, block: Block, path: str, data: JSON, variables: Mapping[str, JSON] | None = None) -> Flow:
        """Run *block* at *path* and return its last output; the directive is `end` when the workflow is over, else None."""
        frame = self.frame.having(variables) if variables else self.frame
        flow = await self.engine.block(block, path, data, frame, self.moment)
        self.moment = flow.at or self.moment
        return flow

    async def receive(
        self,
        kind: AwaitKind,
        *,
        path: str = "",
        exact_path: str = "",
        after_s: float | None = None,
        event: Mapping[str, JSON] | None = None,
        form: Mapping[str, JSON] | None = None,
    ) -> Delivery:
        """Wait until something arrives for this step (or for *path*, or *exact_path* as it is); the run may be parked meanwhile."""
        wake_at = None if after_s is None else self.engine.deps.clock.now() + timedelta(seconds=after_s)
        where = exact_path or paths.again(path or self.path, self.attempt)
        shown = form and self.engine.redactor.value(dict(form))
        awaited = Awaited(path=where, reference=self.reference, kind=kind, wake_at=wake_at, event=event, form=shown, attempt=self.attempt)
        return await self.engine.waits.receive(awaited)

    async def pause(self, seconds: float, path: str = "") -> None:
        """Sleep in the process when that is short, else wait for a durable timer at *path*."""
        if seconds <= self.engine.deps.limits.short_wait_s:
            await self.engine.deps.clock.sleep(seconds)
        else:
            await self.receive("timer", path=path, after_s=seconds)
