"""What people and programs are shown: plain values made from rows, the same for chat, API and command line.

A run's status words come from its journal and its row, never from a model. Names of the secrets a run may read travel with its view, so
that `Store.redacted` can take their values out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

import dsl
from app.excerpts import bounded, form_data, output_of
from app.explain import ErrorView, explain
from app.stepping import step_states
from app.store import tables as t
from app.store.queries import query
from app.titles import task_title, title_of
from app.undone import undone
from dsl.settings import with_zone
from graphs.run.redaction import Redactor

JSON = Any
LONG_READY_S = 5.0  # a run nobody has picked up for this long says that it waits for a worker
PEOPLE = ("approve", "ask", "outcome-unknown")
REASONS = {
    "approve": "waiting for an approval",
    "ask": "waiting for an answer",
    "event": "waiting for an event",
    "timer": "waiting for a time",
    "outcome-unknown": "outcome-unknown",
    "mistake": "to be tried again after a mistake of Parley's own",
    "suspect": "to be tried by itself: workers died over it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal as its card shows it, made from the definition alone."""

    id: str
    status: str
    conversation: str | None
    name: str
    title: str
    namespace: str
    version: str
    digest: str
    summary: str
    outline: Sequence[Mapping[str, JSON]]
    picture: Mapping[str, JSON]
    effects: Sequence[Mapping[str, JSON]]
    assumptions: Sequence[JSON]
    yaml: str
    secrets: Sequence[Mapping[str, JSON]]  # {name, set}
    warnings: Sequence[Mapping[str, JSON]]
    decided_by: str | None
    decided_at: str | None
    version_id: str | None
    comment: str
    created_by: str
    created_at: str

    def to_json(self) -> dict[str, JSON]:
        return _json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """An approved version."""

    id: str
    namespace: str
    name: str
    version: str
    title: str
    digest: str
    yaml: str
    secrets: Sequence[str]
    proposal_id: str | None
    approved_by: str
    approved_at: str

    def to_json(self) -> dict[str, JSON]:
        return _json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as its card shows it."""

    id: str
    name: str
    namespace: str
    title: str
    version: str
    version_id: str
    digest: str
    status: str
    reason: str
    conversation: str | None
    started_by: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    elapsed_s: float
    picture: Mapping[str, JSON] | None
    steps: Mapping[str, Mapping[str, JSON]]
    awaiting: Sequence[Mapping[str, JSON]]
    output: JSON
    error: Mapping[str, JSON] | None
    actions: Sequence[str]
    compensated: Sequence[Mapping[str, JSON]] = ()  # what was undone: {reference, path, title, status: compensated | faulted, detail}
    rerun_of: Mapping[str, JSON] | None = None  # {run, task}: the run this one was made from, and the task it begins with
    priority: int = 50
    output_bytes: int | None = None  # of an output too large to be shown whole: `output` says how it begins then
    secrets: tuple[str, ...] = field(default=(), repr=False)  # names of the secrets whose values must not be shown

    @property
    def awaiting_somebody(self) -> bool:
        """Whether a person or an event is waited for, not only a moment in time."""
        return any(wait["kind"] != "timer" for wait in self.awaiting)

    def to_json(self) -> dict[str, JSON]:
        awaiting = [{**wait, "data": bounded(wait["data"], self.id, wait["path"].removeprefix("/"))} for wait in self.awaiting]
        return {**_json(self), "awaiting": _plain(awaiting)}

    def redacted(self, redactor: Redactor) -> RunView:
        shown = {name: redactor.value(_plain(getattr(self, name))) for name in ("steps", "awaiting", "output", "error", "compensated")}
        return replace(self, **shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """Something a run asks a person."""

    run_id: str
    path: str
    reference: str
    kind: str
    title: str
    message: str
    data: JSON
    schema: JSON
    assignee: str
    wake_at: str | None
    workflow: str
    version: str
    conversation: str | None
    created_at: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, JSON]:
        return {**_json(self), "data": bounded(self.data, self.run_id, self.path.removeprefix("/"))}

    def redacted(self, redactor: Redactor) -> TaskView:
        shown = {name: redactor.value(getattr(self, name)) for name in ("title", "message", "data", "assignee")}
        return replace(self, **shown)


def _json(view: Any) -> dict[str, JSON]:
    hidden = ("secrets",) if isinstance(view, RunView | TaskView) else ()
    return {name: _plain(getattr(view, name)) for name in view.__slots__ if name not in hidden}


def _plain(value: Any) -> JSON:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def proposal_view(
    row: Row[Any], catalogue: Mapping[str, Any], stored_secrets: set[str], workflows: Mapping[str, JSON] | None = None, *,
    zone: str = "UTC",
) -> ProposalView:  # fmt: skip
    """
    Return what a proposal's card shows.

    Args:
        workflows: The definitions that its lock names, whose effects count as its own.
        zone: The time zone of schedules that name none.
    """
    found = dsl.check(dsl.read(row.yaml), catalogue)
    data = with_zone(row.definition, zone)
    return ProposalView(
        id=row.id, status=row.status, conversation=row.conversation, name=row.name, title=title_of(data), namespace=row.namespace,
        version=row.version,
        digest=row.digest, summary=row.summary, outline=[line.to_json() for line in dsl.outline(data, catalogue)],
        picture=picture_of(row.digest if data is row.definition else f"{row.digest} {zone}", data),
        effects=[effect.to_json() for effect in dsl.effects(data, catalogue, workflows)],
        assumptions=row.assumptions or [],
        yaml=row.yaml, secrets=[{"name": name, "set": name in stored_secrets} for name in _declared_secrets(data)],
        warnings=[problem.to_json() for problem in found if problem.severity != "error"], decided_by=row.decided_by,
        decided_at=iso(row.decided_at), version_id=row.version_id, comment=row.comment, created_by=row.created_by,
        created_at=iso(row.created_at) or "",
    )  # fmt: skip


def version_view(row: Row[Any]) -> VersionView:
    return VersionView(
        id=row.id, namespace=row.namespace, name=row.name, version=row.version, title=title_of(row.definition), digest=row.digest,
        yaml=row.yaml,
        secrets=list(row.secrets), proposal_id=row.proposal_id, approved_by=row.approved_by, approved_at=iso(row.approved_at) or "",
    )  # fmt: skip


def task_view(row: Row[Any]) -> TaskView:
    form = row.form or {}
    return TaskView(
        run_id=row.run_id, path=row.path, reference=row.reference, kind=row.kind, title=form.get("title") or task_title(row.definition,
        row.reference),
        message=form.get("message") or "", data=form_data(form, row.run_id, row.path), schema=form.get("schema"),
        assignee=str(form.get("assignee") or ""),
        wake_at=iso(row.wake_at), workflow=title_of(row.definition), version=row.version, conversation=row.conversation,
        created_at=iso(row.created_at) or "", secrets=tuple(_declared_secrets(row.definition)),
    )  # fmt: skip


async def worker_missing(session: AsyncSession) -> bool:
    """Return whether no worker has been seen lately."""
    return not (await session.execute(text(query("runs", "anybody")))).scalar_one()


async def read_run_view(session: AsyncSession, run_id: str, *, worker_missing: bool = False) -> RunView:
    """Return everything about one run of the session's tenant."""
    row = (await session.execute(_runs().where(t.runs.c.id == run_id))).one()
    j, a = t.journal.c, t.awaits.c
    lines = (
        await session.execute(
            select(j.path, j.attempt, j.kind, j.reference, j.status, j.error, j.mark, j.started_at, j.ended_at)
            .where(j.run_id == run_id)
            .order_by(j.seq)
        )
    ).all()
    waits = (
        await session.execute(
            select(t.awaits).where(a.run_id == run_id, a.delivered_at.is_(None), a.withdrawn_at.is_(None)).order_by(a.created_at, a.path)
        )
    ).all()
    running = (await session.execute(select(t.live.c.running).where(t.live.c.run_id == run_id))).scalar_one_or_none() or []
    return _run_view(row, lines=lines, waits=waits, running=running, worker_missing=worker_missing)


