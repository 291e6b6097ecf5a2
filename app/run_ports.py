"""Ports of a run that are neither the store's nor the network's: secrets under guard, the live picture, models on demand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphs.run.deps import Limits
from graphs.run.ports import Row

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.journal import RunJournal
    from app.store.notifying import Notifier
    from app.store.vault import GrantedSecrets
    from graphs.models import ModelRouter
    from graphs.run.mcp_stdio import StdioServer

SHOW_EVERY_S = 0.5


class GuardingSecrets:
    """The port `Secrets`, and the journal told of every value it gave out, so that rows that hold one are sealed."""

    def __init__(self, granted: GrantedSecrets, journal: RunJournal) -> None:
        self._granted = granted
        self._journal = journal

    async def read(self, name: str) -> Any:
        value = await self._granted.read(name)
        self._journal.guard(value)
        return value


class LiveObserver:
    """The port `Observer`: keeps which paths are at work, and has that shown at most twice a second. The journal is the truth."""

    def __init__(self, notifier: Notifier, tenant: str, run_id: str, on_step: Callable[[Row], None] | None) -> None:
        self._notifier = notifier
        self._tenant = tenant
        self._run_id = run_id
        self._on_step = on_step
        self._running: dict[str, None] = {}
        self._shown = 0.0

    def step(self, row: Row) -> None:
        if row.status == "started" and row.kind == "step":
            self._running[row.path] = None
        elif row.kind == "step":
            self._running.pop(row.path, None)
        if self._on_step is not None:
            self._on_step(row)
        now = time.monotonic()
        if now - self._shown >= SHOW_EVERY_S or row.kind == "intent":
            self._shown = now
            self._notifier.show_live(self._tenant, self._run_id, list(self._running))


class LazyModels:
    """The model router, made when a function first asks it for something."""

    def __init__(self, make: Callable[[], ModelRouter]) -> None:
        self._make = make
        self._made: ModelRouter | None = None

    def __getattr__(self, name: str) -> Any:
        self._made = self._made or self._make()
        return getattr(self._made, name)


def limits_of(settings: Settings) -> Limits:
    """Return the bounds of one run, whatever its definition asks for."""
    return Limits(
        max_steps=settings.budget_tasks,
        max_wall_time_s=settings.budget_wall_time_s or None,
        max_tokens=settings.budget_tokens or None,
        max_money=settings.budget_money or None,
    )


def smtp_url(settings: Settings) -> str | None:
    """Return the mail server's address with the sender in it, as `notify` wants it."""
    if settings.smtp_url is None:
        return None
    url = str(settings.smtp_url.get_secret_value())
    return url if "from=" in url else f"{url}{'&' if '?' in url else '?'}from={settings.smtp_from}"


def stdio_servers(settings: Settings) -> tuple[StdioServer, ...]:
    """Return the MCP servers the operator allows, as a run has them."""
    if not settings.mcp_stdio:
        return ()
    from graphs.run.mcp_stdio import StdioServer

    return tuple(StdioServer(command=one.command, arguments=one.arguments, environment=one.environment) for one in settings.mcp_stdio)
