"""Stored secrets: AES-256-GCM, bound by its additional data to tenant, name and version. What goes in comes out only inside a run."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.store import tables as t
from app.store.database import Database
from app.store.errors import DatabaseUnusable
from graphs.run.errors import SecretNotGranted

JSON = Any


class Vault:
    """The secrets of every tenant, sealed with the installation's key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    async def put(self, session: AsyncSession, tenant: str, name: str, value: JSON, *, by: str) -> int:
        """Store *value* as the newest version of *name* and return the version's number."""
        c = t.secrets.c
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"parley.secret:{tenant}:{name}", 0))))
        newest = (await session.execute(select(func.max(c.version)).where(c.name == name))).scalar_one_or_none() or 0
        await session.execute(
            update(t.secrets).where(c.name == name, c.removed_at.is_(None)).values(removed_at=func.now(), sealed=b"", nonce=b"")
        )
        nonce, sealed = self.seal(value, f"{tenant}/{name}/{newest + 1}")
        await session.execute(
            insert(t.secrets).values(tenant_id=tenant, name=name, version=newest + 1, nonce=nonce, sealed=sealed, created_by=by)
        )
        return int(newest) + 1

    async def remove(self, session: AsyncSession, name: str) -> bool:
        """Forget *name*; its sealed values are wiped, the row stays as history. False when it was not there."""
        c = t.secrets.c
        statement = update(t.secrets).where(c.name == name, c.removed_at.is_(None)).values(removed_at=func.now(), sealed=b"", nonce=b"")
        return (await session.execute(statement.returning(c.version))).first() is not None

    async def open(self, session: AsyncSession, tenant: str, names: Sequence[str]) -> dict[str, JSON]:
        """Return the current values of *names*, those that are stored. Raises DatabaseUnusable when the key does not fit."""
        c = t.secrets.c
        rows = await session.execute(select(c.name, c.version, c.nonce, c.sealed).where(c.name.in_(names), c.removed_at.is_(None)))
        return {row.name: self.unseal(row.nonce, row.sealed, f"{tenant}/{row.name}/{row.version}") for row in rows}

    def seal(self, value: JSON, what: str) -> tuple[bytes, bytes]:
        """Return nonce and sealed bytes; only the same *what* opens them."""
        nonce = os.urandom(12)
        return nonce, self._cipher.encrypt(nonce, json.dumps(value).encode(), what.encode())

    def unseal(self, nonce: bytes, sealed: bytes, what: str) -> JSON:
        try:
            return json.loads(self._cipher.decrypt(bytes(nonce), bytes(sealed), what.encode()))
        except (InvalidTag, ValueError) as exc:
            raise DatabaseUnusable(
                "A stored secret cannot be opened with this installation's key. Restore PARLEY_HOME/secrets.json "
                "(or PARLEY_ENCRYPTION_KEY), or set the secret again: parley secret set NAME"
            ) from exc


class GrantedSecrets:
    """The port `Secrets` of one run: what its version was approved to use, and nothing else."""

    def __init__(self, database: Database, vault: Vault, tenant: str, granted: Sequence[str], extra: dict[str, JSON] | None = None) -> None:
        self._database = database
        self._vault = vault
        self._tenant = tenant
        self._granted = frozenset(granted)
        self._known: dict[str, JSON] = dict(extra or {})  # given on the command line, for this run only

    async def read(self, name: str) -> JSON:
        if name not in self._granted:
            raise SecretNotGranted(name)
        if name not in self._known:
            async with self._database.session(self._tenant) as session:
                self._known.update(await self._vault.open(session, self._tenant, [name]))
        if name not in self._known:
            raise SecretNotGranted(name)
        return self._known[name]

    @property
    def values(self) -> list[JSON]:
        """Every value that was read so far."""
        return list(self._known.values())
