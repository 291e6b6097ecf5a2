"""Evaluate runtime expressions: plain ones at once, all others in a small pool of confined child processes.

libjq holds the GIL, can loop for ever and can take all memory, so it never runs in this process. A child that overran its time, died,
or whose answer nobody waits for any more is killed; the next evaluation starts another (about 25 ms).
"""

from __future__ import annotations

import asyncio
import json
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from dsl.expressions import fast
from dsl.expressions.child_process import Answer, Child, ChildDied, request
from dsl.expressions.errors import ExpressionError, shown, tidy
from dsl.expressions.program import is_expression, program, strip, used_names

JSON = Any  # dict, list, str, int, float, bool or None, as `json` reads them

_TO_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # `json.dumps` with options makes one each time


def _kill_all(children: set[Child]) -> None:
    while children:
        children.pop().kill()


class Expressions:
    """The pool. Made anywhere, used from one event loop, closed with `aclose` (or at the end of the process).

    Args:
        children: How many evaluations may run at the same time, at least 1.
        timeout_s: Default limit of one evaluation, wall time, without the wait for a free child.
        memory_mb: Address space of one child, in MiB.
        now: What `now` in an expression answers, seconds since 1970, where `evaluate` is not given a moment.
    """

    def __init__(self, children: int = 2, timeout_s: float = 2.0, memory_mb: int = 512, now: Callable[[], float] = time.time) -> None:
        if children < 1 or timeout_s <= 0 or memory_mb < 64:
            raise ValueError("an expression pool needs children >= 1, timeout_s > 0 and memory_mb >= 64")
        self._free = asyncio.Semaphore(children)
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._now = now
        self._idle: list[Child] = []
        self._alive: set[Child] = set()
        self._closed = False
        self._at_exit = weakref.finalize(self, _kill_all, self._alive)

    async def evaluate(
        self, expression: str, data: JSON, variables: Mapping[str, JSON], *, timeout_s: float | None = None, now: float | None = None
    ) -> JSON:
        """
        Return the value of *expression* (wrapped in `${ }` or bare) on *data*.

        No result gives None, several give a list in their order. The answer may share parts with *data* and *variables*: read only.

        Args:
            variables: Values by name without `$`; what is not given here is unknown to the expression.
            timeout_s: Instead of the pool's limit.
            now: What `now` answers, seconds since 1970, instead of the pool's clock: a run gives the moment its journal knows.

        Raises:
            ExpressionError: kind syntax (unknown variables too), runtime, timeout or memory; the message names the expression.
        """
        code = strip(expression)
        plain = fast.compiled(code)
        if plain is not None:
            value = plain(data, variables)
            if value is not fast.UNSURE:
                return value
        names = used_names(code, variables)
        moment = self._now() if now is None else now
        frame = request(program(code, names), _payload(code, data, {name: variables[name] for name in names}, moment))
        return _value(await self._ask(frame, code, timeout_s or self._timeout_s), code)

    async def resolve(self, template: JSON, data: JSON, variables: Mapping[str, JSON]) -> JSON:
        """Return *template* with every `"${ … }"` string in it replaced by its value; all other strings stay as they are."""
        if isinstance(template, str):
            return await self.evaluate(template, data, variables) if is_expression(template) else template
        if isinstance(template, Mapping):
            return {key: await self.resolve(value, data, variables) for key, value in template.items()}
        if isinstance(template, list | tuple):
            return [await self.resolve(value, data, variables) for value in template]
        return template

    async def aclose(self) -> None:
        """Kill every child. Evaluations under way fail; later ones too. May be called twice."""
        self._closed = True
        self._idle.clear()
        self._at_exit()

    async def _ask(self, frame: bytes, code: str, timeout_s: float) -> Answer:
        """Use a child for one request. Whatever interrupts it (time, cancellation, death) costs the child its life."""
        async with self._free:
            child = self._take()
            try:
                await child.ready()
                async with asyncio.timeout(timeout_s):
                    answer = await child.ask(frame)
            except ChildDied as error:
                self._discard(child)
                raise ExpressionError(self._too_much_memory(code), "memory", code) from error
            except TimeoutError as error:
                self._discard(child)
                raise ExpressionError(f"'{shown(code)}' did not finish within {timeout_s:g} s", "timeout", code) from error
            except BaseException:
                self._discard(child)
                raise
            if self._closed:
                self._discard(child)
            else:
                self._idle.append(child)
        if answer.kind == "memory":
            raise ExpressionError(self._too_much_memory(code), "memory", code)
        return answer

    def _take(self) -> Child:
        if self._closed:
            raise RuntimeError("the expression pool is closed")
        while self._idle:
            child = self._idle.pop()
            if not child.ended:
                return child
            self._discard(child)  # killed from outside while it had nothing to do
        child = Child(memory_mb=self._memory_mb, patience_s=max(30.0, self._timeout_s * 10))
        self._alive.add(child)
        return child

    def _discard(self, child: Child) -> None:
        self._alive.discard(child)
        child.kill()

    def _too_much_memory(self, code: str) -> str:
        return f"'{shown(code)}' needed more than {self._memory_mb} MB"


def _payload(code: str, data: JSON, variables: Mapping[str, JSON], now: float) -> bytes:
    try:
        return _TO_JSON.encode({"n": now, "v": variables, "d": data}).encode()
    except (ValueError, RecursionError) as error:  # NaN, infinity, or nested thousands of levels deep
        raise ExpressionError(f"'{shown(code)}' was given data that is not JSON: {error}", "runtime", code) from error


def _value(answer: Answer, code: str) -> JSON:
    if answer.kind == "ok":
        results = [json.loads(line) for line in answer.text.splitlines() if line]
        return results[0] if len(results) == 1 else (results or None)
    if answer.kind == "syntax":
        raise ExpressionError(f"'{shown(code)}' is not a valid expression: {tidy(answer.text)}", "syntax", code)
    raise ExpressionError(f"'{shown(code)}' failed: {answer.text}", "runtime", code)
