"""What a run needs from the outside, as Protocols; `app` fills them with Postgres and the network, `memory_ports` with dictionaries.

Times are UTC and aware. A structural path (`/do/3/for[12]/do/0`) names one execution of a task in a run; a reference
(`/do/3/fetch`) names the task in the definition.

Errors::

    RunError                     graphs.run.errors
      LeaseLost                  another worker owns the run: stop at once, write nothing
      StoreUnavailable           the store stayed away longer than allowed: give the run up, another worker goes on
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import ssl

    import httpx

    from graphs.run.connections import Connection
    from graphs.run.hosts import Turn

GIVEN = 2**40  # events given to one run when it started have the numbers 1 - GIVEN, 2 - GIVEN …
JSON = Any  # dict, list, str, int, float, bool or None, as `json` reads them

RowKind = Literal["step", "intent", "retry", "event", "compensate", "usage", "input"]
RowStatus = Literal["finished", "faulted", "started", "skipped", "cancelled"]
AwaitKind = Literal["timer", "event", "approve", "ask", "outcome-unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One journal row. The key is (run, path, attempt, kind); a row is never changed, a run's rows are kept in order of `seq`."""

    path: str  # structural path of the step
    attempt: int  # 1 for the first execution
    kind: RowKind  # step: the result · intent: before an effect · retry: a person asked for another attempt · event: one was consumed
    reference: str  # JSON Pointer into the definition, task name last
    status: RowStatus  # skipped: its `if` was false · cancelled: stopped by a lost race, a timeout or a failed neighbour; no result
    output: JSON = None  # the task's output after `output.as`; for an intent what is about to be done, in words
    context: JSON = None  # the whole `$context` after `export.as`, when the step changed it
    has_context: bool = False  # tells an exported null from no export
    then: str | None = None  # flow directive taken, when the task chose one
    error: Mapping[str, JSON] | None = None  # RFC 7807 object of the DSL, when faulted
    started_at: datetime | None = None
    ended_at: datetime | None = None
    mark: Literal["", "simulated", "forced"] = ""


class Journal(Protocol):
    """The rows of one run, bound to one tenant, run and epoch."""

    async def load(self) -> Sequence[Row]:
        """Return every durable row of the run in the order it was written."""

    def write(self, row: Row) -> None:
        """Queue *row*; a row whose key is already there is ignored. Returns at once."""

    async def flush(self) -> None:
        """Return when every row queued so far is durable. Raises LeaseLost or StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Something one step of a run waits for; the key is (run, path)."""

    path: str
    reference: str
    kind: AwaitKind
    wake_at: datetime | None = None  # timer: when it fires; else the deadline, if there is one
    event: Mapping[str, JSON] | None = None  # event: what one must have at least (graphs/run/event_keys.py); several as {"any": [need, …]}
    form: Mapping[str, JSON] | None = None  # approve, ask: {title, message, data, schema, assignee}; outcome-unknown: {title, message}
    attempt: int = 1
    after: int | None = None  # event: those up to this number are known not to be for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One event as a listening finds it in its mailbox."""

    number: int | None  # its place in the order of all events the run can see; None: given to the listening by hand
    event: Mapping[str, JSON]  # the whole CloudEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What arrived for an awaited path.

    Payloads: timer `None`; event (given to a listening by hand) the whole CloudEvent; approve `{"approved": bool, "comment": str,
    "by": str}`; ask the form's values; outcome-unknown `{"happened": bool}`.
    """

    path: str
    kind: AwaitKind
    payload: JSON
    at: datetime
    by: str = ""


class Mailbox(Protocol):
    """Where timers, events and people's answers reach one run. Durable; deliveries stay until the run has ended.

    Events are not delivered: a wait of kind `event` is a listening, which reads what was accepted since the run began, in order, at its
    own pace. Which of them it takes is its business, and in the journal; a mailbox only leaves out what it cannot need.
    """

    async def expect(self, awaited: Sequence[Awaited]) -> None:
        """Make the waits durable; repeating one with the same path changes nothing (the first deadline counts)."""

    async def collect(self) -> Mapping[str, Delivery]:
        """Return deliveries by path, timers that are due included: at first all there are, later at least those that came since."""

    async def events(self, cursors: Mapping[str, int | None], limit: int = 200) -> Mapping[str, Sequence[Posted]]:
        """
        Return for each listening the oldest events that it may need, in their order; a listening without any is left out.

        Args:
            cursors: The listenings, and up to which number each is done with them: those are forgotten. The journal must be flushed.
            limit: At most so many a listening.
        """

    async def withdraw(self, paths: Sequence[str]) -> None:
        """Nobody waits for these any more (a lost race, a timeout, a cancelled branch)."""

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have arrived, at the latest after *timeout_s*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    method: str  # upper case
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    follow_redirects: bool = False
    timeout_s: float = 60.0  # of the whole exchange, from the moment its turn has come
    body_limit_bytes: int | None = None  # of the answer, unpacked; None: the client's own
    share: str = ""  # who asks: those who wait for one host are served in turns
    fence: Callable[[], Awaitable[None]] | None = None  # awaited right before it is written; what it raises keeps it back


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Http(Protocol):
    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request. Raises HttpFailed (graphs.run.errors): refused, blocked by policy, too large, timed out, not sent at all."""


