"""The ports of a run as dictionaries: for `--ephemeral`, for tests, and as the reference the Postgres adapters are compared with."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from dsl.catalogue import Catalogue
from dsl.expressions import Expressions
from graphs.run.deps import Limits, RunDeps
from graphs.run.errors import ConnectionUnusable, SecretNotGranted, UnknownWorkflow
from graphs.run.event_keys import alternatives, meets
from graphs.run.ports import JSON, Awaited, Clock, Connections, Delivery, Http, Posted, Processes, Row
from memory import HashedEmbedder, InMemory, Memories, RunMemory, Scope


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class MemoryJournal:
    """A run's rows. `rows` are the durable ones; what is only queued is lost with the object, as with a killed process."""

    def __init__(self, rows: list[Row] | None = None) -> None:
        self.rows: list[Row] = [] if rows is None else rows
        self._keys = {_key(row) for row in self.rows}
        self._queued: list[Row] = []

    async def load(self) -> Sequence[Row]:
        return tuple(self.rows)

    def write(self, row: Row) -> None:
        if _key(row) not in self._keys:
            self._keys.add(_key(row))
            self._queued.append(row)

    async def flush(self) -> None:
        self.rows.extend(self._queued)
        self._queued = []


def _key(row: Row) -> tuple[str, int, str]:
    return row.path, row.attempt, row.kind


class MemoryMailbox:
    """Waits and deliveries of one run. Events that came early are kept for whoever listens later."""

    def __init__(self, clock: Clock | None = None, events: Iterable[Mapping[str, JSON]] = ()) -> None:
        self._clock = clock or SystemClock()
        self.awaited: dict[str, Awaited] = {}
        self._delivered: dict[str, Delivery] = {}
        self._events: list[Mapping[str, JSON]] = list(events)  # number 1 first
        self._arrived: dict[str, deque[Posted]] = {}  # what each listening has not had yet
        self._news = asyncio.Event()

    async def expect(self, awaited: Sequence[Awaited]) -> None:
        for one in awaited:
            if one.path not in self._delivered:
                if one.kind == "event" and one.path not in self.awaited:
                    self._begin(one)
                self.awaited.setdefault(one.path, one)

    async def collect(self) -> Mapping[str, Delivery]:
        now = self._clock.now()
        for one in [one for one in self.awaited.values() if one.wake_at and one.wake_at <= now]:
            self._put(Delivery(path=one.path, kind="timer", payload=None, at=now))
        return dict(self._delivered)

    async def events(self, cursors: Mapping[str, int | None], limit: int = 200) -> Mapping[str, Sequence[Posted]]:
        found = {}
        for path, after in cursors.items():
            waiting = self._arrived.get(path, deque())
            while after is not None and waiting and (waiting[0].number or 0) <= after:
                waiting.popleft()
            if waiting:
                found[path] = tuple(islice(waiting, limit))
        return found

    async def withdraw(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.awaited.pop(path, None)
            self._arrived.pop(path, None)

    async def changed(self, timeout_s: float) -> None:
        due = [(one.wake_at - self._clock.now()).total_seconds() for one in self.awaited.values() if one.wake_at]
        try:
            async with asyncio.timeout(max(0.0, min([timeout_s, *due]))):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def answer(self, path: str, payload: JSON, by: str = "") -> None:
        """Deliver what a person (or a test) says to the step that waits at *path*. Raises KeyError when none does."""
        self._put(Delivery(path=path, kind=self.awaited[path].kind, payload=payload, at=self._clock.now(), by=by))

    def post_event(self, event: Mapping[str, JSON]) -> None:
        self._events.append(event)
        posted = Posted(number=len(self._events), event=event)
        for path, waiting in self._arrived.items():
            if _may_need(self.awaited[path], event):
                waiting.append(posted)
                self._news.set()

    def _begin(self, one: Awaited) -> None:
        """Open a listening: it is given what came so far."""
        numbered = enumerate(self._events[one.after or 0 :], 1 + (one.after or 0))
        self._arrived[one.path] = deque(Posted(number=number, event=event) for number, event in numbered if _may_need(one, event))

    def _put(self, delivery: Delivery) -> None:
        if self.awaited.pop(delivery.path, None) is not None:
            self._arrived.pop(delivery.path, None)
            self._delivered.setdefault(delivery.path, delivery)
            self._news.set()


def _may_need(one: Awaited, event: Mapping[str, JSON]) -> bool:
    return any(meets(event, need) for need in alternatives(one.event))


class MemorySecrets:
    def __init__(self, values: Mapping[str, JSON] | None = None) -> None:
        self._values = values or {}

    async def read(self, name: str) -> JSON:
        if name not in self._values:
            raise SecretNotGranted(name)
        return self._values[name]


def memory_connections(data: Mapping[str, JSON], http: Http, secrets: Mapping[str, JSON] | None = None) -> Connections:
    """Return connections by name over *data*, as the operator would write them; secrets are those of the run, nothing else is looked up."""
    from graphs.run.connections import Kept, NamedConnections, described

    async def reveal(kept: Kept) -> JSON:
        if kept.secret is None or kept.secret not in (secrets or {}):
            raise ConnectionUnusable("which is not given to this run")
        return (secrets or {})[kept.secret]

    async def same(_url: str) -> Http:
        return http

    return NamedConnections(described(data), reveal, same)


class MemoryEvents:
    """Published events; *mailbox* gets them too, since a run may listen to what it emits."""

    def __init__(self, mailbox: MemoryMailbox | None = None) -> None:
        self.published: list[Mapping[str, JSON]] = []
        self._mailbox = mailbox
        self._seen: set[tuple[JSON, JSON]] = set()

    async def publish(self, event: Mapping[str, JSON]) -> None:
        key = (event.get("source"), event.get("id"))
        if key in self._seen:
            return
        self._seen.add(key)
        self.published.append(event)
        if self._mailbox is not None:
            self._mailbox.post_event(event)


@dataclass(frozen=True, slots=True)
class Notice:
    path: str
    channel: str
    to: str
    title: str
    text: str


class MemoryNotices:
    def __init__(self) -> None:
        self.posted: dict[str, Notice] = {}

    async def post(self, *, path: str, channel: str, to: str, title: str, text: str) -> None:
        self.posted.setdefault(path, Notice(path, channel, to, title, text))


class MemoryWorkflows:
    """Definitions by namespace, name and version; `latest` is the highest version by its numbers."""

    def __init__(self, definitions: Iterable[Mapping[str, JSON]] = ()) -> None:
        self._all: dict[tuple[str, str], dict[str, Mapping[str, JSON]]] = {}
        for definition in definitions:
            document = definition["document"]
            own = self._all.setdefault((str(document["namespace"]), str(document["name"])), {})
            own[str(document["version"])] = definition

    async def find(self, namespace: str, name: str, version: str) -> Mapping[str, JSON]:
        versions = self._all.get((namespace, name), {})
        wanted = max(versions, key=_numbers, default=version) if version == "latest" else version
        if wanted not in versions:
            raise UnknownWorkflow(namespace, name, version)
        return versions[wanted]


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdigit() else -1 for part in version.replace("-", ".").split(".")]


