"""`metadata.parley`, our one namespace in a definition: of the document in `document.metadata`, of a task in its `metadata`."""

from __future__ import annotations

from typing import Any, Final

JSON = Any

# read and kept, but without effect in this version: said so, never silently ignored
NOT_HONOURED_YET: Final = {
    "document": ("retention", "fourEyes"),
    "task": (),
}


def parley_of_document(data: JSON) -> dict[str, JSON]:
    """Return `document.metadata.parley`, empty when it is not there."""
    document = data.get("document") if isinstance(data, dict) else None
    return parley_of(document)


def parley_of(owner: JSON) -> dict[str, JSON]:
    """Return `metadata.parley` of a document or a task, empty when it is not there."""
    metadata = owner.get("metadata") if isinstance(owner, dict) else None
    found = metadata.get("parley") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