async def read_new_run_view(session: AsyncSession, run_id: str) -> RunView:
    """Return a run that was started a moment ago: nothing has happened yet."""
    row = (await session.execute(_runs().where(t.runs.c.id == run_id))).one()
    return _run_view(row, lines=(), waits=(), running=(), worker_missing=False)


async def read_run_views(session: AsyncSession, *, status: str | None, limit: int) -> list[RunView]:
    """Return runs, newest first, without steps and picture."""
    statement = _runs().order_by(t.runs.c.created_at.desc(), t.runs.c.id.desc()).limit(limit)
    rows = (await session.execute(statement.where(t.runs.c.status == status) if status else statement)).all()
    missing = await worker_missing(session)
    return [_run_view(row, lines=None, waits=(), running=(), worker_missing=missing) for row in rows]


def _runs() -> Any:
    r, v = t.runs.c, t.versions.c
    columns = (
        r.id, r.version_id, r.conversation, r.status, r.reason, r.output, r.error, r.failed_path, r.started_by, r.created_at,
        r.ready_at, r.started_at,
        r.ended_at, r.wake_at, r.cancel_requested, r.suspend_requested,
        r.held, r.lane_limit, r.priority, r.failures, r.deaths, r.options, r.large,
        v.namespace, v.name, v.version, v.digest, v.definition, v.secrets,
    )  # fmt: skip
    return select(*columns).join(t.versions, (v.tenant_id == r.tenant_id) & (v.id == r.version_id))


