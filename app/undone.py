"""What a run undid, from its journal: one entry a task whose `metadata.parley.compensate` was run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.titles import task_title

JSON = Any
SUFFIX = "/metadata/parley/compensate"


def owner(reference: str) -> str | None:
    """Return the task that a row about its compensation is about; None for other rows."""
    return reference.removesuffix(SUFFIX) if reference.endswith(SUFFIX) else None


def undone(definition: Mapping[str, JSON], lines: Sequence[Any]) -> Iterator[dict[str, JSON]]:
    """Yield `{reference, path, title, status, detail}`, in the order they were undone; `status` is compensated or faulted."""
    for line in lines:
        reference = owner(line.reference) if line.kind == "step" else None
        if reference is None or line.status not in ("finished", "faulted"):
            continue
        error = line.error if isinstance(line.error, Mapping) else {}
        yield {
            "reference": reference,
            "path": line.path.rpartition("/compensate")[0],
            "title": task_title(definition, reference),
            "status": "compensated" if line.status == "finished" else "faulted",
            "detail": str(error.get("detail") or error.get("title") or ""),
        }
