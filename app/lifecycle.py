"""The specification's lifecycle events of a run, told from its row, its journal and its waits; nothing is stored for them.

Each fact gives its own events, whatever else has happened, so that the same ones can be told all at once (`parley show RUN --events`) and
as they come (`app/announcing.py`). An event's `id` is made of the fact, so the same event always has the same one.

A step's row is written when it ends: `created`, `started` and how it ended are told together, each with its own `time`. Outputs that hold a
secret are left out.

Source: DSL 1.0.3, "Lifecycle Events" (types) and its reference, "Lifecycle Events" (data). `status-changed` is optional there and not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphs.run.paths import to_reference

JSON = Any
WORKFLOW, TASK = "io.serverlessworkflow.workflow", "io.serverlessworkflow.task"
ENDINGS = {"completed": "completedAt", "faulted": "faultedAt", "cancelled": "cancelledAt"}
_STEP = re.compile(r"/\d+/[^/]+$")  # a task's own path, not `…/fork`, `…/try#2`, `…/foreach[3]`
_CANCELLED = re.compile(r"/cancelled(@\d+)?$")
_RETRIED = re.compile(r"(.*)/try#(\d+)/0/[^/#]+$")  # the first step of a later attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is needed of a run's row and its version."""

    id: str
    namespace: str
    name: str
    version: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    output: JSON = None
    error: Mapping[str, JSON] | None = None
    source: str = "urn:parley"  # of every event

    @property
    def qualified(self) -> str:
        """The run's name in the specification's way: `order-pet-018f….shop`."""
        return f"{self.name}-{self.id}.{self.namespace}"

    @property
    def phase(self) -> str:
        """How the run stands, as far as its events tell it: `running`, `suspended`, `completed@2026-05-01T12:00:00+00:00`."""
        if self.status in ENDINGS:
            return f"{self.status}@{iso(self.ended_at)}"
        if self.started_at is None:
            return ""
        return "suspended" if self.status == "suspended" else "running"


def whole(run: Run, rows: Iterable[Any], waits: Iterable[Any], moments: Sequence[tuple[str, datetime]] = ()) -> list[dict[str, JSON]]:
    """
    Return every lifecycle event of *run* so far, by time.

    Args:
        rows: Of the journal: path, attempt, kind, reference, status, output, error, started_at, ended_at, seq, sealed.
        waits: Of `awaits`: path, reference, kind, attempt, created_at, delivered_at, withdrawn_at.
        moments: When people suspended and resumed it: ("suspended" or "resumed", when).
    """
    found = [*started(run), *(event for row in rows for event in of_row(run, row))]
    for wait in waits:
        found += [*suspended(run, wait), *resumed(run, wait, wait.delivered_at or wait.withdrawn_at)]
    found += [event for phase, at in moments for event in turned(run, phase, at)]
    found += ended(run)
    return sorted(found, key=lambda event: str(event["time"]))


def started(run: Run) -> list[dict[str, JSON]]:
    if run.started_at is None:
        return []
    definition = {"namespace": run.namespace, "name": run.name, "version": run.version}
    return [_of_run(run, "started", "startedAt", run.started_at, definition=definition)]


def ended(run: Run) -> list[dict[str, JSON]]:
    """Return how the run ended, when it has."""
    if run.status not in ENDINGS or run.ended_at is None:
        return []
    more: dict[str, JSON] = {}
    if run.status == "completed" and run.output is not None:
        more["output"] = run.output
    if run.status == "faulted":
        more["error"] = dict(run.error or {})
    return [_of_run(run, run.status, ENDINGS[run.status], run.ended_at, **more)]


def turned(run: Run, phase: str, at: datetime) -> list[dict[str, JSON]]:
    """Return that the run was `suspended` or `resumed`."""
    return [_of_run(run, phase, f"{phase}At", at)]


def of_row(run: Run, row: Any) -> list[dict[str, JSON]]:
    """Return what one row of the journal tells; none for a row that is no task's."""
    if row.kind == "retry":
        return [_of_task(run, row, "retried", row.started_at)]
    if row.kind != "step":
        return []
    found: list[dict[str, JSON]] = []
    again = _RETRIED.match(row.path)
    if again:
        found.append(_of_task(run, row, "retried", row.started_at, task=to_reference(again[1]), path=f"{again[1]}/try#{again[2]}"))
    if row.status == "cancelled":
        path = _CANCELLED.sub("", row.path)
        begun = [_of_task(run, row, what, row.started_at, path=path) for what in ("created", "started")]
        return [*found, *begun, _of_task(run, row, "cancelled", row.ended_at, path=path)]
    if not _STEP.search(row.path):
        return found
    found.append(_of_task(run, row, "created", row.started_at))
    if row.status == "skipped":
        return found
    found.append(_of_task(run, row, "started", row.started_at))
    if row.status == "faulted":
        found.append(_of_task(run, row, "faulted", row.ended_at, error=None if row.sealed else dict(row.error or {})))
    elif row.status == "finished":
        found.append(_of_task(run, row, "completed", row.ended_at, output=None if row.sealed else row.output))
    return found


def suspended(run: Run, wait: Any) -> list[dict[str, JSON]]:
    """Return that a task waits: for a time, a person, an event (which the workflow correlates from now on)."""
    if _is_timeout(wait):
        return []
    found = [_of_task(run, wait, "suspended", wait.created_at)]
    if wait.kind == "event":
        found.append(_of_run(run, "correlation-started", "startedAt", wait.created_at, key=wait.path))
    return found


def resumed(run: Run, wait: Any, at: datetime | None) -> list[dict[str, JSON]]:
    """Return that a task waits no more, since *at*."""
    if at is None or _is_timeout(wait):
        return []
    found = [_of_task(run, wait, "resumed", at)]
    if wait.kind == "event":
        found.append(_of_run(run, "correlation-completed", "completedAt", at, key=wait.path))
    return found


def iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()


def _is_timeout(wait: Any) -> bool:
    return str(wait.path).rpartition("/")[2].startswith("timeout")


def _of_run(run: Run, what: str, moment: str, at: datetime, key: str = "", **data: JSON) -> dict[str, JSON]:
    mark = f"{key}/{iso(at)}" if key else iso(at)
    return _event(run, f"{WORKFLOW}.{what}.v1", f"{what}/{mark}", at, {"name": run.qualified, **data, moment: iso(at)})


def _of_task(run: Run, fact: Any, what: str, at: datetime | None, *, task: str = "", path: str = "", **data: JSON) -> dict[str, JSON]:
    at = at or fact.ended_at or run.started_at or datetime.now(UTC)
    where = path or fact.path
    told = {name: value for name, value in data.items() if value is not None}
    content = {"workflow": run.qualified, "task": task or fact.reference, f"{what}At": iso(at), **told}
    return {**_event(run, f"{TASK}.{what}.v1", f"{where}/{fact.attempt}/{what}", at, content), "taskpath": where}


def _event(run: Run, type_: str, key: str, at: datetime, data: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "specversion": "1.0", "id": f"{run.id}/{key}", "source": run.source, "type": type_, "subject": run.id, "time": iso(at),
        "datacontenttype": "application/json", "data": dict(data),
    }  # fmt: skip
