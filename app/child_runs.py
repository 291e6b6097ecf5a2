"""The port `Children`: `run: workflow` with `await: false` starts a run of its own.

It is the same person's, of the version that its parent was approved with, and may call the same addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.base import Actor, record
from app.actions.beginning import begin, check_lock
from app.actions.errors import Conflict
from app.store import tables as t
from app.store.ids import new_run_id
from app.store.patience import patient
from app.store.store import Store
from graphs.run.errors import TooManyGenerations, UnknownWorkflow, WorkflowError

JSON = Any


class ChildRuns:
    """Children of one run. A start is known by its parent and path (`start_key`): repeated after a kill it is the same run."""

    def __init__(
        self, store: Store, tenant: str, run_id: str, lock: Mapping[str, Any], catalogue: Mapping[str, Any], *, depth: int
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._run_id = run_id
        self._digests: Mapping[str, str] = lock.get("workflows", {})
        self._catalogue = catalogue
        self._depth = depth
        self.patience_s = store.settings.store_patience_s

    @patient
    async def start(self, path: str, namespace: str, name: str, version: str, data: JSON) -> str:
        key = f"{self._run_id}{path}"
        try:
            async with self._store.database.session(self._tenant) as session:
                row = await self._version(session, namespace, name, version)
                known = await _started(session, row.id, key)
                return known or await self._begin(session, row, key, data)
        except IntegrityError:  # a process that has lost the run was faster
            async with self._store.database.session(self._tenant) as session:
                known = await _started(session, row.id, key)
            if known is None:
                raise
            return known
        except Conflict as error:
            raise WorkflowError.of("configuration", f"{error} {error.why}", title="Not As Approved") from error

    async def _version(self, session: AsyncSession, namespace: str, name: str, version: str) -> Any:
        c = t.versions.c
        digest = self._digests.get(f"{namespace}/{name}/{version}")
        same = (c.namespace == namespace) & (c.name == name) & (c.digest == digest if digest else c.version == version)
        row = (await session.execute(select(t.versions).where(same))).first()
        if row is None:
            raise UnknownWorkflow(namespace, name, version)
        return row

    async def _begin(self, session: AsyncSession, version: Any, key: str, data: JSON) -> str:
        c = t.runs.c
        parent = (await session.execute(select(c.started_by, c.options, c.conversation, c.priority).where(c.id == self._run_id))).one()
        generation = int((parent.options or {}).get("generation", 0)) + 1
        if generation > self._depth:
            raise TooManyGenerations(generation - 1)
        await check_lock(session, version, self._catalogue)
        run_id = new_run_id()
        options = {**(parent.options or {}), "generation": generation, "parent": self._run_id}
        await begin(
            session, version, run_id, input=data, started_by=parent.started_by, conversation=parent.conversation, options=options,
            start_key=key, priority=parent.priority,
        )  # fmt: skip
        actor = Actor(self._tenant, "", parent.started_by, "operator", "worker")
        await record(session, actor, "start", f"run:{run_id}", version_id=version.id, digest=version.digest, parent=self._run_id)
        await self._store.queue.enqueue(session, [run_id])
        return run_id


async def _started(session: AsyncSession, version_id: str, key: str) -> str | None:
    c = t.runs.c
    found = await session.execute(select(c.id).where(c.version_id == version_id, c.start_key == key))
    return found.scalar_one_or_none()
