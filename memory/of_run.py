"""The memories of one run: what its steps may keep and find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory.memories import Memories, Recalled
from memory.store import Group, Kind, Note, Provenance, RecallError, Remembered, Scope


class NobodysRun(RecallError):
    """A run that no person started was asked to keep something as a person's own."""

    def __init__(self) -> None:
        super().__init__("nobody started this run by hand, so there is nobody to remember it for; 'for: everybody' keeps it for the tenant")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMemory:
    """Bound to the tenant of a run and to whoever started it: nothing a definition says can reach other memories."""

    memories: Memories
    scope: Scope  # without a user: no person started the run
    run_id: str
    workflow: str  # the approved definition that has this step: namespace/name/version

    async def remember(
        self, text: str, *, key: str, kind: Kind, everybody: bool, subject: str, confidence: float, expires_at: datetime | None
    ) -> Remembered:
        """
        Keep *text*; the same *key* again changes nothing.

        Raises:
            LooksSecret, NobodysRun, MemoryAway
        """
        if not everybody and not self.scope.user:
            raise NobodysRun
        provenance = Provenance(source="run", by=self.scope.user or self.workflow, run=self.run_id, workflow=self.workflow)
        note = Note(
            id=key, text=text, kind=kind, provenance=provenance, mine=not everybody, subject=subject, confidence=confidence,
            expires_at=expires_at,
        )  # fmt: skip
        return (await self.memories.remember(self.scope, [note]))[0]

    async def recall(self, text: str, *, kinds: Sequence[Kind], limit: int) -> Recalled:
        """Return what fits *text* under `groups["found"]`, and count it as used. Raises MemoryAway."""
        recalled = await self.memories.recall(self.scope, text, [Group("found", tuple(kinds), limit)])
        await self.memories.store.used(self.scope, [one.memory.id for one in recalled.groups["found"]])
        return recalled

    def as_json(self, memory: Remembered) -> dict[str, Any]:
        """Return what a step may see of a memory."""
        return {
            "id": memory.id, "text": memory.text, "kind": memory.kind, "about": memory.subject or None,
            "for": "me" if memory.owner else "everybody", "said_by": memory.provenance.by, "confidence": memory.confidence,
            "at": memory.updated_at.isoformat(),
        }  # fmt: skip
