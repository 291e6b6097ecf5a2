"""Calls that come while one is under way are made together: one statement for many runs, and no delay for a lone one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from app.store.ending import end
from app.store.patience import lost

Item = TypeVar("Item")
Answer = TypeVar("Answer")
LARGEST = 200  # items of one call


class Together(Generic[Item, Answer]):
    """
    Args:
        work: Returns an answer for each of its items, in their order. When it fails because of one item, each is tried alone.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], *, name: str) -> None:
        self._work = work
        self._name = name
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Answer:
        """Return *item*'s answer. Raises what `work` raises for it."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"parley-{self._name}")
        return await future

    async def _run(self) -> None:
        while self._waiting:
            part, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            await self._answer([(item, future) for item, future in part if not future.done()])

    async def close(self) -> None:
        """Stop; whoever waits still is cancelled."""
        await end(self._task)
        for _, future in self._waiting:
            future.cancel()

    async def _answer(self, part: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in part]) if part else []
            answered = list(zip(part, answers, strict=True))
        except BaseException as exc:  # whoever waits hears of it, whatever it is
            if len(part) > 1 and isinstance(exc, Exception) and not lost(exc):
                for one in part:
                    await self._answer([one])
                return
            for _, future in part:
                _fail(future, exc)
            if not isinstance(exc, Exception):
                raise
            return
        for (_, future), answer in answered:
            if not future.done():
                future.set_result(answer)


def _fail(future: asyncio.Future[Answer], error: BaseException) -> None:
    if future.done():
        return
    if isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.cancel()
