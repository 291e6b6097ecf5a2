"""What documents fetched by address were when a version first used them: another content later is another workflow, and is refused.

An approval cannot look at them: they may lie behind a login or a network of the run's own. So the first use counts. Addresses that a
definition computes are not held to anything: who writes `${ … }` asks for what is there.
"""

from __future__ import annotations

import hashlib
import json
from typing import Protocol

import dsl


class Pins(Protocol):
    """The documents of one approved version."""

    async def pin(self, address: str, digest: str) -> str:
        """Return the digest with which *address* was first used, which is *digest* when that is now; durable when this returns."""


class NoPins:
    """Of a run without a version: there is nothing to hold a document to."""

    async def pin(self, address: str, digest: str) -> str:
        return digest


class MemoryPins:
    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def pin(self, address: str, digest: str) -> str:
        return self._known.setdefault(address, digest)


def digest_of(body: bytes) -> str:
    """Return the digest of a document: of its content when it is JSON, whatever the order and the spaces; else of its bytes."""
    try:
        return dsl.digest(json.loads(body))
    except (ValueError, RecursionError, dsl.DslError):
        return hashlib.sha256(body).hexdigest()
