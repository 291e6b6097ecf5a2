"""Values too large for the row they belong to: stored once a run, under the digest of their JSON text.

The row keeps a reference, `{"blob": digest, "bytes": size, "excerpt": how it begins}`, and names the column in its `large`. What is sealed
is sealed before it comes here, and its reference says nothing of it. A rerun of the same flush finds the same digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from app.store import tables as t
from app.store.database import AsyncConnection, to_text
from app.store.queries import query
from app.store.writer import Kind

JSON = Any
LARGE = 65_536  # characters of JSON; it is ASCII, so they are bytes
EXCERPT = 1_000
TOLD = 500  # characters of an error's title and detail that stay in its row


def _named(name: str) -> TextClause:
    """Return a statement as SQLAlchemy binds its parameters."""
    return sql(re.sub(r"%\((\w+)\)s", r":\1", query("blobs", name)))


ADD, SHARE = _named("add"), _named("share")


@dataclass(frozen=True, slots=True)
class Blob:
    """One value on its way."""

    run_id: str
    epoch: int
    digest: str
    sealed: bool
    value: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One value as it is stored: JSON, or a sealed text as JSON."""

    value: str
    sealed: bool


def digest_of(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def reference(value: str, digest: str, *, sealed: bool = False) -> str:
    """Return what the row keeps of *value*, both JSON. That of an error still reads as an error."""
    kept: dict[str, JSON] = {"blob": digest, "bytes": len(value)}
    return to_text(kept if sealed else {**kept, "excerpt": value[:EXCERPT]})


def error_reference(value: str, digest: str, *, sealed: bool = False) -> str:
    """Return the same for an error: it still reads as one."""
    kept = json.loads(reference(value, digest, sealed=sealed))
    if sealed:
        return to_text(kept)
    error = json.loads(value)
    told = {name: cut for name in ("type", "status", "title", "detail", "instance") if (cut := _cut(error.get(name))) is not None}
    return to_text({**told, **kept})


def _cut(value: JSON) -> JSON:
    return f"{value[:TOLD]} …" if isinstance(value, str) and len(value) > TOLD else value


async def fetch(connection: AsyncConnection, run_id: str, digests: Sequence[str]) -> dict[str, str]:
    """Return the values, JSON, by their digests."""
    values = {"run": run_id, "digests": sorted(set(digests))}
    return dict(await (await connection.execute(query("blobs", "fetch"), values)).fetchall())


def too_large(value: JSON) -> str | None:
    """Return *value* as JSON when it is too large for a row; None when it is not."""
    written = to_text(value)
    return written if len(written) > LARGE else None


async def add(session: AsyncSession, run_id: str, value: JSON) -> JSON | None:
    """Store *value* for a run when it is too large for a row, and return its reference; None when it is not."""
    written = too_large(value)
    return None if written is None else json.loads(await add_text(session, run_id, written))


async def add_text(session: AsyncSession, run_id: str, value: str, *, sealed: bool = False) -> str:
    """Store *value*, JSON, for a run and return its reference, JSON."""
    digest = digest_of(value)
    await session.execute(ADD, {"run": run_id, "digest": digest, "sealed": sealed, "value": value})
    return reference(value, digest, sealed=sealed)


async def share(session: AsyncSession, old: str, new: str) -> None:
    """Give run *new*, whose rows were copied from run *old*, the values these refer to, save sealed ones."""
    await session.execute(SHARE, {"old": old, "new": new})


async def whole(session: AsyncSession, run_id: str, kept: Mapping[str, JSON]) -> JSON:
    """Return the value that the reference *kept* in a row of a run stands for."""
    found = await read(session, run_id, kept["blob"])
    assert found is not None  # written with the row, and removed after it
    return parsed(found)


def parsed(kept: Kept) -> JSON:
    return json.loads(kept.value)


async def read(session: AsyncSession, run_id: str, digest: str) -> Kept | None:
    """Return one value of a run; None when it is not there."""
    c = t.blobs.c
    row = (await session.execute(select(c.value, c.sealed).where(c.run_id == run_id, c.digest == digest))).first()
    return Kept(row.value, row.sealed) if row else None


def _parameters(blobs: Sequence[Blob]) -> Mapping[str, list[Any]]:
    return {
        "run_id": [blob.run_id for blob in blobs], "epoch": [blob.epoch for blob in blobs], "digest": [blob.digest for blob in blobs],
        "sealed": [blob.sealed for blob in blobs], "value": [blob.value for blob in blobs],
    }  # fmt: skip


INSERT = Kind("values", query("blobs", "insert"), _parameters)
