"""Memories as a list: for tests, for runs that keep nothing, and as the plainest reading of what a store does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import fsum

from memory.embedding import Vector
from memory.store import KINDS, Due, Embedded, Found, Group, Kind, Query, Remembered, Scope

SMOOTHING = 60  # of reciprocal rank fusion, as in sql/queries.sql


@dataclass(slots=True)
class _Kept:
    tenant: str
    memory: Remembered
    words: frozenset[str]
    vector: Vector
    model: str


def _now() -> datetime:
    return datetime.now(UTC)


class InMemory:
    """The port `MemoryStore`."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._now = now

    async def write(self, scope: Scope, notes: Sequence[Embedded]) -> list[Remembered]:
        return [self._write(scope, one) for one in notes]

    def _write(self, scope: Scope, one: Embedded) -> Remembered:
        note, now = one.note, self._now()
        if (scope.tenant, one.id) in self._kept:
            return self._kept[scope.tenant, one.id].memory
        owner = scope.user if note.mine else ""
        alike = [
            kept for kept in self._living(scope)
            if (kept.memory.owner, kept.memory.kind) == (owner, note.kind)
        ]  # fmt: skip
        same = next((kept for kept in alike if (kept.memory.subject, kept.memory.text) == (note.subject, note.text)), None)
        if same is None:
            memory = Remembered(
                id=one.id, owner=owner, kind=note.kind, subject=note.subject, text=note.text, data=note.data, provenance=note.provenance,
                confidence=note.confidence, expires_at=note.expires_at, superseded_by=None, superseded_at=None, created_at=now,
                updated_at=now, used_at=None, uses=0,
            )  # fmt: skip
            same = _Kept(scope.tenant, memory, frozenset(one.words), one.vector, one.model)
            self._kept[scope.tenant, one.id] = same
        else:
            same.memory = replace(
                same.memory, updated_at=now, data=note.data, provenance=note.provenance, expires_at=note.expires_at,
                confidence=max(same.memory.confidence, note.confidence),
            )  # fmt: skip
        for kept in alike:
            if kept is not same and (kept.memory.id == note.replaces or (note.subject and kept.memory.subject == note.subject)):
                kept.memory = replace(kept.memory, superseded_by=same.memory.id, superseded_at=now)
        return same.memory

    async def search(self, scope: Scope, groups: Sequence[Group], query: Query) -> dict[str, list[Found]]:
        return {group.name: self._search(scope, group, query) for group in groups}

    def _search(self, scope: Scope, group: Group, query: Query) -> list[Found]:
        seen = [kept for kept in self._unexpired(scope) if kept.memory.kind in group.kinds]
        near = [(cosine_of(query.vector, kept.vector), kept) for kept in seen if query.vector and kept.vector and kept.model == query.model]
        near = [one for one in near if one[0] >= query.floor]
        held = [(count, kept) for kept in seen if (count := sum(_holds(kept.words, word) for word in set(query.words)))]
        scores: dict[str, float] = defaultdict(float)
        for ranked in (near, held):
            for place, (_, kept) in enumerate(sorted(ranked, key=lambda one: (one[0], one[1].memory.id), reverse=True), 1):
                scores[kept.memory.id] += 1 / (SMOOTHING + place)
        if group.fill:
            for place, kept in enumerate(sorted(seen, key=lambda one: _age(one.memory), reverse=True), 1):
                scores[kept.memory.id] += 1 / (SMOOTHING + 1_000_000 + place)
        similarity = {kept.memory.id: cosine for cosine, kept in near}
        found = [
            Found(kept.memory, scores[kept.memory.id] * kept.memory.confidence, similarity.get(kept.memory.id))
            for kept in seen
            if kept.memory.id in scores
        ]
        return sorted(found, key=lambda one: (one.score, one.memory.id), reverse=True)[: group.limit]

    async def living(
        self, scope: Scope, *, kinds: Sequence[Kind] = KINDS, words: Sequence[str] = (), limit: int = 100, before: str = ""
    ) -> list[Remembered]:
        found = [
            kept.memory for kept in self._unexpired(scope) if kept.memory.kind in kinds and all(_holds(kept.words, word) for word in words)
        ]
        found.sort(key=_age, reverse=True)
        earlier = [memory.id for memory in found].index(before) + 1 if before else 0
        return found[earlier : earlier + limit]

    async def get(self, scope: Scope, memory_id: str) -> Remembered | None:
        kept = self._kept.get((scope.tenant, memory_id))
        return kept.memory if kept and kept.memory.owner in ("", scope.user) else None

    async def history(self, scope: Scope, memory_id: str) -> list[Remembered]:
        chain = [kept.memory for kept in self._chain(scope, [memory_id])]
        latest = datetime.max.replace(tzinfo=UTC)
        return sorted(chain, key=lambda memory: (memory.superseded_at or latest, memory.id), reverse=True)

    async def forget(self, scope: Scope, ids: Sequence[str]) -> int:
        return self._remove(self._chain(scope, ids))

    async def forget_all(self, scope: Scope, *, mine: bool = True) -> int:
        return self._remove([kept for kept in self._seen(scope) if kept.memory.owner == (scope.user if mine else "")])

    async def forget_document(self, scope: Scope, document: str, *, mine: bool) -> int:
        owner = scope.user if mine else ""
        return self._remove([
            kept for kept in self._seen(scope)
            if kept.memory.kind == "document" and kept.memory.owner == owner and kept.memory.provenance.document == document
        ])  # fmt: skip

    async def export(self, scope: Scope) -> AsyncIterator[Remembered]:
        for memory in sorted((kept.memory for kept in self._seen(scope)), key=_age):
            yield memory

    async def used(self, scope: Scope, ids: Sequence[str]) -> None:
        for kept in self._seen(scope):
            if kept.memory.id in ids:
                kept.memory = replace(kept.memory, used_at=self._now(), uses=kept.memory.uses + 1)

    async def due(self, model: str, limit: int) -> list[Due]:
        found: list[Due] = []
        for kept in self._kept.values():
            scope, expires_at = Scope(kept.tenant, kept.memory.owner), kept.memory.expires_at
            if expires_at and expires_at <= self._now():
                found.append(Due(scope, kept.memory.id, expired=True))
            elif kept.memory.superseded_at is None and kept.model != model:
                found.append(Due(scope, kept.memory.id, expired=False))
        return found[:limit]

    async def embed(self, scope: Scope, vectors: Mapping[str, Vector], model: str) -> None:
        for kept in self._seen(scope):
            if kept.memory.id in vectors:
                kept.vector, kept.model = vectors[kept.memory.id], model

    async def models(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for kept in self._kept.values():
            if kept.memory.superseded_at is None:
                counts[kept.model] += 1
        return dict(counts)

    def _seen(self, scope: Scope) -> Iterable[_Kept]:
        return [kept for kept in self._kept.values() if kept.tenant == scope.tenant and kept.memory.owner in ("", scope.user)]

    def _living(self, scope: Scope) -> Iterable[_Kept]:
        return [kept for kept in self._seen(scope) if kept.memory.superseded_at is None]

    def _unexpired(self, scope: Scope) -> Iterable[_Kept]:
        now = self._now()
        return [kept for kept in self._living(scope) if kept.memory.expires_at is None or kept.memory.expires_at > now]

    def _chain(self, scope: Scope, ids: Sequence[str]) -> Sequence[_Kept]:
        """Return the memories of *ids* and all they replaced."""
        seen = self._seen(scope)
        wanted, before = set(ids), 0
        while len(wanted) > before:
            before = len(wanted)
            wanted |= {kept.memory.id for kept in seen if kept.memory.superseded_by in wanted}
        return [kept for kept in seen if kept.memory.id in wanted]

    def _remove(self, removed: Iterable[_Kept]) -> int:
        return sum(self._kept.pop((kept.tenant, kept.memory.id), None) is not None for kept in removed)


def cosine_of(left: Vector, right: Vector) -> float:
    """Return the cosine of two unit vectors."""
    return fsum(a * b for a, b in zip(left, right, strict=True))


def _age(memory: Remembered) -> tuple[datetime, str]:
    return memory.created_at, memory.id


def _holds(held: frozenset[str], word: str) -> bool:
    """Tell whether *word* is among *held*; a longer one may be the beginning."""
    return word in held or (len(word) > 4 and any(one.startswith(word) for one in held))
