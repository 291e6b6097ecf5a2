"""What would help for this wish: what is known, what was done before, what there is to do it with. One round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.memories import Memories
from memory.store import Found, Group, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Lists, best first; each entry has its score, its similarity and, in `memory.provenance`, where it comes from."""

    facts: Sequence[Found] = ()  # what somebody said about their world
    preferences: Sequence[Found] = ()  # how they want it; the fitting ones, then the newest: rules hold however a wish is worded
    examples: Sequence[Found] = ()  # approved workflows; `memory.data` as it was remembered
    functions: Sequence[Found] = ()  # entries of the catalogue; `memory.subject` is the key
    documents: Sequence[Found] = ()  # passages of what was uploaded
    note: str = ""  # why less was looked at than could be


class Recall:
    """The memories of one person, for agents."""

    def __init__(self, memories: Memories, scope: Scope) -> None:
        self._memories = memories
        self.scope = scope

    async def help(
        self, wish: str, *, facts: int = 5, preferences: int = 8, examples: int = 3, functions: int = 8, documents: int = 4
    ) -> Help:
        """Return what would help for *wish*, at most so many of each. Raises MemoryAway."""
        groups = [
            Group("facts", ("fact",), facts),
            Group("preferences", ("preference",), preferences, fill=True),
            Group("examples", ("example",), examples),
            Group("functions", ("function",), functions),
            Group("documents", ("document",), documents),
        ]
        found = await self._memories.recall(self.scope, wish, [group for group in groups if group.limit])
        return Help(**{name: tuple(list_) for name, list_ in found.groups.items()}, note=found.note)

    async def used(self, found: Sequence[Found]) -> None:
        """Note that these were shown to a model or a person. Raises MemoryAway."""
        await self._memories.store.used(self.scope, [one.memory.id for one in found])
