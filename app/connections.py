"""The operator's file of named connections (`PARLEY_CONNECTIONS`), and how a run reaches what is in it.

The file is read again when it changes. A connection may reach the address its URL names, private or not: the operator wrote it there.
Nobody else gets through to that address by it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import yaml

from graphs.run.errors import ConnectionUnusable

if TYPE_CHECKING:
    from graphs.run.connections import Connection, Described, Kept, NamedConnections
    from graphs.run.ports import Http

Secret = Callable[[str, str], Awaitable[Any]]  # tenant and name to the value, None when there is none


class OpenHttp(Protocol):
    """Gives the client of a process that may also call the networks *also*."""

    def __call__(self, *, also: tuple[str, ...] = ()) -> Http: ...


class ConnectionFile:
    """
    The connections of an installation.

    Args:
        path: The file, None when there is none.
        secret: Looks a stored secret up.
        http: Opens clients.
    """

    def __init__(self, path: Path | None, secret: Secret, http: OpenHttp) -> None:
        self._path = path.expanduser() if path else None
        self._secret = secret
        self._http = http
        self._read: tuple[float, dict[str, Described]] = (-1.0, {})

    def all(self) -> dict[str, Described]:
        """Return every connection as it is described now. Raises ConnectionUnusable."""
        if self._path is None:
            return {}
        try:
            changed = self._path.stat().st_mtime
            if changed != self._read[0]:
                self._read = (changed, _described(self._path))
        except OSError as error:
            raise ConnectionUnusable(f"PARLEY_CONNECTIONS: {self._path} cannot be read: {error.strerror}") from error
        return self._read[1]

    def of_run(self, tenant: str, guard: Callable[[Any], None]) -> RunConnections:
        """Return the port of one run; *guard* is told every value that came from a secret, a variable or a file."""
        return RunConnections(self, tenant, guard)

    def of(self, tenant: str) -> Mapping[str, Described]:
        return {name: one for name, one in self.all().items() if one.tenants is None or tenant in one.tenants}

    async def reveal(self, tenant: str, kept: Kept) -> Any:
        if kept.secret is not None:
            value = await self._secret(tenant, kept.secret)
            fix = f"which is not stored: parley secret set {kept.secret}"
        elif kept.env is not None:
            value, fix = os.environ.get(kept.env), "which is not set"
        else:
            value, fix = _content(Path(str(kept.file))), "which cannot be read"
        if value in (None, ""):
            raise ConnectionUnusable(fix)
        return value

    async def http_to(self, url: str) -> Http:
        """Return the client that may reach *url*'s host besides what every run may."""
        return self._http(also=tuple(await _own_addresses(url)))


class RunConnections:
    """`ports.Connections` of one run: the file is read when a function first asks."""

    def __init__(self, file: ConnectionFile, tenant: str, guard: Callable[[Any], None]) -> None:
        self._file = file
        self._tenant = tenant
        self._guard = guard

    def kinds(self) -> Mapping[str, str]:
        return self._named().kinds()

    async def find(self, name: str) -> Connection:
        found = await self._named().find(name)
        password = urlsplit(str(found.values.get("url") or "")).password
        if password:
            self._guard(password)
        return found

    def _named(self) -> NamedConnections:
        from graphs.run.connections import NamedConnections

        return NamedConnections(self._file.of(self._tenant), self._reveal, self._file.http_to)

    async def _reveal(self, kept: Kept) -> Any:
        value = await self._file.reveal(self._tenant, kept)
        self._guard(value)
        return value


def _described(path: Path) -> dict[str, Described]:
    from graphs.run.connections import described

    text = path.read_text("utf-8")
    try:
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", getattr(error, "lineno", 0) - 1) + 1
        raise ConnectionUnusable(f"PARLEY_CONNECTIONS: {path} cannot be read: a mistake in line {line}") from None  # its words quote values
    return described(data, f"PARLEY_CONNECTIONS, {path}")


def _content(path: Path) -> str | None:
    try:
        return path.expanduser().read_text("utf-8").strip()
    except OSError:
        return None


async def _own_addresses(url: str) -> list[str]:
    """Return the addresses of *url*'s host that runs may not call as a rule; a name nobody knows has none."""
    from graphs.run.addresses import AddressPolicy

    try:
        host = urlsplit(url).hostname
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (ValueError, OSError, UnicodeError):
        return []
    addresses = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return sorted(address for address in addresses if AddressPolicy().forbids(address))
