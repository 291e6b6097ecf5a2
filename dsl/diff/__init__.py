"""Compare two definitions: which tasks came, went, moved, changed; the operations that lead from one to the other; and what breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsl.catalogue import Catalogue
from dsl.diff.changes import Breaking, Bump, Diff, DocumentChange, FieldChange, TaskChange
from dsl.diff.versions import bump_of, bumped

__all__ = ["Breaking", "Bump", "Diff", "DocumentChange", "FieldChange", "TaskChange", "breaking", "bump_of", "bumped", "diff"]

JSON = Any


def diff(old: str | Mapping[str, JSON], new: str | Mapping[str, JSON], catalogue: Catalogue | None = None) -> Diff:
    """
    Return what differs from *old* to *new*; texts or their data.

    A task is the same one when it has the same name in the same list; else when it does the same, or nearly the same, and no other
    claims it.

    Args:
        catalogue: Functions, for the words of calls.

    Raises:
        InvalidDefinition: a text cannot be read. What it says may be wrong: `check` is not asked.
    """
    from dsl.diff.compare import compare

    return compare(old, new, catalogue or {})


def breaking(old: str | Mapping[str, JSON], new: str | Mapping[str, JSON]) -> tuple[Breaking, ...]:
    """
    Return what *new* changes for others, the gravest first; nothing when the data is equal.

    Raises:
        InvalidDefinition: a text cannot be read.
    """
    from dsl.diff.outside import changes_for_others

    return changes_for_others(old, new)
