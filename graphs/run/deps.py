"""What one run is given from outside. Built per run: journal and mailbox are bound to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dsl.catalogue import Catalogue
from dsl.expressions import Expressions
from graphs.run.credentials import Credentials
from graphs.run.pins import NoPins, Pins
from graphs.run.ports import Children, Clock, Connections, Events, Http, Journal, Mailbox, Notices, Observer, Processes, Secrets, Workflows

if TYPE_CHECKING:
    from graphs.run.mcp_stdio import StdioServer
    from graphs.run.stand_in import StandIn
    from memory.of_run import RunMemory


def _nobody(_value: Any) -> None:
    """Nothing of this run is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep one run from hurting the others."""

    segment_steps: int = 200  # steps between two LangGraph checkpoints
    short_wait_s: float = 2.0  # a wait up to this long sleeps in the process, a longer one parks the run
    max_steps: int = 1_000_000  # of one run, child workflows included
    max_wall_time_s: float | None = None  # of one run from its start on
    max_tokens: int | None = None  # of models, of one run
    max_money: float | None = None  # that one run may spend
    workflow_depth: int = 16  # `run: workflow` inside `run: workflow` …
    http_timeout_s: float = 60.0  # for one request when the task sets no timeout


async def _always() -> None:
    """The run is nobody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDeps:
    """The ports of one run; `catalogue` holds the functions that `call: NAME:VERSION@default` may name."""

    journal: Journal
    mailbox: Mailbox
    http: Http
    secrets: Secrets
    events: Events
    notices: Notices
    workflows: Workflows
    expressions: Expressions
    catalogue: Catalogue
    clock: Clock
    observer: Observer
    limits: Limits = field(default_factory=Limits)
    credentials: Credentials = field(default_factory=Credentials)  # of the process, shared by its runs
    seal: Callable[[Any], None] = _nobody  # told of every credential: what is stored and holds one is to be sealed
    brake: asyncio.Event = field(default_factory=asyncio.Event)  # set: stand still at the next step (`Held`)
    pins: Pins = field(default_factory=NoPins)  # what documents were when the version first used them
    fence: Callable[[], Awaitable[None]] = _always  # returns if the run is ours still, however long this process slept; LeaseLost
    models: Any = None  # the model router, for functions that need one
    connections: Connections | None = None  # what functions may use by name
    memory: RunMemory | None = None  # what `remember` keeps and `recall` finds
    smtp_url: str | None = None  # smtp[s]://user:password@host:port?from=address, for `notify` by email
    mcp_stdio: tuple[StdioServer, ...] = ()  # the MCP servers that may be started as children
    processes: Processes | None = None  # scripts, shell commands, containers; None: none of them may run
    children: Children | None = None  # starts runs beside this one
    stand_in: StandIn | None = None  # a simulated run: acts in place of the outside
