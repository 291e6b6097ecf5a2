"""Wait for a database that is away: with growing pauses, one clear line in the log, and an end."""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from app.store.database import is_away
from app.store.errors import DatabaseAway
from graphs.run.errors import StoreUnavailable

log = structlog.get_logger("parley.store")
Answer = TypeVar("Answer")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
AGAIN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class Outage:
    """Tells once that the database went away, and once that it is back, for the whole process."""

    def __init__(self) -> None:
        self._since: float | None = None

    def began(self, error: BaseException) -> None:
        if self._since is None:
            self._since = time.monotonic()
            log.warning("The database does not answer: waiting for it, nothing is lost", why=str(error).strip().split("\n")[0])

    def ended(self) -> None:
        if self._since is not None:
            log.warning("The database is back", after_s=round(time.monotonic() - self._since, 1))
            self._since = None


outage = Outage()


def lost(error: BaseException) -> bool:
    """Return whether trying again later may help: the server is gone, or two transactions got in each other's way."""
    return isinstance(error, (DatabaseAway, PoolTimeout, *AGAIN)) or is_away(error)


async def patiently(work: Callable[[], Awaitable[Answer]], *, patience_s: float) -> Answer:
    """
    Return what *work* returns, trying again while the database is away.

    Raises:
        StoreUnavailable: it stayed away for *patience_s*.
    """
    began, pause_s = time.monotonic(), FIRST_PAUSE_S
    while True:
        try:
            answer = await work()
        except (psycopg.Error, DatabaseAway, PoolTimeout, OSError) as exc:
            if not lost(exc):
                raise
            if not isinstance(exc, AGAIN):
                outage.began(exc)
            if time.monotonic() - began > patience_s:
                raise StoreUnavailable(f"the database has been away for {patience_s:.0f} s") from exc
        else:
            outage.ended()
            return answer
        await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))  # noqa: S311 - spreads the load, guards nothing
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


class Patient(Protocol):
    patience_s: float


Own = TypeVar("Own", bound=Patient)
Arguments = ParamSpec("Arguments")


def patient(
    method: Callable[Concatenate[Own, Arguments], Coroutine[Any, Any, Answer]],
) -> Callable[Concatenate[Own, Arguments], Coroutine[Any, Any, Answer]]:
    """Make a method of an object with `patience_s` wait for the database."""

    @functools.wraps(method)
    async def waiting(self: Own, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        return await patiently(lambda: method(self, *args, **kwargs), patience_s=self.patience_s)

    return waiting