@runtime_checkable
class Network(Http, Protocol):
    """The way out for protocols that are more than one request and one answer; the same addresses are allowed as for `send`."""

    tls: ssl.SSLContext  # the certificates to trust

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of *host*, all of them allowed; connect to these and to no other. Raises HttpFailed (blocked, connect)."""

    def turn(self, host: str, who: str) -> AbstractAsyncContextManager[Turn]:
        """Wait until a connection to *host* ("wss://x.test") may be made; the turn is told what became of it. Raises HttpFailed."""

    def client(self) -> httpx.AsyncClient:
        """Return a client for streams; the caller closes it. Its requests raise HttpFailed (blocked, invalid) and httpx's errors."""


class Secrets(Protocol):
    async def read(self, name: str) -> JSON:
        """Return the value granted to this run's version. Raises SecretNotGranted (graphs.run.errors)."""


class Connections(Protocol):
    """What the operator has set up for functions to use by name; those of the run's tenant."""

    def kinds(self) -> Mapping[str, str]:
        """Return name → kind of every connection; nothing is looked up."""

    async def find(self, name: str) -> Connection:
        """Return a connection with every value in place. Raises UnknownConnection, ConnectionUnusable (graphs.run.errors)."""


class Events(Protocol):
    async def publish(self, event: Mapping[str, JSON]) -> None:
        """Accept a CloudEvent for every subscriber of the tenant; the same source and id twice is accepted once."""


class Notices(Protocol):
    async def post(self, *, path: str, channel: str, to: str, title: str, text: str) -> None:
        """Tell a person (channel `chat`: the conversation that started the run). Once per path."""


class Workflows(Protocol):
    async def find(self, namespace: str, name: str, version: str) -> Mapping[str, JSON]:
        """Return the approved definition (plain data). Raises UnknownWorkflow (graphs.run.errors)."""


class Children(Protocol):
    """Workflows started as runs of their own (`run: workflow` with `await: false`)."""

    async def start(self, path: str, namespace: str, name: str, version: str, data: JSON) -> str:
        """
        Start the approved workflow with *data* as its input and return the new run's id; twice for one *path* it is one run.

        Raises:
            UnknownWorkflow: nobody approved it (graphs.run.errors).
            TooManyGenerations: runs have started runs too often (graphs.run.errors).
        """


ProcessKind = Literal["script", "shell", "container"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A script or a shell command with everything it is given."""

    language: Literal["python", "javascript", "shell"]
    code: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container with everything it is given."""

    image: str
    name: str = ""  # empty: one that nobody else has
    command: str = ""  # for the image's shell; empty: what the image does by itself
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    ports: Mapping[str, str] = field(default_factory=dict)  # of this machine -> of the container
    volumes: Mapping[str, str] = field(default_factory=dict)  # folder of this machine -> of the container
    cleanup: Literal["always", "never", "eventually"] = "never"
    remove_after_s: float = 0.0  # eventually
    pull: Literal["ifNotPresent", "always", "never"] = "ifNotPresent"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended. Texts are without their last line's end; `code` is 128 and the signal's number when one ended it."""

    code: int
    stdout: str
    stderr: str


class Processes(Protocol):
    @property
    def timeout_s(self) -> float:
        """The longest a program may take when its task does not say."""

    def allows(self, kind: ProcessKind) -> bool:
        """Tell whether the operator has turned *kind* on."""

    async def run(self, what: Command | Container, seconds: float) -> Finished:
        """Run it for at most *seconds*. Raises ProcessFailed (graphs.run.errors); cancelled, everything of it is ended."""

    def start(self, what: Command | Container, seconds: float) -> None:
        """Begin it and return at once; it ends with the process of Parley that began it."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, UTC, aware."""

    async def sleep(self, seconds: float) -> None: ...


class Observer(Protocol):
    def step(self, row: Row) -> None:
        """A step began (status `started`) or ended. Never blocks, never raises; for live pictures only, the journal is the truth."""
