"""`try`: catches errors of its tasks, tries again as the policy says, then runs `catch.do` once.

Attempts are marked `try#2`, `try#3` …; a failed attempt has a row of its own, so that a resume goes on with the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.deadlines import limited, remembered
from graphs.run.errors import WorkflowError, same_type
from graphs.run.ports import JSON, Row
from graphs.run.retrying import RetryPolicy, prepare_retry
from graphs.run.step import Flow, Step
from graphs.run.templates import Expr, Template
from graphs.run.tree import Block

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt failed."""

    error: WorkflowError
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TryTask:
    block: Block
    errors: Template | None  # the filter {type, status, instance, title, details}
    variable: str
    when: Expr | None
    except_when: Expr | None
    retry: RetryPolicy | None
    handler: Block | None

    async def run(self, step: Step) -> Flow:
        number, first_began = 0, step.moment
        while True:
            number += 1
            outcome = await self._attempt(step, number)
            if isinstance(outcome, Flow):
                return outcome
            step.moment = outcome.at
            error = outcome.error.to_json()
            if not await self._catches(step, error):
                raise outcome.error
            variables = {self.variable: error, "error": error}
            delay = None if self.retry is None else await self.retry.delay_s(step, error, variables, number, first_began)
            if delay is None:
                return await self._handle(step, outcome.error, variables)
            await step.pause(delay, f"{step.path}/try#{number + 1}")
            step.moment += timedelta(seconds=delay)

    async def _attempt(self, step: Step, number: int) -> Flow | Attempt:
        path = f"{step.path}/try" + (f"#{number}" if number > 1 else "")
        engine = step.engine
        attempt = engine.book.attempt(path)
        known = engine.book.result(path, attempt)
        if known is not None:
            error = WorkflowError.from_json(known.error or {})
            error.path = engine.book.origin(known)
            return Attempt(error, known.ended_at or step.moment)
        row = Row(path=path, attempt=attempt, kind="step", reference=f"{step.reference}/try", status="started", started_at=step.moment)
        if number > 1:
            engine.show(row)
        try:
            flow = await self._body(step, path, attempt)
        except WorkflowError as error:
            engine.fail(error, step.reference, step.path)
            if error.final:
                raise
            ended_at = engine.deps.clock.now()
            engine.record(replace(row, status="faulted", error=error.to_json(), ended_at=ended_at))
            return Attempt(error, ended_at)
        except asyncio.CancelledError:
            engine.show(replace(row, status="cancelled"))
            raise
        if number > 1:
            engine.show(replace(row, status="finished"))
        return flow

    async def _body(self, step: Step, path: str, attempt: int) -> Flow:
        if self.retry is None or self.retry.attempt_duration is None:
            return await step.block(self.block, path, step.data)
        seconds = await step.seconds(self.retry.attempt_duration)
        where = f"{path}/timeout"
        ends_at = remembered(step.engine, where, attempt, step.reference, seconds)
        async with limited(step.engine, where, attempt, step.reference, ends_at, f"the attempt did not end within {seconds:g} s"):
            return await step.block(self.block, path, step.data)

    async def _catches(self, step: Step, error: Mapping[str, JSON]) -> bool:
        variables = {self.variable: error, "error": error}
        if self.errors is not None and not _matches(await step.resolve(self.errors), error):
            return False
        if self.when is not None and not await step.holds(self.when, error, variables):
            return False
        return self.except_when is None or not await step.holds(self.except_when, error, variables)

    async def _handle(self, step: Step, error: WorkflowError, variables: Mapping[str, JSON]) -> Flow:
        """Run `catch.do`. Without one a caught error is forgotten, but an error that outlived its retries goes on outwards."""
        if self.handler is None:
            if self.retry is not None:
                raise error
            return Flow(step.data)
        own = {self.variable: variables[self.variable]}
        return await step.block(self.handler, f"{step.path}/catch/do", step.data, own)


def _matches(wanted: Mapping[str, JSON], error: Mapping[str, JSON]) -> bool:
    for key, value in wanted.items():
        found = error.get("detail" if key == "details" else key)
        if key == "type" and isinstance(value, str) and isinstance(found, str):
            if not same_type(value, found):
                return False
        elif value != found:
            return False
    return True


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> TryTask:
    catch = data.get("catch") or {}
    wanted = (catch.get("errors") or {}).get("with")
    when, except_when = catch.get("when"), catch.get("exceptWhen")
    handler = catch.get("do")
    return TryTask(
        block=compiler.block(data["try"] or [], join(reference, "try")),
        errors=templates.strict(wanted) if wanted else None,
        variable=catch.get("as") or "error",
        when=None if when is None else compiler.condition(when),
        except_when=None if except_when is None else compiler.condition(except_when),
        retry=prepare_retry(catch.get("retry"), join(reference, "catch", "retry"), compiler),
        handler=None if handler is None else compiler.block(handler, join(reference, "catch", "do")),
    )
