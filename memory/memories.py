"""Remember, find, forget: a store, an embedder, and a guard that lets no secret in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memory.embedding import Embedder, EmbeddingFailed, Vector
from memory.passages import passages
from memory.store import KINDS, Embedded, Found, Group, Kind, LooksSecret, MemoryStore, Note, Provenance, Query, Remembered, Scope, new_id
from memory.words import telling, words

LONGEST = 20_000  # characters of one memory
EMBEDDED = 4_000  # characters of it that its vector is made of
WORDS = 32  # of a question, its longest
BATCH = 64  # texts in one call of an embedder
GUARDED: tuple[Kind, ...] = ("fact", "preference")  # refused with a secret in them; what is longer has it masked


@dataclass(frozen=True, slots=True)
class Screened:
    """A text without the values of known secrets, and with what looks like one masked; *names* says what looked like one."""

    text: str
    names: Sequence[str] = ()


Screen = Callable[[str], Screened]
Guard = Callable[[str], Awaitable[Screen]]  # what screens texts of a tenant


async def unguarded(_tenant: str) -> Screen:
    """Nothing is a secret: for texts that hold none."""
    return Screened


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was found, a list for each group; *note* says why less was looked at than could be, "" when all was."""

    groups: dict[str, list[Found]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tended:
    """What upkeep did: memories that expired and are gone, and those that got their vector; *note* says what failed."""

    expired: int = 0
    embedded: int = 0
    note: str = ""


class Memories:
    """See the module. One for a process; every method takes the scope it works in."""

    def __init__(self, store: MemoryStore, embedder: Embedder, *, guard: Guard = unguarded) -> None:
        self.store = store
        self.embedder = embedder
        self._guard = guard

    async def aclose(self) -> None:
        """Let go of the embedder's connections."""
        await self.embedder.aclose()

    async def remember(self, scope: Scope, notes: Sequence[Note], *, wait: bool = True) -> list[Remembered]:
        """
        Keep *notes*; what cannot be embedded now is found by its words, and gets its vector later.

        Args:
            wait: For an embedder elsewhere; without it the vectors are left to upkeep.

        Raises:
            LooksSecret: a fact or preference holds what looks like a secret; nothing is kept.
            MemoryAway: the store does not answer.
        """
        if not notes:
            return []
        screen = await self._guard(scope.tenant)
        screened = [_screened(screen, note) for note in notes]
        vectors, _ = await self._vectors([note.text for note in screened]) if wait or self.embedder.local else ([], "")
        model = self.embedder.model_id if vectors else ""
        embedded = [
            Embedded(note=note, id=note.id or new_id(), words=words(note.text), vector=vectors[place] if vectors else [], model=model)
            for place, note in enumerate(screened)
        ]
        return await self.store.write(scope, embedded)

    async def remember_document(self, scope: Scope, name: str, text: str, *, by: str, mine: bool = True, conversation: str = "") -> int:
        """Keep a document in passages in place of an earlier one of that name; return how many there are. Raises MemoryAway."""
        provenance = Provenance(source="document", by=by, document=name, conversation=conversation)
        found = passages(text)
        await self.store.forget_document(scope, name, mine=mine)
        notes = [
            Note(text=passage, kind="document", provenance=provenance, mine=mine, data={"passage": place, "of": len(found)})
            for place, passage in enumerate(found, 1)
        ]
        await self.remember(scope, notes)
        return len(found)

    async def recall(self, scope: Scope, text: str, groups: Sequence[Group]) -> Recalled:
        """Return what fits *text*, for each group, best first; by words alone when no vector can be made. Raises MemoryAway."""
        vectors, note = await self._vectors([text])
        vector = vectors[0] if vectors else []
        asked = sorted(telling(text), key=len, reverse=True)[:WORDS]
        query = Query(words=asked, vector=vector, model=self.embedder.model_id, floor=self.embedder.floor)
        return Recalled(await self.store.search(scope, groups, query), note)

    async def find(self, scope: Scope, text: str = "", *, kinds: Sequence[Kind] = KINDS, limit: int = 100) -> list[Remembered]:
        """Return what holds every word of *text*, newest first; everything without one. Raises MemoryAway."""
        return await self.store.living(scope, kinds=kinds, words=telling(text), limit=limit)

    async def forget(self, scope: Scope, ids: Sequence[str]) -> int:
        """Remove memories with what they replaced; return how many rows there were. Raises MemoryAway."""
        return await self.store.forget(scope, ids)

    async def forget_all(self, scope: Scope, *, mine: bool = True) -> int:
        """Remove everything of the user, or everything that is the whole tenant's. Raises MemoryAway."""
        return await self.store.forget_all(scope, mine=mine)

    async def export(self, scope: Scope) -> AsyncIterator[dict[str, Any]]:
        """Give everything the scope sees as JSON objects, history too, oldest first. Raises MemoryAway."""
        async for memory in self.store.export(scope):
            yield to_json(memory)

    async def tend(self, limit: int = 4 * BATCH) -> Tended:
        """Remove what has expired, and embed what waits for it: one batch, of all tenants. Raises MemoryAway."""
        due = await self.store.due(self.embedder.model_id, limit)
        expired = embedded = 0
        for scope in dict.fromkeys(one.scope for one in due):
            gone = [one.id for one in due if one.scope == scope and one.expired]
            waiting = [one.id for one in due if one.scope == scope and not one.expired]
            expired += await self.store.forget(scope, gone) if gone else 0
            found = [memory for id_ in waiting if (memory := await self.store.get(scope, id_))]
            vectors, note = await self._vectors([memory.text for memory in found])
            if note:
                return Tended(expired, embedded, note)
            await self.store.embed(
                scope, {memory.id: vector for memory, vector in zip(found, vectors, strict=True)}, self.embedder.model_id
            )
            embedded += len(found)
        return Tended(expired, embedded)

    async def _vectors(self, texts: Sequence[str]) -> tuple[list[Vector], str]:
        """Return a vector for each text, or none and why."""
        found: list[Vector] = []
        try:
            for at in range(0, len(texts), BATCH):
                found += await self.embedder.embed([text[:EMBEDDED] for text in texts[at : at + BATCH]])
        except EmbeddingFailed as error:
            return [], f"found by words alone: {error}"
        return found, ""


def _screened(screen: Screen, note: Note) -> Note:
    """Return *note* as it may be kept. Raises LooksSecret."""
    screened = screen(note.text)
    if screened.names and note.kind in GUARDED:
        raise LooksSecret(screened.names)
    return replace(note, text=clean(screened.text)[:LONGEST], data=_without(screen, note.data), subject=clean(screen(note.subject).text))


def _without(screen: Screen, data: Any) -> Any:
    """Return *data* with every text in it screened."""
    if isinstance(data, str):
        return clean(screen(data).text)
    if isinstance(data, dict):
        return {clean(str(key)): _without(screen, value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without(screen, value) for value in data]
    return data


def clean(text: str) -> str:
    """Return *text* as PostgreSQL can keep it: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def to_json(memory: Remembered) -> dict[str, Any]:
    """Return a memory as JSON; what it does not have is left out."""
    found: dict[str, Any] = {"id": memory.id, "kind": memory.kind, "text": memory.text, "owner": memory.owner or None}
    found |= {"subject": memory.subject, "data": memory.data, "confidence": memory.confidence, "uses": memory.uses}
    found["provenance"] = {name: value for name in Provenance.__dataclass_fields__ if (value := getattr(memory.provenance, name))}
    for name in ("expires_at", "superseded_by", "superseded_at", "created_at", "updated_at", "used_at"):
        value = getattr(memory, name)
        found[name] = value if value is None or isinstance(value, str) else value.isoformat()
    return {name: value for name, value in found.items() if value not in (None, "")}
