"""The approved workflows that a definition runs, and those that they run: what a decision on it is a decision on, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.locks import workflows_run
from app.store import tables as t

JSON = Any
Number = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Child:
    """An approved version, as a definition names it."""

    digest: str
    definition: Mapping[str, JSON]


async def children(session: AsyncSession, data: JSON) -> dict[str, Child]:
    """Return by `namespace/name/version` what *data* runs, however deep, as far as it is approved; `latest` is the newest one."""
    found: dict[str, Child] = {}
    names = workflows_run(data)
    while names:
        name = names.pop()
        child = None if name in found else await _approved(session, name)
        if child is not None:
            found[name] = child
            names += workflows_run(child.definition)
    return found


async def definitions(session: AsyncSession, lock: Mapping[str, Mapping[str, str]]) -> dict[str, JSON]:
    """Return the definitions of the workflows in a proposal's or version's *lock*, by the names they have there."""
    digests = lock.get("workflows", {})
    if not digests:
        return {}
    c = t.versions.c
    rows = await session.execute(select(c.digest, c.definition).where(c.digest.in_(sorted(set(digests.values())))))
    known = {row.digest: row.definition for row in rows}
    return {name: known[digest] for name, digest in digests.items() if digest in known}


async def versions_of(session: AsyncSession, namespace: str, name: str) -> dict[str, str]:
    """Return the digests of a workflow's approved versions."""
    c = t.versions.c
    rows = await session.execute(select(c.version, c.digest).where(c.namespace == namespace, c.name == name))
    return {row.version: row.digest for row in rows}


async def _approved(session: AsyncSession, full_name: str) -> Child | None:
    namespace, rest = full_name.split("/", 1)
    name, _, version = rest.rpartition("/")
    if version == "latest":
        version = max(await versions_of(session, namespace, name), key=number, default="")
    c = t.versions.c
    row = (
        await session.execute(select(c.digest, c.definition).where(c.namespace == namespace, c.name == name, c.version == version))
    ).first()
    return None if row is None else Child(row.digest, row.definition)


def number(version: str) -> Number:
    """Return major, minor and patch; what is no number counts as 0."""
    parts = version.split("-")[0].split("+")[0].split(".")
    numbers = [int(part) if part.isdecimal() else 0 for part in (*parts, "0", "0")]
    return numbers[0], numbers[1], numbers[2]


def next_free(version: str, taken: Mapping[str, str]) -> str:
    """Return *version* with the first patch number nobody uses: the number after the highest of its major.minor."""
    major, minor, patch = number(version)
    highest = max([patch, *(other[2] for other in map(number, taken) if other[:2] == (major, minor))])
    return f"{major}.{minor}.{highest + 1}"
