"""Memories in PostgreSQL: pgvector's HNSW and full text, under row-level security of tenant and user.

The tables are made by the application's migrations. Which rows may be seen is decided by their policies: every transaction is given its
tenant by whoever opens it, and its user here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Json

from memory.embedding import Vector
from memory.store import KINDS, Due, Embedded, Found, Group, Kind, MemoryAway, Note, Provenance, Query, Remembered, Scope

Connection = psycopg.AsyncConnection[Any]
Transaction = Callable[[str], AbstractAsyncContextManager[Connection]]  # of a tenant, committed at its end

EXACT = 30_000  # rows somebody sees whose vectors are looked at one by one, at most; for more the index is asked
EXACT_WORDS = 8_000  # the same for their words
MOST = 1_000  # rows whose words are compared when the index of words is asked
SAMPLE = 20_000  # memories whose words show which are common
PAGE = 500
_COLUMNS = tuple(name for name in Remembered.__dataclass_fields__ if name not in ("owner", "provenance"))


@cache
def queries() -> dict[str, str]:
    """Return the statements of `sql/queries.sql` by name."""
    found: dict[str, str] = {}
    for part in (Path(__file__).parent / "sql" / "queries.sql").read_text("utf-8").split("-- name: ")[1:]:
        name, _, rest = part.partition("\n")
        lines = (line for line in rest.splitlines() if not line.startswith("--"))
        found[name.strip()] = "\n".join(lines).strip().rstrip(";")
    return found


class PostgresMemories:
    """
    The port `MemoryStore`.

    Args:
        transaction: Opens a transaction of a tenant.
        exact: See EXACT.
    """

    def __init__(self, transaction: Transaction, *, exact: int = EXACT) -> None:
        self._transaction = transaction
        self._exact = exact

    async def write(self, scope: Scope, notes: Sequence[Embedded]) -> list[Remembered]:
        kept: dict[int, Remembered] = {}
        async with self._as(scope) as connection:
            for place in sorted(range(len(notes)), key=lambda place: notes[place].note.subject):  # locks in one order
                kept[place] = await _write(connection, scope, notes[place])
        return [kept[place] for place in range(len(notes))]

    async def search(self, scope: Scope, groups: Sequence[Group], query: Query) -> dict[str, list[Found]]:
        found: dict[str, list[Found]] = {group.name: [] for group in groups}
        limits = {group.name: group.limit for group in groups}
        values = {
            "groups": json.dumps([{"name": group.name, "kinds": group.kinds, "fill": group.fill} for group in groups]),
            "words": list(dict.fromkeys(query.words)),
            "model": query.model,
            "vector": _vector(query.vector),
            "floor": query.floor,
            "candidates": max(20, 4 * max(limits.values(), default=1)),
            "exact": self._exact,
            "exact_words": min(self._exact, EXACT_WORDS),
            "most": MOST,
        }
        async with self._as(scope) as connection:
            rows = await _all(connection, "search", values)
        for row in rows:
            if len(found[row["group"]]) < limits[row["group"]]:
                found[row["group"]].append(Found(_memory(row), row["score"], row["similarity"]))
        return found

    async def living(
        self, scope: Scope, *, kinds: Sequence[Kind] = KINDS, words: Sequence[str] = (), limit: int = 100, before: str = ""
    ) -> list[Remembered]:
        values = {"kinds": list(kinds), "words": list(words), "limit": limit, "before": before}
        async with self._as(scope) as connection:
            return [_memory(row) for row in await _all(connection, "living", values)]

    async def get(self, scope: Scope, memory_id: str) -> Remembered | None:
        async with self._as(scope) as connection:
            rows = await _all(connection, "get", {"id": memory_id})
        return _memory(rows[0]) if rows else None

    async def history(self, scope: Scope, memory_id: str) -> list[Remembered]:
        async with self._as(scope) as connection:
            return [_memory(row) for row in await _all(connection, "history", {"id": memory_id})]

    async def forget(self, scope: Scope, ids: Sequence[str]) -> int:
        return await self._changed(scope, "forget", {"ids": list(ids)})

    async def forget_all(self, scope: Scope, *, mine: bool = True) -> int:
        return await self._changed(scope, "forget_all", {"owner": scope.user if mine else ""})

    async def forget_document(self, scope: Scope, document: str, *, mine: bool) -> int:
        return await self._changed(scope, "forget_document", {"document": document, "owner": scope.user if mine else ""})

    async def export(self, scope: Scope) -> AsyncIterator[Remembered]:
        after = {"at": "-infinity", "id": ""}
        while True:
            async with self._as(scope) as connection:
                rows = await _all(connection, "export", {**after, "limit": PAGE})
            for row in rows:
                yield _memory(row)
            if len(rows) < PAGE:
                return
            after = {"at": rows[-1]["created_at"], "id": rows[-1]["id"]}

    async def used(self, scope: Scope, ids: Sequence[str]) -> None:
        await self._changed(scope, "used", {"ids": list(ids)})

    async def due(self, model: str, limit: int) -> list[Due]:
        async with self._as(Scope("")) as connection:
            rows = await _all(connection, "due", {"model": model, "limit": limit})
        return [Due(Scope(row["tenant_id"], row["owner_id"]), row["memory_id"], row["expired"]) for row in rows][:limit]

    async def embed(self, scope: Scope, vectors: Mapping[str, Vector], model: str) -> None:
        values = [{"id": id_, "model": model, "dim": len(vector), "embedding": _vector(vector)} for id_, vector in sorted(vectors.items())]
        async with self._as(scope) as connection, connection.cursor() as cursor:
            await cursor.executemany(queries()["embed"], values)

    async def models(self) -> dict[str, int]:
        async with self._as(Scope("")) as connection:
            return {row["model"]: row["counted"] for row in await _all(connection, "models", {})}

    async def learn(self) -> int:
        """Learn which words are common, in tenants that have grown; return in how many. Without it searches are slower, not different."""
        async with self._as(Scope("")) as connection:
            tenants = [row["tenant_id"] for row in await _all(connection, "unlearned", {"exact": min(self._exact, EXACT_WORDS)})]
        for tenant in tenants:
            await self._changed(Scope(tenant), "learn", {"sample": SAMPLE})
        return len(tenants)

    @asynccontextmanager
    async def _as(self, scope: Scope) -> AsyncIterator[Connection]:
        """A transaction that sees what *scope* may see. Raises MemoryAway."""
        try:
            async with self._transaction(scope.tenant) as connection:
                await connection.execute("SELECT set_config('app.user', %s, true)", [scope.user])
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise MemoryAway(f"what is remembered cannot be reached: {str(error).splitlines()[0]}") from error

    async def _changed(self, scope: Scope, name: str, values: Mapping[str, Any]) -> int:
        async with self._as(scope) as connection:
            return (await connection.execute(queries()[name], values)).rowcount


async def _write(connection: Connection, scope: Scope, one: Embedded) -> Remembered:
    note: Note = one.note
    provenance = {name: value for name in Provenance.__dataclass_fields__ if (value := getattr(note.provenance, name))}
    values = {
        "id": one.id, "owner": scope.user if note.mine else "", "kind": note.kind, "subject": note.subject, "text": note.text,
        "data": None if note.data is None else Json(note.data), "provenance": Json(provenance), "confidence": note.confidence,
        "expires_at": note.expires_at, "replaces": note.replaces, "words": list(dict.fromkeys(one.words)), "model": one.model,
        "dim": len(one.vector), "embedding": _vector(one.vector),
    }  # fmt: skip
    if note.subject:
        await connection.execute(queries()["lock_subject"], values)
    rows = await _all(connection, "write", values) or await _all(connection, "get", {"id": one.id})
    return _memory(rows[0])


async def _all(connection: Connection, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries()[name], values)
        return await cursor.fetchall()


def _vector(vector: Vector) -> str | None:
    """Return a vector as pgvector reads it, None when it is empty. Half precision keeps three to four digits."""
    return f"[{','.join(format(value, '.5g') for value in vector)}]" if vector else None


def _memory(row: Mapping[str, Any]) -> Remembered:
    return Remembered(owner=row["owner_id"], provenance=Provenance(**row["provenance"]), **{name: row[name] for name in _COLUMNS})
