"""The port `Workflows`: approved definitions that a run may run as its children, pinned by the lock of its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.store import tables as t
from app.store.database import Database
from app.store.patience import patient
from graphs.run.errors import UnknownWorkflow


class ApprovedWorkflows:
    """Definitions of one tenant; *lock* has the digest each had when the run's version was approved."""

    def __init__(self, database: Database, tenant: str, lock: Mapping[str, Any], *, patience_s: float) -> None:
        self._database = database
        self._tenant = tenant
        self._digests: Mapping[str, str] = lock.get("workflows", {})
        self.patience_s = patience_s

    @patient
    async def find(self, namespace: str, name: str, version: str) -> Mapping[str, Any]:
        c = t.versions.c
        digest = self._digests.get(f"{namespace}/{name}/{version}")
        same = (c.namespace == namespace) & (c.name == name) & (c.digest == digest if digest else c.version == version)
        async with self._database.session(self._tenant) as session:
            row = (await session.execute(select(c.definition).where(same))).first()
        if row is None:
            raise UnknownWorkflow(namespace, name, version)
        return dict(row.definition)
