"""Walk a program tree: blocks, and the course every task shares (data flow, timeout, journal). What differs is in `tasks/`.

A step whose result is in the journal is never entered: its row answers, for a composite task with everything below it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dsl.expressions import ExpressionError
from graphs.run import compensation, dataflow, extensions, paths, proof, variables
from graphs.run.book import Book
from graphs.run.budget import Budget, Meter
from graphs.run.deadlines import task_deadline
from graphs.run.deps import RunDeps
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Row, RowStatus
from graphs.run.redaction import Redactor
from graphs.run.step import MISSING, Flow, Frame, Step
from graphs.run.strands import Gate, Strands
from graphs.run.templates import Expr
from graphs.run.tree import Block, Program, Task
from graphs.run.waits import Waits

if TYPE_CHECKING:
    from graphs.run.resources import Document
    from graphs.run.schemas import JsonSchema

_STEPS_A_BREATH = 50  # about 2 ms of pure steps


class Interpreter:
    """One run in one process, from its start or a resume to its end or the next park."""

    def __init__(self, deps: RunDeps, run_id: str, book: Book, tell: Callable[[Row], None], budget: Budget) -> None:
        self.deps = deps
        self.run_id = run_id
        self.book = book
        self.heard = book.heard
        self.redactor = Redactor()
        self.strands = Strands()
        self.budget = budget
        self.meter = Meter(self)
        self.gate = Gate(deps.limits.segment_steps, budget.tasks, taken=book.tasks, strands=self.strands, brake=deps.brake)
        self.notes: list[Row] = []  # of tasks of this process that can be undone
        self.contexts: dict[str, JSON] = {}  # the last `$context` exported in each workflow, by its path
        self.programs: dict[tuple[str, str, str], Program] = {}  # child workflows found so far
        self.documents: dict[str, asyncio.Future[Document]] = {}  # by address, fetched or being fetched
        self.fetched_functions: dict[str, Task] = {}  # by address
        self.fetched_schemas: dict[str, JsonSchema] = {}
        self.waits = Waits(deps.mailbox, deps.journal, self.strands)
        self._tell = tell
        self._breath = 0

    async def breathe(self) -> None:
        """Let everything else in the process have its turn now and then: pure steps and replayed ones never wait for anything."""
        self._breath += 1
        if self._breath % _STEPS_A_BREATH == 0:
            await asyncio.sleep(0)

    async def block(self, block: Block, path: str, data: JSON, frame: Frame, moment: datetime) -> Flow:
        """Run the tasks of *block* from the first at *moment*; return the last output, and `end` when the workflow is over."""
        flow = await self.walk(block, path, data, frame, moment)
        return Flow(flow.output, None, flow.at) if flow.then == "exit" else flow

    async def walk(self, block: Block, path: str, data: JSON, frame: Frame, moment: datetime) -> Flow:
        """Do what `block` does, and tell whether it was left by `exit`."""
        visits: Counter[int] = Counter()
        position = 0
        while position < len(block.tasks):
            task = block.tasks[position]
            visits[position] += 1
            flow = await self.step(task, paths.child(path, position, task.segment, visits[position]), data, frame, moment)
            data, moment = flow.output, flow.at or moment
            then = flow.then or "continue"
            if then in ("end", "exit"):
                return Flow(data, then, moment)
            position = position + 1 if then == "continue" else block.index[then]
        return Flow(data, None, moment)

    async def step(self, task: Task, path: str, raw: JSON, frame: Frame, moment: datetime) -> Flow:
        """Execute *task* once and record how it ended. Raises WorkflowError with `instance` and `path` set."""
        await self.breathe()
        attempt = self.book.attempt(path)
        if self.book.given:
            raw = self.book.given.get(path, raw)
        row = self.book.result(path, attempt)
        if row is not None:
            return self._replayed(row)
        await self.gate.enter()
        if not task.composite:  # what a composite task decided when it was first begun still holds for the steps in it
            moment = max(moment, self.book.retried_at(path) or moment)
        step = Step(
            engine=self,
            task=task,
            path=path,
            reference=frame.scope.reference + frame.base + task.reference,
            raw=raw,
            frame=frame,
            attempt=attempt,
            started_at=moment,
            moment=moment,
        )
        self.show(Row(path=path, attempt=attempt, kind="step", reference=step.reference, status="started", started_at=step.started_at))
        try:
            return await self._course(step)
        except WorkflowError as error:
            self.fail(error, step.reference, path)
            self.record(self._row(step, "faulted", error=error.to_json()))
            raise
        except asyncio.CancelledError:
            self.cancelled(self._row(step, "cancelled"))
            raise

    async def _course(self, step: Step) -> Flow:
        task = step.task
        if task.when is not None and not await step.holds(task.when, step.raw):
            row = self._row(step, "skipped", output=step.raw)
            self.record(row)
            return Flow(step.raw, None, row.ended_at)
        if task.timeout is None:
            return await self._perform(step)
        async with task_deadline(step, task.timeout):
            return await self._perform(step)

    async def _perform(self, step: Step) -> Flow:
        applying = await extensions.applying(step) if step.task.extensions else []
        instead = await extensions.before(step, applying) if applying else None
        if instead is not None:
            then = instead.then or step.task.then
            row = self._row(step, "finished", output=instead.output, then=then)
            self.record(row)
            return Flow(instead.output, then, row.ended_at)
        step.data = await dataflow.enter(step)
        step.has_data = True
        flow = await (step.perform() if step.task.proof is None else proof.perform(step))
        step.raw_output = flow.output
        step.moment = self.deps.clock.now()  # what comes now is in the row of this step, so it may read the clock
        step.output = await dataflow.leave(step)
        if step.task.proof is not None:
            await proof.demand(step, step.task.proof)
        exported = await dataflow.export(step)
        then = flow.then or step.task.then
        if applying and await extensions.after(step, applying):
            then = "end"
        if exported is MISSING:
            row = self._row(step, "finished", output=step.output, then=then)
        else:
            step.frame.scope.context = self.contexts[step.frame.scope.path] = exported
            row = self._row(step, "finished", output=step.output, then=then, context=exported, has_context=True)
        if step.task.compensate:
            self.notes.append(compensation.note(step))
            self.deps.journal.write(self.notes[-1])
        self.record(row)
        return Flow(step.output, then, row.ended_at)

    async def evaluate(
        self,
        expression: Expr,
        data: JSON,
        frame: Frame,
        moment: datetime,
        step: Step | None = None,
        extra: Mapping[str, JSON] | None = None,
    ) -> JSON:
        """Evaluate with the variables that *expression* names; `now` is *moment*. Raises WorkflowError (expression, authorization)."""
        stand_in = self.deps.stand_in
        if stand_in is not None and (forced := stand_in.forced(step, expression)) is not MISSING:
            return forced
        values = await variables.gather(self, expression, frame, step, extra)
        try:
            value = await self.deps.expressions.evaluate(expression.source, data, values, now=moment.timestamp())
        except ExpressionError as error:
            missing = "; no input was given to the workflow" if data is None and frame.scope.input is None else ""
            raise WorkflowError.of("expression", f"{error}{missing}") from error
        if stand_in is not None:
            stand_in.seen(step, expression, value)
        return value

    def fail(self, error: WorkflowError, reference: str, path: str) -> None:
        """Fill in where *error* happened, unless a step below already did, and take secrets out of its words."""
        if not error.path:
            error.path = path
            error.instance = reference
            error.title, error.detail = self.redactor.text(error.title), self.redactor.text(error.detail)

    def record(self, row: Row) -> None:
        """Queue a row for the journal and show it to whoever watches."""
        self.deps.journal.write(row)
        self.show(row)

    def cancelled(self, row: Row) -> None:
        """Say that a step was stopped, unless the whole run stops here: then it is still to be done. The row is not a result."""
        if self.waits.closing:
            return
        path = f"{row.path}/cancelled"
        self.deps.journal.write(replace(row, path=paths.again(path, self.book.cancelled(path) + 1)))
        self.show(row)

    def ended(self, row: Row, status: RowStatus, *, output: JSON = None, error: Mapping[str, JSON] | None = None) -> Row:
        """Return *row* as it ended just now."""
        return replace(row, status=status, output=output, error=error, ended_at=self.deps.clock.now())

    def show(self, row: Row) -> None:
        self._tell(self.redactor.row(row))

    def _row(
        self,
        step: Step,
        status: RowStatus,
        *,
        output: JSON = None,
        then: str | None = None,
        error: Mapping[str, JSON] | None = None,
        context: JSON = None,
        has_context: bool = False,
    ) -> Row:
        return Row(
            path=step.path,
            attempt=step.attempt,
            kind="step",
            reference=step.reference,
            status=status,
            output=output,
            context=context,
            has_context=has_context,
            then=None if then == "continue" else then,
            error=error,
            started_at=step.started_at,
            ended_at=self.deps.clock.now(),
        )

    def _replayed(self, row: Row) -> Flow:
        if row.status == "faulted":
            error = WorkflowError.from_json(row.error or {})
            error.path = self.book.origin(row)
            raise error
        return Flow(row.output, row.then, row.ended_at)
