"""The specification's lifecycle events of one run, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.actions.base import ActionsBase, Actor
from app.actions.errors import NotFound
from app.lifecycle import whole
from app.lifecycle_facts import read_rows, read_run, read_turns, read_waits, source_of
from graphs.run.redaction import Redactor


@dataclass(frozen=True, slots=True)
class _Told:
    events: list[dict[str, Any]]
    secrets: tuple[str, ...]

    def redacted(self, redactor: Redactor) -> _Told:
        return replace(self, events=redactor.value(self.events))


class LifecycleActions(ActionsBase):
    async def run_events(self, actor: Actor, run_id: str) -> list[dict[str, Any]]:
        """Return the lifecycle CloudEvents of a run so far, by time (`app/lifecycle.py`). Raises NotFound."""
        source = source_of(actor.tenant, self._store.settings.public_url)
        async with self._acting(actor, "viewer", "see runs") as session:
            found = await read_run(session, run_id, source)
            if found is None:
                raise NotFound("run", run_id)
            run, secrets = found
            rows, waits = await read_rows(session, run_id), await read_waits(session, run_id)
            events = whole(run, rows, waits, await read_turns(session, run_id))
        return (await self._store.redacted(actor.tenant, _Told(events, secrets))).events
