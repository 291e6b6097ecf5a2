"""Rows of a journal that hold a secret are sealed for their run; copied to another one they are sealed anew."""

from __future__ import annotations

import base64
import json
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.store import blobs
from app.store import tables as t
from app.store.database import to_text
from app.store.vault import Vault

VALUES = ("output", "context", "error")


async def reseal(session: AsyncSession, vault: Vault, tenant: str, old: str, new: str) -> None:
    """Seal the sealed rows of run *new*, which were copied from run *old*, for it."""
    c = t.journal.c
    rows = (
        await session.execute(select(c.path, c.attempt, c.kind, c.output, c.context, c.error, c.large).where(c.run_id == new, c.sealed))
    ).all()
    for row in rows:
        values: dict[str, Any] = {}
        for name in VALUES:
            sealed = getattr(row, name)
            if sealed is not None:
                aside = name in (row.large or ())
                raw = base64.b64decode(await _aside(session, old, sealed) if aside else sealed)
                text = vault.unseal(raw[:12], raw[12:], f"{tenant}/run/{old}/{row.path}/{name}")
                nonce, again = vault.seal(text, f"{tenant}/run/{new}/{row.path}/{name}")
                values[name] = base64.b64encode(nonce + again).decode()
                if aside:
                    values[name] = json.loads(await blobs.add_text(session, new, to_text(values[name]), sealed=True))
        key = (c.run_id == new) & (c.path == row.path) & (c.attempt == row.attempt) & (c.kind == row.kind)
        await session.execute(update(t.journal).where(key).values(values))


async def _aside(session: AsyncSession, run_id: str, reference: dict[str, Any]) -> str:
    """Return the sealed value that is too large for its row."""
    kept = await blobs.read(session, run_id, reference["blob"])
    assert kept is not None  # written with the row
    return str(json.loads(kept.value))
