"""Timeouts of tasks and workflows. They hold over parks and kills: the moment they end is in the journal (kind `intent`, path `…/timeout`).

In the process a timeout interrupts what runs; for a parked run it is a durable timer like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from graphs.run import paths
from graphs.run.errors import WorkflowError
from graphs.run.ports import Awaited, Row
from graphs.run.step import Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter


@asynccontextmanager
async def task_deadline(step: Step, timeout: Template) -> AsyncIterator[None]:
    """Raise WorkflowError (timeout) when the block takes longer than *timeout* since the task first began."""
    seconds = await step.seconds(timeout, step.raw)
    where = f"{step.path}/timeout"
    ends_at = remembered(step.engine, where, step.attempt, step.reference, seconds)
    async with limited(step.engine, where, step.attempt, step.reference, ends_at, f"the task did not end within {seconds:g} s"):
        yield


def remembered(engine: Interpreter, where: str, attempt: int, reference: str, seconds: float) -> datetime:
    """Return when the time is over: as the journal says, else *seconds* from now, and then the journal says so."""
    for intent in engine.book.intents(where):
        if intent.count == attempt:
            return datetime.fromisoformat(intent.output["deadline"])
    ends_at = engine.deps.clock.now() + timedelta(seconds=seconds)
    engine.deps.journal.write(
        Row(
            path=paths.again(where, attempt),
            attempt=attempt,
            kind="intent",
            reference=f"{reference}/timeout",
            status="started",
            output={"deadline": ends_at.isoformat()},
            started_at=engine.deps.clock.now(),
        )
    )
    return ends_at


def timeout_error(words: str) -> WorkflowError:
    return WorkflowError.of("timeout", words)


@asynccontextmanager
async def limited(
    engine: Interpreter,
    where: str,
    attempt: int,
    reference: str,
    ends_at: datetime,
    words: str,
    *,
    error: Callable[[str], WorkflowError] = timeout_error,
) -> AsyncIterator[None]:
    """Raise WorkflowError (timeout, unless *error* makes another) with *words* when the block is not over by *ends_at*."""
    path = paths.again(where, attempt)
    left = (ends_at - engine.deps.clock.now()).total_seconds()
    if left <= 0 or engine.waits.arrived(path):
        raise error(words)
    engine.waits.set_deadline(Awaited(path=path, reference=reference, kind="timer", wake_at=ends_at, attempt=attempt))
    try:
        async with asyncio.timeout(left) as clock:
            yield
    except TimeoutError as over:
        if not clock.expired():
            raise
        raise error(words) from over
    finally:
        engine.waits.clear_deadline(path)
