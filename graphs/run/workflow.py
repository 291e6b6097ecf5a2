"""Run one workflow, the run's own or a child: its input, its tasks, its output, its timeout."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from graphs.run import dataflow, variables
from graphs.run.deadlines import limited, remembered
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.step import Frame, Place, Scope
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter


async def run_workflow(engine: Interpreter, scope: Scope) -> JSON:
    """Return the workflow's output. Raises WorkflowError."""
    scope.context = engine.book.context(scope.path, scope.context)
    if not engine.book.empty:
        await variables.recall_secrets(engine, scope.program.secrets)
    try:
        async with AsyncExitStack() as stack:
            if scope.program.timeout is not None:
                await _limit(engine, scope, scope.program.timeout, stack)
            data = await _input(engine, scope)
            flow = await engine.block(scope.program.block, f"{scope.path}/do", data, Frame(scope, {}), scope.started_at)
            place = Place(engine=engine, frame=Frame(scope, {}), moment=engine.deps.clock.now(), data=flow.output)
            return await dataflow.give_out(place, scope.program.output, flow.output, "workflow output")
    except WorkflowError as error:
        engine.fail(error, scope.reference or "/", scope.path or "/")
        raise


async def _input(engine: Interpreter, scope: Scope) -> JSON:
    """Return the transformed input; a computed one is journaled, since its expression may have read a secret that changes."""
    path = f"{scope.path}/input"
    known = engine.book.result(path, 1)
    if known is not None:
        return known.output
    place = Place(engine=engine, frame=Frame(scope, {}), moment=scope.started_at, data=scope.input)
    data = await dataflow.take_in(place, scope.program.input, scope.input, "workflow input")
    if scope.program.input.template is not None:
        row = Row(path=path, attempt=1, kind="step", reference=f"{scope.reference}/input", status="finished", output=data)
        engine.deps.journal.write(row)
    return data


async def _limit(engine: Interpreter, scope: Scope, timeout: Template, stack: AsyncExitStack) -> None:
    place = Place(engine=engine, frame=Frame(scope, {}), moment=scope.started_at, data=scope.input)
    seconds = await place.seconds(timeout)
    where = f"{scope.path}/timeout"
    attempt = engine.book.attempt(scope.path or "/")
    ends_at: datetime = scope.started_at + timedelta(seconds=seconds)
    if scope.path or attempt > 1:
        ends_at = remembered(engine, where, attempt, scope.reference, seconds)
    words = f"the workflow did not end within {seconds:g} s"
    await stack.enter_async_context(limited(engine, where, attempt, scope.reference, ends_at, words))
