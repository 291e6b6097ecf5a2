"""The clients of workflows: what the settings say of outgoing HTTP, in one place for all who make one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.run.hosts import Hosts
    from graphs.run.http import GuardedHttp


def shared_hosts(settings: Settings) -> Hosts:
    """Return the turns and breakers that all clients of a process share."""
    from graphs.run.hosts import Hosts

    return Hosts(at_once=settings.http_per_host, failures=settings.http_breaker_failures, pause_s=settings.http_breaker_pause_s)


def http_client(settings: Settings, hosts: Hosts, *, also: Sequence[str] = ()) -> GuardedHttp:
    """Return a client that may call what the settings allow and the networks in *also*; the caller closes it."""
    from graphs.run.http import GuardedHttp

    return GuardedHttp((*settings.http_allow, *also), body_limit_bytes=settings.http_body_limit_mb * 1_000_000, hosts=hosts)
