"""Memories of this installation: which embedder, what guards them, what workers do for them, and what is written by itself.

By itself are written the functions of the catalogue, and approved workflows as examples (`app.actions.memories`).
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from app.store.queries import query
from memory import Embedder, HashedEmbedder, Memories, Note, Provenance, RunMemory, Scope, Screened
from memory.memories import Screen
from memory.postgres import PostgresMemories

if TYPE_CHECKING:
    from app.container import Container
    from app.settings import Settings
    from app.store.store import Store
    from dsl import Function

log = structlog.get_logger("parley.memory")
SOON_S, LATER_S, LEARN_S = 0.5, 20.0, 3600.0
CATALOGUE = "catalogue"
TENANTS = 50  # that are told of the catalogue in one step


def embedder_of(settings: Settings) -> Embedder:
    """Return what makes vectors here: the model of PARLEY_EMBEDDING_MODEL, or the built-in one."""
    if not settings.embedding_model:
        return HashedEmbedder()
    from memory.endpoints import embedder_named

    return embedder_named(
        settings.embedding_model,
        ollama_host=settings.ollama_host,
        openai_base_url=settings.openai_base_url or "",
        openai_api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "",
        timeout_s=settings.embedding_timeout_s,
    )


def memories_of(store: Store) -> Memories:
    """Return the memories of all tenants, kept in *store*."""

    async def guard(tenant: str) -> Screen:
        from graphs.models.redact import redact

        known = await store.redactor(tenant)

        def screen(text: str) -> Screened:
            redacted = redact(known.text(text))
            return Screened(redacted.text, redacted.names)

        return screen

    return Memories(PostgresMemories(store.database.transaction), embedder_of(store.settings), guard=guard)


def of_run(memories: Memories, tenant: str, run_id: str, details: Mapping[str, Any]) -> RunMemory:
    """Return what a run may keep and find: its tenant's, and those of the person who started it."""
    user = "" if details["by_trigger"] else str(details["started_by"])
    workflow = "/".join(str(details[part]) for part in ("namespace", "name", "version"))
    return RunMemory(memories=memories, scope=Scope(tenant, user), run_id=run_id, workflow=workflow)


def function_notes(catalogue: Mapping[str, Function]) -> list[Note]:
    """Return the functions of a catalogue as notes; one that changed replaces what it was."""
    found = []
    for key, function in catalogue.items():
        text = f"{function.title}. {function.summary} {', '.join(function.words)}".strip()
        digest = hashlib.sha256(f"{key} {text}".encode()).hexdigest()[:16]
        provenance = Provenance(source="catalogue", by=CATALOGUE)
        found.append(Note(id=f"function-{digest}", text=text, kind="function", provenance=provenance, mine=False, subject=key))
    return found


class Tending:
    """What a worker does for memories, beside its runs: functions of the catalogue, what expired, vectors of a new model, common words."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._memories = container.memories
        self._told: set[str] = set()  # tenants that have the catalogue
        self._learned_at = -LEARN_S
        self._indexed: set[int] = {HashedEmbedder.dim}
        self._pause_s = SOON_S
        self._note = ""

    async def step(self) -> None:
        """Wait, then do one batch; soon again while there is more."""
        await asyncio.sleep(self._pause_s * random.uniform(0.5, 1))  # noqa: S311 - no secret
        self._pause_s = LATER_S
        await self.tell_catalogue()
        if await self.tend():
            self._pause_s = SOON_S
        now = asyncio.get_running_loop().time()
        if now - self._learned_at >= LEARN_S and isinstance(self._memories.store, PostgresMemories):
            await self._memories.store.learn()
            self._learned_at = now

    async def tend(self) -> bool:
        """Remove what expired and embed what waits; return whether there was anything."""
        done = await self._memories.tend()
        if done.note and done.note != self._note:
            log.warning("Memories wait for their vectors; they are found by their words", why=done.note)
        self._note = done.note
        if done.embedded or done.expired:
            log.info("Memories were looked after", expired=done.expired, embedded=done.embedded)
        dim = self._memories.embedder.dim
        if dim and dim not in self._indexed:
            await asyncio.to_thread(make_index, self._container.prepared.owner, dim)
            self._indexed.add(dim)
        return bool(done.embedded or done.expired) and not done.note

    async def tell_catalogue(self) -> None:
        """Have tenants find the functions there are, some of them at a time."""
        database = self._container.store.database
        async with database.checked() as connection:
            tenants = [row[0] for row in await (await connection.execute(query("retention", "tenants"))).fetchall()]
        notes = function_notes(self._container.catalogue)
        for tenant in [tenant for tenant in tenants if tenant not in self._told][:TENANTS]:
            known = {memory.id for memory in await self._memories.store.living(Scope(tenant), kinds=["function"], limit=10_000)}
            await self._memories.remember(Scope(tenant), [note for note in notes if note.id not in known])
            self._told.add(tenant)


def make_index(owner: Mapping[str, Any], dim: int) -> None:
    """Make the index for vectors of *dim* numbers, as the schema's owner, while others read and write. A broken one is made anew."""
    import psycopg
    from psycopg import sql

    name = sql.Identifier(f"memory_search_near_{int(dim)}")
    with psycopg.connect(**owner, autocommit=True) as connection:
        found = connection.execute(
            "SELECT i.indisvalid FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid"
            " WHERE c.relname = %s AND c.relnamespace = 'parley'::regnamespace",
            [f"memory_search_near_{int(dim)}"],
        ).fetchone()
        if found == (True,):
            return
        if found == (False,):
            connection.execute(sql.SQL("DROP INDEX parley.{}").format(name))
        (schema,) = connection.execute(
            "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'"
        ).fetchone() or ("public",)
        connection.execute(
            sql.SQL(
                "CREATE INDEX CONCURRENTLY {} ON parley.memory_search USING hnsw ((embedding::{}.halfvec({})) {}.halfvec_cosine_ops) "
                "WITH (m = 16, ef_construction = 64) WHERE dim = {}"
            ).format(name, sql.Identifier(schema), sql.Literal(dim), sql.Identifier(schema), sql.Literal(dim))
        )
