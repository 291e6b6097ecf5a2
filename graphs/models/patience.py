"""How long a model that fails is borne with: retries with jitter, and a breaker that spares it and us for a while."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

RETRIES = 2
BASE_S = 0.5
LONGEST_S = 20.0  # a server that asks for more is left to the next model
PASSING = (408, 409, 425, 429)


def worth_a_retry(error: BaseException) -> bool:
    """Tell whether the same request may succeed in a moment: the server is busy or broken, or the connection was lost (not: refused)."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status > 0:
        return status in PASSING or status >= 500
    chain, names = error, set()
    for _ in range(8):
        names.add(type(chain).__name__)
        if chain.__cause__ is None:
            break
        chain = chain.__cause__
    return bool(names & {"ReadError", "WriteError", "RemoteProtocolError", "ConnectionResetError", "BrokenPipeError"})


def pause(error: BaseException, tries: int, *, base_s: float = BASE_S) -> float | None:
    """
    Return how many seconds to wait after the *tries*-th failure: as the server asked for, else twice as long each time, with jitter.

    None: the server asks for more than `LONGEST_S`.
    """
    asked = retry_after(error)
    if asked is not None:
        return None if asked > LONGEST_S else asked + random.uniform(0, base_s / 2)  # noqa: S311 - no secret
    return min(LONGEST_S, base_s * 2.0 ** (tries - 1)) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def retry_after(error: BaseException) -> float | None:
    """Return what a server's `Retry-After` asks for, in seconds. Source: RFC 9110, 10.2.3."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    value: str | None = headers.get("retry-after") if headers is not None else None
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, float(parsedate_to_datetime(value).timestamp()) - time.time())
    except (TypeError, ValueError):
        return None


@dataclass(slots=True)
class Breaker:
    """Opens after *failures* failures in a row; after *pause_s* one request may try whether the model is back."""

    failures: int = 5  # 0: never
    pause_s: float = 30.0
    clock: Callable[[], float] = time.monotonic
    _failed: int = 0
    _until: float = 0.0
    _trying: bool = field(default=False)

    def open_for(self) -> float:
        """Return for how many seconds nothing is sent; 0 when a request may go."""
        if not self.failures or self._failed < self.failures:
            return 0.0
        left = self._until - self.clock()
        return left if left > 0 else (self.pause_s if self._trying else 0.0)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Hold the place of the one that tries, while the breaker is open; freed also when it is cancelled."""
        mine = bool(self.failures) and self._failed >= self.failures
        self._trying = self._trying or mine
        try:
            yield
        finally:
            if mine:
                self._trying = False

    def succeeded(self) -> None:
        self._failed = 0

    def failed(self) -> None:
        self._failed += 1
        self._until = self.clock() + self.pause_s