@dataclass(slots=True)
class MemoryObserver:
    """Every row shown, in order. `keep` off: for runs that are measured."""

    rows: list[Row] = field(default_factory=list)
    keep: bool = True

    def step(self, row: Row) -> None:
        if self.keep:
            self.rows.append(row)


class NoHttp:
    """For runs that have no business outside."""

    async def send(self, request: JSON) -> JSON:
        raise AssertionError(f"nothing may be sent here, and {request.url} was")


def ephemeral_deps(
    *,
    expressions: Expressions,
    catalogue: Catalogue,
    http: Http,
    secrets: Mapping[str, JSON] | None = None,
    workflows: Iterable[Mapping[str, JSON]] = (),
    events: Iterable[Mapping[str, JSON]] = (),
    clock: Clock | None = None,
    limits: Limits | None = None,
    smtp_url: str | None = None,
    connections: Mapping[str, JSON] | None = None,
    models: JSON = None,
    processes: Processes | None = None,
    memory: RunMemory | None = None,
) -> RunDeps:
    """Return the ports of a run that leaves nothing behind; *events* are delivered in order to whoever listens."""
    from graphs.run.memory_children import MemoryChildren  # it runs whole runs, and so knows this file

    mailbox = MemoryMailbox(clock, events)
    deps = RunDeps(
        journal=MemoryJournal(),
        mailbox=mailbox,
        http=http,
        secrets=MemorySecrets(secrets),
        events=MemoryEvents(mailbox),
        notices=MemoryNotices(),
        workflows=MemoryWorkflows(workflows),
        expressions=expressions,
        catalogue=catalogue,
        clock=clock or SystemClock(),
        observer=MemoryObserver(),
        limits=limits or Limits(),
        smtp_url=smtp_url,
        connections=memory_connections(connections, http, secrets) if connections else None,
        models=models,
        processes=processes,
        memory=memory or RunMemory(memories=Memories(InMemory(), HashedEmbedder()), scope=Scope("ephemeral", "me"), run_id="", workflow=""),
    )
    return MemoryChildren().bind(deps)
