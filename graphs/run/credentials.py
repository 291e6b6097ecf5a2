"""What a process remembers of the servers it has signed in to: tokens until shortly before they end, challenges of digest, discoveries.

Nothing here is ever stored. Keys are digests of everything a token was asked for with, so who has other credentials finds nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_MOST: Final = 1000  # of each kind; the one that was not used for longest goes
_MOST_OF_A_RUN: Final = 20


@dataclass(frozen=True, slots=True)
class Token:
    scheme: str  # Bearer
    value: str
    until: datetime  # ask for another one from then on


class Credentials:
    """One per process; a run alone has its own."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, Token] = OrderedDict()
        self._refresh: OrderedDict[str, str] = OrderedDict()
        self._locks: OrderedDict[str, asyncio.Lock] = OrderedDict()
        self._given: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._others: OrderedDict[str, Any] = OrderedDict()

    def token(self, key: str, now: datetime) -> Token | None:
        """Return the token of *key* unless it has, or is about to have, ended."""
        found = self._tokens.get(key)
        if found is None or found.until <= now:
            return None
        self._tokens.move_to_end(key)
        return found

    def keep_token(self, key: str, token: Token) -> None:
        _keep(self._tokens, key, token)

    def forget_token(self, key: str, value: str) -> None:
        """Forget the token of *key* when it still is *value*: another one may have come meanwhile."""
        found = self._tokens.get(key)
        if found is not None and found.value == value:
            del self._tokens[key]

    def refresh_token(self, key: str, given: str) -> str:
        """Return the refresh token to use instead of *given*: servers may give out a new one with each use (RFC 6749, 6)."""
        return self._refresh.get(key, given)

    def keep_refresh_token(self, key: str, value: str) -> None:
        _keep(self._refresh, key, value)

    def give(self, run_id: str, value: str) -> None:
        """Note that the run has seen *value*, which must stay out of texts also after it parked."""
        given = self._given.get(run_id, ())
        if value not in given:
            _keep(self._given, run_id, (*given[-_MOST_OF_A_RUN:], value))

    def given_to(self, run_id: str) -> Sequence[str]:
        return self._given.get(run_id, ())

    def lock(self, key: str) -> asyncio.Lock:
        """Return the lock under which a token for *key* is asked for, once for everybody who waits for it."""
        lock = self._locks.get(key) or asyncio.Lock()
        _keep(self._locks, key, lock)
        return lock

    def find(self, key: str) -> Any:
        """Return what `keep` was given for *key*, None when there is nothing."""
        return self._others.get(key)

    def keep(self, key: str, value: Any) -> None:
        _keep(self._others, key, value)


def _keep(kept: OrderedDict[str, Any], key: str, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MOST:
        kept.popitem(last=False)


def key_of(*parts: Any) -> str:
    """Return a key for *parts*, JSON values, from which they cannot be read."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
