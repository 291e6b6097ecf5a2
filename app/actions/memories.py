"""What is remembered, as people see and remove it; and approved workflows, remembered as examples."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.base import ActionsBase, Actor, record, require, storable
from app.actions.errors import Invalid, NotFound
from memory import KINDS, Group, Kind, LooksSecret, Memories, MemoryAway, Note, Provenance, Recall, Remembered, Scope
from memory.memories import to_json

log = structlog.get_logger("parley.memory")
SAID = """SELECT "output" FROM chat.steps WHERE "threadId" = :thread AND "type" = 'user_message' ORDER BY "createdAt" LIMIT 50"""


class MemoryActions(ActionsBase):
    def recall(self, actor: Actor) -> Recall:
        """Return the memories of *actor*, for the agents that work for them."""
        return Recall(self._remembering, _scope(actor))

    async def remember(self, actor: Actor, notes: Sequence[Note]) -> list[Remembered]:
        """Keep what somebody said; for everybody only by authors. Raises Invalid when it looks like a secret."""
        require(actor, "viewer" if all(note.mine for note in notes) else "author", "have everybody's conversations remember")
        try:
            return await self._remembering.remember(_scope(actor), notes)
        except LooksSecret as error:
            raise Invalid("This is not remembered.", code="looks-secret", where="text", why=str(error)) from error

    async def memory_list(
        self, actor: Actor, wanted: str = "", *, kinds: Sequence[Kind] = ("fact", "preference", "example", "document"), limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return what is remembered for *actor*: what fits *wanted* best first, without it the newest first."""
        require(actor, "viewer", "see what is remembered")
        if not wanted.strip():
            return [to_json(memory) for memory in await self._remembering.find(_scope(actor), kinds=kinds, limit=limit)]
        found = await self._remembering.recall(_scope(actor), wanted, [Group("found", tuple(kinds), limit)])
        return [{**to_json(one.memory), "score": one.score, "similarity": one.similarity} for one in found.groups["found"]]

    async def memory_forget(self, actor: Actor, ids: Sequence[str] = (), *, matching: str = "") -> list[str]:
        """
        Remove memories, those of *ids* or those that hold every word of *matching*, with what they replaced; return the ids.

        What is everybody's is removed by authors.

        Raises:
            NotFound: one of *ids* is not there for this actor; then none is removed.
        """
        require(actor, "viewer", "forget")
        memories, scope = self._remembering, _scope(actor)
        with storable():
            found = [await memories.store.get(scope, id_) for id_ in ids]
        if None in found:
            raise NotFound("memory", ids[found.index(None)])
        if matching.strip():
            found += await memories.find(scope, matching, kinds=[kind for kind in KINDS if kind != "function"], limit=10_000)
        chosen = {memory.id: memory for memory in found if memory}
        if any(not memory.owner for memory in chosen.values()):
            require(actor, "author", "forget what everybody's conversations use")
        await memories.forget(scope, list(chosen))
        await self._noted(actor, "memory-forget", rows=len(chosen))
        return list(chosen)

    async def memory_forget_all(self, actor: Actor, *, everybody: bool = False) -> int:
        """Remove all that is remembered for *actor* alone, or (by administrators) all that is everybody's; return how many."""
        require(actor, "admin" if everybody else "viewer", "forget everything")
        gone = await self._remembering.forget_all(_scope(actor), mine=not everybody)
        await self._noted(actor, "memory-forget-all", rows=gone, everybody=everybody)
        return gone

    async def memory_export(self, actor: Actor) -> AsyncIterator[dict[str, Any]]:
        """Give everything that is remembered for *actor*, history too, oldest first."""
        require(actor, "viewer", "export what is remembered")
        async for memory in self._remembering.export(_scope(actor)):
            yield memory

    async def _remember_approved(self, actor: Actor, version: Row[Any], proposal: Row[Any]) -> None:
        """Remember an approved workflow, with what was said until then, as an example. The approval stands whether or not this works."""
        if self._memories is None:
            return
        try:
            async with self._store.database.session(actor.tenant) as session:
                said = await _said(session, proposal.conversation)
            await self._remembering.remember(_scope(actor), [_example(actor, version, proposal, said)], wait=False)
        except MemoryAway:
            log.warning("An approved workflow could not be remembered as an example", version=version.id)

    @property
    def _remembering(self) -> Memories:
        if self._memories is None:
            raise Invalid("Nothing is remembered here.", code="no-memory", where="memory")
        return self._memories()

    async def _noted(self, actor: Actor, act: str, **details: Any) -> None:
        async with self._store.database.session(actor.tenant) as session:
            await record(session, actor, act, "memory", **details)


def _scope(actor: Actor) -> Scope:
    """Return whose memories *actor* has: by name, as runs know who started them."""
    return Scope(actor.tenant, actor.name)


async def _said(session: AsyncSession, conversation: str | None) -> list[str]:
    """Return what the person wrote in a conversation of the chat, in order."""
    try:
        thread = uuid.UUID(conversation or "")
    except ValueError:
        return []
    return [str(row.output) for row in await session.execute(text(SAID), {"thread": thread}) if row.output]


def _example(actor: Actor, version: Row[Any], proposal: Row[Any], said: Sequence[str]) -> Note:
    name = f"{version.namespace}/{version.name}"
    title = str((version.definition.get("document") or {}).get("title") or version.name)
    return Note(
        id=f"version-{version.id}",
        text="\n".join(part for part in (title, *said, proposal.summary) if part),
        kind="example",
        provenance=Provenance(
            source="approved", by=actor.name, conversation=proposal.conversation or "", workflow=f"{name}/{version.version}"
        ),
        mine=False,
        subject=f"workflow:{name}",
        data={"version_id": version.id, "digest": version.digest, "definition": version.yaml, "conversation": list(said)},
    )
