"""Values of runs as a whole, where views show only how they begin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.base import ActionsBase, Actor, one
from app.actions.errors import Conflict, NotFound
from app.store import blobs
from app.store import tables as t
from graphs.run.redaction import Redactor

JSON = Any


@dataclass(frozen=True, slots=True)
class _Value:
    value: JSON
    secrets: tuple[str, ...]

    def redacted(self, redactor: Redactor) -> _Value:
        return replace(self, value=redactor.value(self.value))


class ValueActions(ActionsBase):
    async def run_value(self, actor: Actor, run_id: str, name: str) -> JSON:
        """
        Return one value of a run as a whole, without the values of its secrets.

        Args:
            name: `input`, `output`, the digest of a large value as lifecycle events name it (`blob`), or `do/…`, the path of a
                task that asks somebody: what that person is shown.

        Raises:
            NotFound: the run has no such value.
            Conflict: it holds a secret.
        """
        async with self._acting(actor, "viewer", "see runs") as session:
            row = await one(session, t.runs, "run", run_id)
            version = await one(session, t.versions, "version", row.version_id)
            value = await _find(session, row, name)
        return (await self._store.redacted(actor.tenant, _Value(value, tuple(version.secrets)))).value


async def _find(session: AsyncSession, row: Row[Any], name: str) -> JSON:
    if name in ("input", "output"):
        value = getattr(row, name)
        return await blobs.whole(session, row.id, value) if name in (row.large or ()) else value
    if name.startswith("do/"):
        a = t.awaits.c
        forms = (await session.execute(select(a.form).where(a.run_id == row.id, a.path == f"/{name}"))).scalars().all()
        if not forms:
            raise NotFound("value", name)
        form = forms[0] or {}
        return await blobs.whole(session, row.id, form["data"]) if form.get("large") else form.get("data")
    kept = await blobs.read(session, row.id, name)
    if kept is None:
        raise NotFound("value", name)
    if kept.sealed:
        raise Conflict("This value holds a secret; it is kept sealed and shown to nobody.", code="sealed-value", where=f"run {row.id}")
    return blobs.parsed(kept)
