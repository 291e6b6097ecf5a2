"""What a world saw: every request in the order it arrived, readable from other threads while more arrive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.world.errors import NotSeenInTime
from tests.world.matching import Pattern, segments

JSON = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request. `answered` says what became of it: "503", "reset", "held", "the client left" …"""

    order: int  # 1 for the first
    at: str  # UTC, ISO 8601
    method: str
    target: str  # as it was sent: path and query, escapes and all
    path: str  # decoded, without the query
    query: dict[str, Any]  # a key given twice has a list
    headers: dict[str, str]  # names in lower case
    body: JSON  # parsed when it is JSON, else text; None when empty
    route: str | None = None  # "GET /orders/{id}", None for a stranger
    answered: str = "pending"
    why: str = ""  # for a stranger or a broken answer: what was wrong

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Requests(list[Seen]):
    """Some of the requests seen, oldest first."""

    @property
    def bodies(self) -> list[JSON]:
        return [request.body for request in self]

    @property
    def only(self) -> Seen:
        """The one request. Raises AssertionError in words when there is none or more than one."""
        assert len(self) == 1, f"wanted one request, saw {len(self)}: {[str(request) for request in self]}"
        return self[0]


class Log:
    """All requests of one world; safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Seen] = []

    def add(self, make: Callable[[int], Seen]) -> int:
        """Store the request that *make* builds from its place in the order; return that place."""
        with self._changed:
            self._requests.append(make(len(self._requests) + 1))
            self._changed.notify_all()
            return len(self._requests)

    def update(self, order: int, **changes: Any) -> None:
        with self._changed:
            if order <= len(self._requests):  # else the log was cleared meanwhile
                self._requests[order - 1] = replace(self._requests[order - 1], **changes)
                self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._requests.clear()
            self._changed.notify_all()

    def find(self, pattern: str | None = None) -> Requests:
        """Return requests that match `POST /report`, `GET /orders/{id}`, or all of them. Raises ValueError."""
        wanted = Pattern.parse(pattern) if pattern else None
        with self._changed:
            return Requests(r for r in self._requests if wanted is None or fits(wanted, r))

    def wait(self, enough: Callable[[Requests], bool], pattern: str | None, *, timeout_s: float, wanted: str) -> Requests:
        """Return the matching requests as soon as *enough* accepts them. Raises NotSeenInTime naming *wanted*."""
        with self._changed:
            if self._changed.wait_for(lambda: enough(self.find(pattern)), timeout_s):
                return self.find(pattern)
            seen = ", ".join(f"{request} ({request.answered})" for request in self._requests) or "nothing"
        raise NotSeenInTime(f"{wanted} did not happen within {timeout_s:g} s; seen so far: {seen}")


def fits(wanted: Pattern, request: Seen) -> bool:
    return wanted.match(request.method, segments(request.target)) is not None
