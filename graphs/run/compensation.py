"""Undo what was done: `metadata.parley.compensate` of tasks that had finished, the last one first, when the run faults or is cancelled.

When a task with such a list finishes, a *note* goes into the journal with it (kind `compensate`, path `PATH/compensate`): what it was given
and what it gave. Nothing else is needed to undo it later, in another process, for a task of a child workflow or of a function too.

Undoing begins with a row at `/compensate` that says why; from then on the run does nothing else, whatever happens to its process. Each list
runs at `PATH/compensate/…` like any block and has a row of its own when it ends. One that fails is recorded, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from graphs.run import paths, variables
from graphs.run.errors import UnknownWorkflow, WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.step import Frame, Scope, Step
from graphs.run.tree import Block, Program

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter

BEGUN = "/compensate"  # the row that says why everything is undone


def note(step: Step) -> Row:
    """Return the row that lets *step*, which has just finished, be undone."""
    scope, frame = step.frame.scope, step.frame
    told: dict[str, JSON] = {"of": step.task.compensate, "input": step.data, "output": step.output}
    if frame.variables:
        told["variables"] = dict(frame.variables)
    if frame.base:
        told["base"] = frame.base
    if scope.key is not None:
        told["workflow"] = {
            "key": list(scope.key),
            "reference": scope.reference,
            "id": scope.run_id,
            "input": scope.input,
            "startedAt": scope.started_at.isoformat(),
        }
    return Row(
        path=f"{step.path}/compensate",
        attempt=step.attempt,
        kind="compensate",
        reference=step.reference,
        status="started",
        output=told,
        started_at=step.started_at,
        ended_at=step.engine.deps.clock.now(),
    )


async def undo(engine: Interpreter, scope: Scope, error: WorkflowError | None) -> None:
    """Undo everything that can be; *error* is why, None for a run that was cancelled. What cannot be undone stops nothing."""
    notes = [*engine.book.notes, *engine.notes]
    if not notes:
        return
    began = engine.book.undoing or _begin(engine, error)
    engine.gate.anew()
    await _recall(engine, scope)
    moment = began.started_at or engine.deps.clock.now()
    told = None if error is None else error.to_json()
    for one in reversed(notes):
        moment = await _undo(engine, scope, one, told, moment)


def _begin(engine: Interpreter, error: WorkflowError | None) -> Row:
    row = Row(
        path=BEGUN,
        attempt=1,
        kind="compensate",
        reference="/",
        status="started",
        output={"path": "" if error is None else error.path},
        error=None if error is None else error.to_json(),
        started_at=engine.deps.clock.now(),
    )
    engine.deps.journal.write(row)
    return row


def reason(row: Row) -> WorkflowError | None:
    """Return why everything is undone, as the row at `/compensate` has it; None when the run was cancelled."""
    if row.error is None:
        return None
    error = WorkflowError.from_json(row.error)
    error.path = str((row.output or {}).get("path") or "")
    return error


async def _recall(engine: Interpreter, scope: Scope) -> None:
    scope.context = engine.contexts.get("", engine.book.context("", {}))
    await variables.recall_secrets(engine, scope.program.secrets)


async def _undo(engine: Interpreter, root: Scope, one: Row, error: JSON, moment: datetime) -> datetime:
    """Undo one task and return when that was over."""
    path = paths.again(one.path, one.attempt)
    known = engine.book.result(path, engine.book.attempt(path))
    if known is not None:
        return known.ended_at or moment
    reference = f"{one.reference}/metadata/parley/compensate"
    row = Row(path=path, attempt=engine.book.attempt(path), kind="step", reference=reference, status="started", started_at=moment)
    engine.show(row)
    try:
        block, frame = await _place(engine, root, one, error)
        flow = await engine.block(block, path, one.output["output"], frame, moment)
    except WorkflowError as failed:
        engine.fail(failed, reference, path)
        row = engine.ended(row, "faulted", error=failed.to_json())
    else:
        row = engine.ended(row, "finished", output=flow.output)
    engine.record(row)
    return row.ended_at or moment


async def _place(engine: Interpreter, root: Scope, one: Row, error: JSON) -> tuple[Block, Frame]:
    """Return what undoes the task of a note, and where. Raises WorkflowError when its definition cannot be had any more."""
    told: Mapping[str, JSON] = one.output
    scope = await _scope(engine, root, one)
    known = {**(told.get("variables") or {}), "input": told["input"], "output": told["output"], "error": error}
    return scope.program.compensations[told["of"]], Frame(scope, known, told.get("base") or "")


async def _scope(engine: Interpreter, root: Scope, one: Row) -> Scope:
    child = one.output.get("workflow")
    if child is None:
        return root
    path = paths.workflow_of(one.path)
    return Scope(
        program=await _program(engine, tuple(child["key"])),
        path=path,
        reference=child["reference"],
        run_id=child["id"],
        input=child["input"],
        started_at=datetime.fromisoformat(child["startedAt"]),
        context=engine.contexts.get(path, engine.book.context(path, {})),
        key=tuple(child["key"]),
    )


async def _program(engine: Interpreter, key: tuple[str, str, str]) -> Program:
    from graphs.run.tasks.subflow import child_program

    try:
        return await child_program(engine, key)
    except UnknownWorkflow as error:
        raise WorkflowError.of("configuration", str(error), title="Unknown Workflow") from error
