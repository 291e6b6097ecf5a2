"""The clients of workflows: what the settings say of outgoing HTTP, in one place for all who make one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.run.hosts import Hosts
    from graphs.run.http import GuardedHttp


class LazyHttp:
    """A client that is made when it is first used: most short runs call nobody, and certificates take a while to read."""

    def __init__(self, make: Callable[[], GuardedHttp]) -> None:
        self._make = make
        self._made: GuardedHttp | None = None

    def __getattr__(self, name: str) -> Any:
        self._made = self._made or self._make()
        return getattr(self._made, name)

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()


def shared_hosts(settings: Settings) -> Hosts:
    """Return the turns and breakers that all clients of a process share."""
    from graphs.run.hosts import Hosts

    return Hosts(at_once=settings.http_per_host, failures=settings.http_breaker_failures, pause_s=settings.http_breaker_pause_s)


def http_client(settings: Settings, hosts: Hosts, *, also: Sequence[str] = ()) -> GuardedHttp:
    """Return a client that may call what the settings allow and the networks in *also*; the caller closes it."""
    from graphs.run.http import GuardedHttp

    return GuardedHttp((*settings.http_allow, *also), body_limit_bytes=settings.http_body_limit_mb * 1_000_000, hosts=hosts)
