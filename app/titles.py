"""What people call a workflow and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = Any


def title_of(definition: Mapping[str, JSON]) -> str:
    """Return what people call the workflow: its `metadata.parley.title`, its document's title, or its name."""
    document = definition.get("document") or {}
    for place in (document, definition):
        title = ((place.get("metadata") or {}).get("parley") or {}).get("title")
        if title:
            return str(title)
    return str(document.get("title") or document.get("name") or "")


def task_title(definition: Mapping[str, JSON], reference: str) -> str:
    """Return what people call a task: its `metadata.parley.title`, else its name."""
    found: Any = definition
    for part in reference.strip("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            found = None
    metadata = found.get("metadata") if isinstance(found, Mapping) else None
    title = ((metadata or {}).get("parley") or {}).get("title") if isinstance(metadata, Mapping) else None
    return str(title or reference.rpartition("/")[2].replace("~1", "/").replace("~0", "~"))
