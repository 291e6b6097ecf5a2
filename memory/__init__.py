"""What agents remember: kept, found by meaning and by words, forgotten. See README.md."""

from __future__ import annotations

from memory.embedding import Embedder, EmbeddingFailed, HashedEmbedder
from memory.in_memory import InMemory
from memory.memories import Memories, Recalled, Screened, Tended
from memory.of_run import NobodysRun, RunMemory
from memory.recall import Help, Recall
from memory.store import (
    KINDS,
    Found,
    Group,
    Kind,
    LooksSecret,
    MemoryAway,
    MemoryStore,
    Note,
    Provenance,
    RecallError,
    Remembered,
    Scope,
    UnknownMemory,
)

__all__ = [
    "KINDS", "Embedder", "EmbeddingFailed", "Found", "Group", "HashedEmbedder", "Help", "InMemory", "Kind", "LooksSecret", "Memories",
    "MemoryAway", "MemoryStore", "NobodysRun", "Note", "Provenance", "Recall", "RecallError", "Recalled", "Remembered", "RunMemory",
    "Scope", "Screened", "Tended", "UnknownMemory",
]  # fmt: skip
