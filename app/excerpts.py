"""Values too large to be shown whole: how they begin, how large they are, and where the whole of them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.store.blobs import EXCERPT, too_large

JSON = Any


def excerpt(run_id: str, name: str, *, size: int, begin: str) -> dict[str, JSON]:
    """Return what is shown instead of a value of *size* bytes; `whole` is its address in the API."""
    return {"excerpt": begin, "bytes": size, "whole": f"/api/runs/{run_id}/values/{name}"}


def bounded(value: JSON, run_id: str, name: str) -> JSON:
    """Return *value*, or what is shown instead of it."""
    written = None if value is None else too_large(value)
    return value if written is None else excerpt(run_id, name, size=len(written), begin=written[:EXCERPT])


def output_of(row: Any) -> tuple[JSON, int | None]:
    """Return the output of a row of `runs` as it is shown, and its size when that is only how it begins."""
    if "output" not in (row.large or ()):
        return row.output, None
    kept: Mapping[str, JSON] = row.output
    return excerpt(row.id, "output", size=kept["bytes"], begin=kept["excerpt"]), kept["bytes"]


def form_data(form: Mapping[str, JSON], run_id: str, path: str) -> JSON:
    """Return what a form shows a person, as it lies in its row: whole, or how it begins."""
    if not form.get("large"):
        return form.get("data")
    kept: Mapping[str, JSON] = form["data"]
    return excerpt(run_id, path.removeprefix("/"), size=kept["bytes"], begin=kept["excerpt"])