def _run_view(row: Row[Any], *, lines: Sequence[Any] | None, waits: Sequence[Any], running: Sequence[str], worker_missing: bool) -> RunView:
    now = datetime.now(UTC)
    began, ended = row.started_at or row.created_at, row.ended_at or now
    error = explain(row.error, row.definition, row.failed_path) if row.status in ("faulted", "stuck") and row.error else None
    steps = step_states(row.definition, lines, waits, running, row.status) if lines is not None else {}
    output, output_bytes = output_of(row)
    awaiting = [_awaiting(wait, row.definition) for wait in waits if not wait.path.rpartition("/")[2].startswith("timeout")]
    return RunView(
        id=row.id, name=row.name, namespace=row.namespace, title=title_of(row.definition), version=row.version, version_id=row.version_id,
        digest=row.digest, status=row.status, reason=_reason(row, waits, now, worker_missing), conversation=row.conversation,
        started_by=row.started_by,
        created_at=iso(row.created_at) or "", started_at=iso(row.started_at), ended_at=iso(row.ended_at),
        elapsed_s=round(max(0.0, (ended - began).total_seconds()), 3), picture=picture_of(row.digest,
        row.definition) if lines is not None else None,
        steps=steps, awaiting=awaiting, output=output, error=error.to_json() if isinstance(error, ErrorView) else None,
        actions=_actions(row, awaiting), compensated=list(undone(row.definition, lines or ())), rerun_of=row.options.get("rerun"),
        priority=row.priority, output_bytes=output_bytes, secrets=tuple(row.secrets),
    )  # fmt: skip


def _reason(row: Row[Any], waits: Sequence[Any], now: datetime, worker_missing: bool) -> str:
    if row.cancel_requested and row.status in ("ready", "running"):
        return "being cancelled"
    if row.suspend_requested and row.status == "running":
        return "to be suspended at the next step"
    if row.status == "stuck" and row.reason == "deaths":
        return f"put aside: {row.deaths} workers in a row died over it, and it got no further"
    if row.status == "stuck":
        return f"put aside: it met a mistake of Parley's own {row.failures} times"
    if row.status == "ready" and row.held:
        return f"waiting for its turn: {row.lane_limit} of this workflow's runs may be under way at once"
    if row.status == "ready" and worker_missing and (now - row.ready_at).total_seconds() > LONG_READY_S:
        return "waiting for a worker: none is running (parley worker, or parley up)"
    if row.status != "waiting":
        return ""
    kinds = [wait.kind for wait in waits]
    for kind in ("outcome-unknown", "approve", "ask", "event", "timer"):
        if kind in kinds:
            return REASONS[kind]
    return REASONS.get(row.reason, str(row.reason))


def _awaiting(wait: Row[Any], definition: Mapping[str, JSON]) -> dict[str, JSON]:
    form = wait.form or {}
    return {
        "path": wait.path, "reference": wait.reference, "kind": wait.kind, "title": form.get("title") or task_title(definition,
        wait.reference),
        "message": form.get("message") or "", "data": form_data(form, wait.run_id, wait.path), "schema": form.get("schema"),
        "assignee": form.get("assignee"),
        "check": bool(form.get("check")), "wake_at": iso(wait.wake_at), "event": wait.event,
    }  # fmt: skip


def _actions(row: Row[Any], awaiting: Sequence[Mapping[str, JSON]]) -> list[str]:
    if row.status == "faulted":
        return ["retry"]
    if row.status == "stuck":
        return ["cancel", "retry"]
    if row.status == "suspended":
        return ["cancel", "resume", *(["answer"] if any(wait["kind"] in PEOPLE for wait in awaiting) else [])]
    if row.status in ("ready", "running", "waiting"):
        return ["cancel", *(["answer"] if any(wait["kind"] in PEOPLE for wait in awaiting) else [])]
    return []


def _declared_secrets(definition: Mapping[str, JSON]) -> list[str]:
    names = (definition.get("use") or {}).get("secrets") or []
    return sorted({str(name) for name in names})


@lru_cache(maxsize=256)
def _picture(digest: str, definition: _Hidden) -> dict[str, JSON]:
    return dsl.picture(definition.value).to_json()


class _Hidden:
    """A value that a cache does not look at: its key is the digest beside it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hidden)


def picture_of(digest: str, definition: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the picture of a definition; the same digest is drawn once a process."""
    return _picture(digest, _Hidden(definition))
