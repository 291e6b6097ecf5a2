"""The journal of a run as one process sees it: what was finished before it began.

Results of this process are written, not remembered: live execution never looks back, so a loop of any length costs the same per step.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from graphs.run import paths
from graphs.run.ports import JSON, Row

_ROWS_A_BREATH = 2000  # about 2 ms
_AGAIN = re.compile(r"@(\d+)$")
_TASK = re.compile(r"/(?:\d+/[^/]+|function)$")  # a path that names a task, not a part of one


@dataclass(frozen=True, slots=True)
class Intent:
    count: int  # how many intents the path had, this one included
    attempt: int
    output: JSON


class Heard:
    """Which events the listenings of a run took: each goes to one of them, once."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self._last: dict[str, int] = {}

    def take(self, row: Mapping[str, JSON]) -> None:
        """Count an event by what its row says: {number, of, …}."""
        number, of = row.get("number"), row.get("of")
        if number is not None:
            self.taken.add(number)
            if of:
                self._last[of] = number

    def after(self, of: str) -> int | None:
        """Return the last event taken by a listening like this one: those before it were not for it."""
        return self._last.get(of)


class Book:
    """Rows by path. A retry asked for by a person voids the failed results on its path and above."""

    def __init__(self) -> None:
        self._results: dict[tuple[str, int], Row] = {}
        self._intents: dict[str, list[Intent]] = defaultdict(list)
        self._retries: Counter[str] = Counter()
        self._cancelled: Counter[str] = Counter()
        self._retried_at: dict[str, datetime] = {}
        self._contexts: dict[str, Row] = {}
        self._events: dict[str, list[Row]] = defaultdict(list)
        self.heard = Heard()
        self.notes: list[Row] = []  # of tasks that can be undone, in the order they finished
        self.undoing: Row | None = None  # why everything is undone, once that has begun
        self.usage: list[Row] = []
        self.given: dict[str, JSON] = {}  # path -> the input a person gave it instead of its own
        self.tasks = 0  # that have ended
        self.retries = 0

    @classmethod
    async def read(cls, rows: Iterable[Row]) -> Book:
        """Return the book of *rows*, however many: now and then everything else in the process has its turn."""
        book = cls()
        for number, row in enumerate(rows):
            if number % _ROWS_A_BREATH == 0:
                await asyncio.sleep(0)
            book._add(row)
        return book

    def _add(self, row: Row) -> None:
        if row.kind == "retry":
            self.retries += 1
            self._retries.update(paths.ancestors(row.path))
            if row.started_at is not None:
                self._retried_at[row.path] = row.started_at
        elif row.kind == "intent":
            count = _AGAIN.search(row.path)
            plain = _AGAIN.sub("", row.path)
            self._intents[plain].append(Intent(int(count.group(1)) if count else 1, row.attempt, row.output))
        elif row.kind == "event":
            self._events[row.path.rpartition("/")[0]].append(row)
            self.heard.take(row.output)
        elif row.kind in ("compensate", "usage", "input"):
            self._add_control(row)
        elif row.status == "cancelled":
            self._cancelled[_AGAIN.sub("", row.path)] += 1
        elif row.status != "started":
            self._results.setdefault((row.path, row.attempt), row)
            self.tasks += _TASK.search(row.path) is not None
        if row.has_context:
            self._contexts[paths.workflow_of(row.path)] = row

    def _add_control(self, row: Row) -> None:
        if row.kind == "usage":
            self.usage.append(row)
        elif row.kind == "input":
            self.given[row.path] = row.output
        elif row.path == "/compensate":
            self.undoing = row
        else:
            self.notes.append(row)

    @property
    def empty(self) -> bool:
        return not (self._results or self._intents or self.retries or self._events or self.notes or self.given)

    def attempt(self, path: str) -> int:
        """Return which execution of *path* counts now: 1, plus the retries a person asked for at it or below it."""
        return 1 + self._retries[path] if self._retries else 1

    def cancelled(self, path: str) -> int:
        """Return how many rows *path* (`…/cancelled`) has, with its later ones (`@2` …)."""
        return self._cancelled[path]

    def retried_at(self, path: str) -> datetime | None:
        """Return when a person asked last for another attempt of exactly this step."""
        return self._retried_at.get(path)

    def result(self, path: str, attempt: int) -> Row | None:
        """Return the row that ended this execution of *path*: finished, skipped or faulted."""
        return self._results.get((path, attempt)) if self._results else None

    def last_intent(self, path: str) -> Intent | None:
        intents = self._intents.get(path)
        return max(intents, key=lambda intent: intent.count) if intents else None

    def intents(self, path: str) -> list[Intent]:
        return self._intents.get(path, [])

    def events(self, path: str) -> list[Row]:
        """Return the rows of the events that the listening at *path* took, in its order."""
        return self._events.get(path, [])

    def context(self, workflow_path: str, default: JSON) -> JSON:
        """Return the last exported `$context` of the workflow that begins at *workflow_path*."""
        row = self._contexts.get(workflow_path)
        return default if row is None else row.context

    def origin(self, failed: Row) -> str:
        """Return the path of the step whose failure *failed*, a row of a composite task, passed on."""
        same = [
            row.path
            for row in self._results.values()
            if row.status == "faulted" and row.error == failed.error and f"{row.path}/".startswith(f"{failed.path}/")
        ]
        return max(same, key=len, default=failed.path)
