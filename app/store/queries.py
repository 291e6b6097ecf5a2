"""Statements of the hot paths, read from `sql/*.sql`: `-- name: x` starts one, the comment lines below describe it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"


@cache
def queries(file: str) -> dict[str, str]:
    """Return the statements of `sql/<file>.sql` by name."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (FOLDER / f"{file}.sql").read_text("utf-8").splitlines():
        if line.startswith("-- name: "):
            name = line.removeprefix("-- name: ").strip()
            found[name] = []
        elif name and not line.startswith("--"):
            found[name].append(line)
    return {name: "\n".join(lines).strip().rstrip(";") for name, lines in found.items()}


def query(file: str, name: str) -> str:
    return queries(file)[name]
