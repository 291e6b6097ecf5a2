"""What one run is given from outside. Built per run: journal and mailbox are bound to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dsl.catalogue import Catalogue
from dsl.expressions import Expressions
from graphs.run.credentials import Credentials
from graphs.run.ports import Clock, Events, Http, Journal, Mailbox, Notices, Observer, Secrets, Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep one run from hurting the others."""

    segment_steps: int = 200  # steps between two LangGraph checkpoints
    short_wait_s: float = 2.0  # a wait up to this long sleeps in the process, a longer one parks the run
    max_steps: int = 1_000_000  # of one run, child workflows included
    workflow_depth: int = 16  # `run: workflow` inside `run: workflow` …
    http_timeout_s: float = 60.0  # for one request when the task sets no timeout


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
    models: Any = None  # the model router, for functions that need one
    smtp_url: str | None = None  # smtp[s]://user:password@host:port?from=address, for `notify` by email
