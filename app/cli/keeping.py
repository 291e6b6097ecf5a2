"""What `parley doctor` says about how long runs are kept, and how much of them there is."""

from __future__ import annotations

from typing import Any

from app.cli.checks import Check

WORDS = {"runs": "runs", "journal": "rows of their journals", "blobs": "large values", "checkpoints": "checkpoints", "events": "events"}


def examine(connection: Any, days: float) -> Check:
    """Return the check; *connection* is to a database with this Parley's schema."""
    from app.store.queries import query

    found = {name: (rows, size) for name, rows, size in connection.execute(query("retention", "kept")).fetchall()}
    counted = ", ".join(f"{found[name][0]:,} {words}" for name, words in WORDS.items())
    total_mb = sum(size for _, size in found.values()) / 1e6
    kept = f"finished runs and events for {days:g} days" if days else "everything, for ever"
    return Check(
        name="Kept", status="ok", detail=f"{kept}; about {counted}: {total_mb:,.1f} MB", fix="PARLEY_RETENTION_DAYS (docs/keeping.md)"
    )
