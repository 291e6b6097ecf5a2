"""A whole run: its workflow within its budget; and when that fails, or the run is cancelled, what undoes its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphs.run import compensation
from graphs.run.budget import in_time
from graphs.run.errors import RunCancelled, WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Scope
from graphs.run.workflow import run_workflow

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter


async def run_whole(engine: Interpreter, scope: Scope, *, cancelled: bool = False) -> JSON:
    """
    Return the output of the run's workflow.

    Args:
        cancelled: Only undo what was done.

    Raises:
        WorkflowError: It failed, and what could be undone was.
        RunCancelled: It was cancelled, and so on.
    """
    error: WorkflowError | None = None
    if engine.book.undoing is not None:
        error = compensation.reason(engine.book.undoing)
    elif not cancelled:
        try:
            async with in_time(engine, scope):
                return await run_workflow(engine, scope)
        except WorkflowError as failed:
            engine.fail(failed, "/", "/")
            error = failed
    await compensation.undo(engine, scope, error)
    raise error or RunCancelled("the run was cancelled")
