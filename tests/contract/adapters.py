"""The adapters that the contract tests run on. To join: write a bench over your adapters and add an entry to ADAPTERS.

An entry's `needs` are pytest fixtures; their values are given to `open` by name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from graphs.run.memory_ports import MemoryEvents, MemoryJournal, MemoryMailbox, MemoryNotices
from graphs.run.pins import MemoryPins, Pins
from graphs.run.ports import JSON, Events, Journal, Mailbox, Notices, Row
from tests.contract.postgres import postgres_bench


class Bench(Protocol):
    """One run with its ports, and what the world around it does."""

    def journal(self) -> Journal:
        """The run's journal as a new process would open it."""

    def mailbox(self) -> Mailbox:
        """The run's mailbox as a new process would open it."""

    def events(self) -> Events: ...

    def notices(self) -> Notices: ...

    def pins(self) -> Pins: ...

    async def answer(self, path: str, payload: JSON, by: str) -> None:
        """A person answers what the run waits for at *path*."""

    async def post_event(self, event: Mapping[str, JSON]) -> None:
        """An event arrives from outside."""

    async def published(self) -> Sequence[Mapping[str, JSON]]:
        """The events accepted from the run."""

    async def noticed(self) -> Sequence[str]:
        """The titles of the notices posted."""


@dataclass(frozen=True)
class Adapter:
    open: Callable[..., AbstractAsyncContextManager[Bench]]
    needs: tuple[str, ...] = ()
    marks: tuple[pytest.MarkDecorator, ...] = ()


class MemoryBench:
    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._mailbox = MemoryMailbox()
        self._events = MemoryEvents()
        self._notices = MemoryNotices()
        self._pins = MemoryPins()

    def journal(self) -> Journal:
        return MemoryJournal(self._rows)

    def mailbox(self) -> Mailbox:
        return self._mailbox

    def events(self) -> Events:
        return self._events

    def notices(self) -> Notices:
        return self._notices

    def pins(self) -> Pins:
        return self._pins

    async def answer(self, path: str, payload: JSON, by: str) -> None:
        self._mailbox.answer(path, payload, by)

    async def post_event(self, event: Mapping[str, JSON]) -> None:
        self._mailbox.post_event(event)

    async def published(self) -> Sequence[Mapping[str, JSON]]:
        return self._events.published

    async def noticed(self) -> Sequence[str]:
        return [notice.title for notice in self._notices.posted.values()]


@asynccontextmanager
async def memory_bench() -> AsyncIterator[Bench]:
    yield MemoryBench()


ADAPTERS: dict[str, Adapter] = {
    "memory": Adapter(memory_bench),
    "postgres": Adapter(postgres_bench, needs=("container", "actor"), marks=(pytest.mark.postgres,)),
}


def parameters() -> list[Any]:
    return [pytest.param(name, marks=adapter.marks) for name, adapter in ADAPTERS.items()]
