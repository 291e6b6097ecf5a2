"""`metadata.parley`, our one namespace in a definition: of the document in `document.metadata`, of a task in its `metadata`."""

from __future__ import annotations

from typing import Any, Final

JSON = Any

# read and kept, but without effect in this version: said so, never silently ignored
NOT_HONOURED_YET: Final = {
    "document": ("fourEyes",),
    "task": (),
}


def parley_of_document(data: JSON) -> dict[str, JSON]:
    """Return `document.metadata.parley`, empty when it is not there."""
    document = data.get("document") if isinstance(data, dict) else None
    return parley_of(document)


def with_zone(data: JSON, zone: str) -> JSON:
    """Return a definition in which `cron` has a time zone: its own, else *zone*. For showing it; what is kept stays as it was written."""
    schedule = data.get("schedule") if isinstance(data, dict) else None
    settings = parley_of_document(data)
    if not isinstance(schedule, dict) or "cron" not in schedule or settings.get("timezone"):
        return data
    document = data["document"]
    metadata = {**(document.get("metadata") or {}), "parley": {**settings, "timezone": zone}}
    return {**data, "document": {**document, "metadata": metadata}}


def parley_of(owner: JSON) -> dict[str, JSON]:
    """Return `metadata.parley` of a document or a task, empty when it is not there."""
    metadata = owner.get("metadata") if isinstance(owner, dict) else None
    found = metadata.get("parley") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
