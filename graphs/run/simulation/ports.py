"""The ports of a simulated run: a clock that only waits move, a journal that marks, and no way out of the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from graphs.run.errors import RunError
from graphs.run.memory_ports import MemoryJournal
from graphs.run.ports import JSON, HttpRequest, HttpResponse, Row


class ReachedOutside(RunError):
    """A simulated run tried to reach the outside: a mistake of the simulator, never of the definition."""


class SimulatedClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def advance_to(self, moment: datetime) -> None:
        self.at = max(self.at, moment)


class MarkingJournal(MemoryJournal):
    """A journal in memory whose rows say what was simulated or forced."""

    def __init__(self, mark: Callable[[Row], Row]) -> None:
        super().__init__()
        self._mark = mark

    def write(self, row: Row) -> None:
        super().write(self._mark(row))


class Observed:
    """Tells every row, marked, to somebody."""

    def __init__(self, mark: Callable[[Row], Row], tell: Callable[[Row], None]) -> None:
        self._mark = mark
        self._tell = tell

    def step(self, row: Row) -> None:
        self._tell(self._mark(row))


class NoWayOut:
    """The HTTP of a simulated run: documents that are at hand; of others (JSON Schemas elsewhere) an empty one, and a note."""

    def __init__(self, documents: Mapping[str, str], note: Callable[[str], None]) -> None:
        self._documents = documents
        self._note = note

    async def send(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or request.body is not None:
            raise ReachedOutside(f"a simulated run tried to send {request.method} {request.url}")
        if request.url not in self._documents:
            self._note(f"{request.url} was not fetched and counts as empty")
        body = self._documents.get(request.url, "{}").encode()
        return HttpResponse(status=200, headers={"content-type": "application/json"}, body=body, url=request.url)


class NoNotices:
    async def post(self, *, path: str, channel: str, to: str, title: str, text: str) -> None:
        raise ReachedOutside(f"a simulated run tried to notify {channel} {to}: {title or text}")


class SimulatedSecrets:
    """Placeholders in the shape that the definition reads."""

    def __init__(self, make: Callable[[str], JSON]) -> None:
        self._make = make

    async def read(self, name: str) -> JSON:
        return self._make(name)


def marked(row: Row, marks: Mapping[str, JSON]) -> Row:
    """Return *row* with the mark of its step, which stands at its path or, for a part of one, above it."""
    mark = marks.get(row.path) or marks.get(row.path.partition("@")[0])
    return replace(row, mark=mark) if mark else row
