"""How requests share a host: so many at once, in fair turns, and none at all for a while once it has failed again and again.

A host is scheme, name and port. Turns go round between those who wait (runs), so that one run with a thousand requests does not keep
the others out. The breaker opens after a number of failures in a row and then lets one request through as a probe: its success closes
the breaker, its failure keeps it open as long again. A failure is a host that does not answer, or says that it cannot (502, 503, 504).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from graphs.run.errors import HttpFailed

OUT_OF_ORDER: Final = (502, 503, 504)  # RFC 9110, 15.6.3 to 15.6.5: not this request is at fault, the host is


@dataclass(slots=True)
class _Host:
    busy: int = 0
    waiting: dict[str, deque[asyncio.Future[None]]] = field(default_factory=dict)  # by who asks; the first one's turn is next
    failures: int = 0  # in a row
    last: str = ""  # what the last of them was
    opens_at: float | None = None  # when a probe may go; None: closed
    probing: bool = False


class Turn:
    """One request to a host. What became of it is told by `worked` or `failed`; without either it counts for nothing."""

    def __init__(self) -> None:
        self.result: bool | None = None
        self.words = ""

    def worked(self) -> None:
        self.result = True

    def failed(self, words: str) -> None:
        self.result, self.words = False, words


class Hosts:
    """
    All hosts of one process.

    Args:
        at_once: Requests to one host at the same time.
        failures: In a row, until nothing more is sent; 0: never.
        pause_s: How long nothing is sent.
        now: A clock in seconds that only goes forward.
    """

    def __init__(self, *, at_once: int = 50, failures: int = 10, pause_s: float = 30.0, now: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._failures = failures
        self._pause_s = pause_s
        self._now = now
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, name: str, who: str = "") -> AsyncIterator[Turn]:
        """Wait until a request to the host *name* may go; afterwards the next one may. Raises HttpFailed when the breaker is open."""
        host = self._hosts.setdefault(name, _Host())
        try:
            await self._enter(host, who)
        except asyncio.CancelledError:
            self._forget(name, host)
            raise
        turn = Turn()
        try:
            probe = self._admit(name, host)
            try:
                yield turn
            finally:
                self._note(host, turn, probe=probe)
        finally:
            self._leave(host)
            self._forget(name, host)

    async def _enter(self, host: _Host, who: str) -> None:
        if host.busy < self._at_once:
            host.busy += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        host.waiting.setdefault(who, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # its turn came in the same moment
                self._leave(host)
            raise

    def _leave(self, host: _Host) -> None:
        host.busy -= 1
        while host.waiting:
            who = next(iter(host.waiting))
            queue = host.waiting.pop(who)
            place = queue.popleft()
            if queue:
                host.waiting[who] = queue  # behind all others
            if not place.done():
                host.busy += 1
                place.set_result(None)
                return

    def _admit(self, name: str, host: _Host) -> bool:
        """Return whether this request is the probe. Raises HttpFailed."""
        if host.opens_at is None:
            return False
        left = host.opens_at - self._now()
        if left > 0 or host.probing:
            when = f"for another {left:.0f} s" if left >= 1 else "until a request on trial has been answered"
            words = f"{name} failed {host.failures} times in a row (last: {host.last}), so nothing is sent to it {when}"
            raise HttpFailed(words, "resting", "Not sent: the host keeps failing")
        host.probing = True
        return True

    def _note(self, host: _Host, turn: Turn, *, probe: bool) -> None:
        if probe:
            host.probing = False
        if turn.result:
            host.failures, host.opens_at = 0, None
        elif turn.result is False:
            host.failures, host.last = host.failures + 1, turn.words
            if probe or (host.opens_at is None and 0 < self._failures <= host.failures):
                host.opens_at = self._now() + self._pause_s

    def _forget(self, name: str, host: _Host) -> None:
        if not host.busy and not host.waiting and not host.failures and self._hosts.get(name) is host:
            del self._hosts[name]
