"""What is remembered, and where it is kept: the values, and the Protocol of a store.

Errors::

    RecallError              base of this package's own
    ├── MemoryAway           the database does not answer, or refused
    ├── LooksSecret          the text holds what looks like a secret; it is kept nowhere
    └── UnknownMemory        nobody here remembers that, or it is another's
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from memory.embedding import Vector

JSON = Any
Kind = Literal["fact", "preference", "example", "function", "document"]
KINDS: tuple[Kind, ...] = ("fact", "preference", "example", "function", "document")
Source = Literal["said", "approved", "run", "document", "catalogue"]


class RecallError(Exception):
    """Something about memories failed."""


class MemoryAway(RecallError):
    """The database does not answer, or refused."""


class LooksSecret(RecallError):
    """The text holds what looks like a secret."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"this looks like a secret ({', '.join(names)}) and is not remembered; store it as one: parley secret set NAME")
        self.names = tuple(names)


class UnknownMemory(RecallError):
    """There is none of that id for this tenant and user."""

    def __init__(self, memory_id: str) -> None:
        super().__init__(f"nothing is remembered under {memory_id!r}")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories: the tenant's, and *user*'s own beside them; without a user the tenant's alone."""

    tenant: str
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a memory comes from. Only what somebody said or approved is remembered; `by` is who."""

    source: Source
    by: str
    conversation: str = ""
    message: str = ""
    run: str = ""
    document: str = ""  # its name
    workflow: str = ""  # the approved definition whose run kept it, or that this is the example of


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to remember."""

    text: str
    kind: Kind
    provenance: Provenance
    mine: bool = True  # the user's own; False: everybody's in the tenant
    subject: str = ""  # what it is about: a newer note about the same replaces it ("shop", "workflow:orders")
    replaces: str = ""  # id of the memory whose place it takes
    data: JSON = None  # what belongs to it: the definition of an example, the place of a passage
    confidence: float = 1.0  # 0 to 1
    expires_at: datetime | None = None  # never found from then on, and soon gone
    id: str = ""  # the same id again changes nothing; "" gives it a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A memory as it is kept."""

    id: str
    owner: str  # "" is the whole tenant
    kind: Kind
    subject: str
    text: str
    data: JSON
    provenance: Provenance
    confidence: float
    expires_at: datetime | None
    superseded_by: str | None
    superseded_at: datetime | None
    created_at: datetime
    updated_at: datetime
    used_at: datetime | None
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A note with what it is found by."""

    note: Note
    id: str
    words: Sequence[str]
    vector: Vector = field(default_factory=list)  # empty: found by its words, until `embed` gives it one
    model: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One list wanted of a search: of these kinds, at most so many."""

    name: str
    kinds: tuple[Kind, ...]
    limit: int = 5  # 1 to 100
    fill: bool = False  # when fewer fit: the newest beside them, with a score of almost nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for: by words, and by *vector* when there is one of *model*."""

    words: Sequence[str]
    vector: Vector = field(default_factory=list)
    model: str = ""
    floor: float = -1.0  # vectors less similar (cosine) do not count


@dataclass(frozen=True, slots=True)
class Found:
    """A memory that was found. *score* is the fused rank times its confidence: it orders one list and says nothing about another."""

    memory: Remembered
    score: float
    similarity: float | None  # cosine of the vectors; None: found by its words alone


@dataclass(frozen=True, slots=True)
class Due:
    """A memory about which something is to be done: it has expired, or waits for a vector."""

    scope: Scope
    id: str
    expired: bool


class MemoryStore(Protocol):
    """
    Where memories are kept: `PostgresMemories`, and `InMemory` for tests and runs that keep nothing.

    Every method sees the scope's tenant and user only. Raises MemoryAway.
    """

    async def write(self, scope: Scope, notes: Sequence[Embedded]) -> list[Remembered]:
        """Keep *notes* and return each as it is kept: the same text twice is one memory; what they replace is history from then on."""

    async def search(self, scope: Scope, groups: Sequence[Group], query: Query) -> dict[str, list[Found]]:
        """Return for each group what fits best, best first; superseded and expired memories never."""

    async def living(
        self, scope: Scope, *, kinds: Sequence[Kind] = KINDS, words: Sequence[str] = (), limit: int = 100, before: str = ""
    ) -> list[Remembered]:
        """Return living memories that hold all *words* (or what begins with them), newest first; the next page with *before*, an id."""

    async def get(self, scope: Scope, memory_id: str) -> Remembered | None: ...

    async def history(self, scope: Scope, memory_id: str) -> list[Remembered]:
        """Return the memory and all it replaced, newest first; empty when there is none."""

    async def forget(self, scope: Scope, ids: Sequence[str]) -> int:
        """Remove memories with their history and vectors; return how many rows there were."""

    async def forget_all(self, scope: Scope, *, mine: bool = True) -> int:
        """Remove everything of the user, or (*mine* False) everything that is the whole tenant's; return how many rows there were."""

    async def forget_document(self, scope: Scope, document: str, *, mine: bool) -> int:
        """Remove the passages of a document."""

    def export(self, scope: Scope) -> AsyncIterator[Remembered]:
        """Give everything the scope sees, history too, oldest first."""

    async def used(self, scope: Scope, ids: Sequence[str]) -> None:
        """Note that these were shown to a model or a person."""

    async def due(self, model: str, limit: int) -> list[Due]:
        """Return what is to be done, over all tenants: expired ones, and those without a vector of *model*."""

    async def embed(self, scope: Scope, vectors: Mapping[str, Vector], model: str) -> None:
        """Give memories, by id, their vectors; those that are gone meanwhile stay gone."""

    async def models(self) -> dict[str, int]:
        """Return how many memories of all tenants have a vector of which model; "" counts those that wait."""


def new_id() -> str:
    """Return an id that sorts by the time it was made (UUID version 7, RFC 9562)."""
    value = (time.time_ns() // 1_000_000 & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))  # variant
