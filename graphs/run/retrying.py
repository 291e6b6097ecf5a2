"""Retry policies: whether there is a next attempt, and after how long."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dsl.pointer import join
from graphs.run.ports import JSON
from graphs.run.step import Step
from graphs.run.templates import Const, Expr, Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler

Backoff = Literal["constant", "linear", "exponential"]
_LONGEST_S = 365 * 86400.0  # exponential growth stops here


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    when: Expr | None
    except_when: Expr | None
    delay: Template
    backoff: Backoff
    most_retries: int | None  # after the first attempt
    attempt_duration: Template | None
    duration: Template | None  # since the first attempt began
    jitter: tuple[Template, Template] | None

    async def delay_s(self, step: Step, error: JSON, variables: Mapping[str, JSON], failed: int, first_began: datetime) -> float | None:
        """Return the seconds until the next attempt after the *failed*-th (from 1) failed, or None when there is none."""
        if self.most_retries is not None and failed > self.most_retries:
            return None
        if self.when is not None and not await step.holds(self.when, error, variables):
            return None
        if self.except_when is not None and await step.holds(self.except_when, error, variables):
            return None
        delay = self._grown(await step.seconds(self.delay), failed) + await self._jitter(step, failed)
        if self.duration is not None:
            spent = (step.moment - first_began).total_seconds()  # not the clock: after a park the delay would count twice
            if spent + delay > await step.seconds(self.duration):
                return None
        return delay

    def _grown(self, delay: float, failed: int) -> float:
        if self.backoff == "linear":
            return min(delay * failed, _LONGEST_S)
        return min(delay * 2.0 ** min(failed - 1, 64), _LONGEST_S) if self.backoff == "exponential" else delay

    async def _jitter(self, step: Step, failed: int) -> float:
        """Return the same random share for the same attempt of the same run, so that a resume does not roll again."""
        if self.jitter is None:
            return 0.0
        least, most = await step.seconds(self.jitter[0]), await step.seconds(self.jitter[1])
        dice = random.Random(f"{step.engine.run_id}{step.path}#{failed}")  # noqa: S311 (spread, not secrecy)
        return dice.uniform(min(least, most), max(least, most))


def prepare_retry(value: JSON, reference: str, compiler: Compiler) -> RetryPolicy | None:
    data = None if value is None else compiler.named(value, "retries", reference)
    if data is None:
        return None
    limit = data.get("limit") or {}
    attempt = limit.get("attempt") or {}
    jitter = data.get("jitter")
    when, except_when = data.get("when"), data.get("exceptWhen")
    return RetryPolicy(
        when=None if when is None else compiler.condition(when),
        except_when=None if except_when is None else compiler.condition(except_when),
        delay=compiler.duration(data["delay"], join(reference, "delay")) if "delay" in data else Const({"seconds": 0}),
        backoff=_backoff(data.get("backoff") or {}),
        most_retries=attempt.get("count"),
        attempt_duration=_duration(attempt, "duration", join(reference, "limit", "attempt"), compiler),
        duration=_duration(limit, "duration", join(reference, "limit"), compiler),
        jitter=(
            (
                compiler.duration(jitter["from"], join(reference, "jitter", "from")),
                compiler.duration(jitter["to"], join(reference, "jitter", "to")),
            )
            if jitter
            else None
        ),
    )


def _backoff(data: Mapping[str, JSON]) -> Backoff:
    if "linear" in data:
        return "linear"
    return "exponential" if "exponential" in data else "constant"


def _duration(data: Mapping[str, JSON], key: str, reference: str, compiler: Compiler) -> Template | None:
    return compiler.duration(data[key], join(reference, key)) if key in data else None
