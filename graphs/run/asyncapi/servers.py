"""Which of an operation's servers a call goes to, and where that one is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from graphs.run.asyncapi.document import Document, Operation
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON

# protocol of the language -> how documents write it; the part after a plus or a dash says that it is encrypted
_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "http": ("http", "https"),
    "ws": ("ws", "wss"),
    "mqtt": ("mqtt", "mqtts", "secure-mqtt", "mqtt5", "mqtts5", "secure-mqtt5"),
    "kafka": ("kafka", "kafka-secure"),
    "amqp": ("amqp", "amqps"),
    "stomp": ("stomp", "stomps"),
    "redis": ("redis", "rediss"),
    "nats": ("nats", "nats+tls", "tls"),
}
_SECURE: Final = (
    "https",
    "wss",
    "mqtts",
    "secure-mqtt",
    "mqtts5",
    "secure-mqtt5",
    "kafka-secure",
    "amqps",
    "stomps",
    "rediss",
    "nats+tls",
    "tls",
)
_PORTS: Final[Mapping[str, tuple[int, int]]] = {"http": (80, 443), "ws": (80, 443), "mqtt": (1883, 8883), "nats": (4222, 4222)}
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Server:
    """Where messages go; `protocol` is the family: `mqtt` for all its spellings."""

    protocol: str
    version: str  # of the protocol, as the document has it, "5" for mqtt5
    tls: bool
    host: str
    port: int  # 0: the protocol's own
    path: str

    @property
    def where(self) -> str:
        """Return scheme, host and port, for addresses and messages."""
        scheme = {"http": ("http", "https"), "ws": ("ws", "wss"), "mqtt": ("mqtt", "mqtts")}.get(self.protocol, (self.protocol,) * 2)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme[self.tls]}://{host}:{self.port}" if self.port else f"{scheme[self.tls]}://{host}"


def select(document: Document, operation: Operation, *, name: str | None, variables: Mapping[str, JSON], protocol: str | None) -> Server:
    """Return the server called *name*, else the first that speaks *protocol*, else the first. Raises WorkflowError (configuration)."""
    known = ", ".join(f"'{key}' ({one.get('protocol')})" for key, one in operation.servers.items()) or "none"
    if name is not None:
        if name not in operation.servers:
            raise WorkflowError.of("configuration", f"{document.url} has no server '{name}' for this operation; it has {known}")
        return _server(document, name, operation.servers[name], variables)
    for key, one in operation.servers.items():
        if protocol is None or _speaks(one, protocol):
            return _server(document, key, one, variables)
    wanted = f" that speaks {protocol}" if protocol else ""
    raise WorkflowError.of("configuration", f"{document.url} has no server{wanted} for this operation; it has {known}")


def _speaks(server: Mapping[str, JSON], protocol: str) -> bool:
    written = str(server.get("protocol")).lower()
    if protocol == "mqtt5":
        return family(written) == "mqtt" and _version(server) == "5"
    return family(written) == protocol


def family(written: str) -> str:
    """Return the language's word for a protocol as a document writes it."""
    return next((name for name, spellings in _WRITTEN.items() if written in spellings), written)


def _version(server: Mapping[str, JSON]) -> str:
    if str(server.get("protocol")).lower().endswith("mqtt5") or str(server.get("protocol")).lower() == "mqtts5":
        return "5"
    return str(server.get("protocolVersion") or "").partition(".")[0]


def _server(document: Document, name: str, server: Mapping[str, JSON], variables: Mapping[str, JSON]) -> Server:
    written = str(server.get("protocol")).lower()
    known = {str(key): document.follow(one) for key, one in (server.get("variables") or {}).items()}

    def value(match: re.Match[str]) -> str:
        given = variables.get(match[1], known.get(match[1], {}).get("default"))
        allowed = known.get(match[1], {}).get("enum")
        where = f"the variable '{match[1]}' of the server '{name}' in {document.url}"
        if given is None:
            raise WorkflowError.of("configuration", f"{where} has no default: give it under `with.server.variables`")
        if isinstance(allowed, list) and str(given) not in [str(one) for one in allowed]:
            raise WorkflowError.of("configuration", f"{where} must be one of {', '.join(map(str, allowed))}, and is {given}")
        return str(given)

    text = str(server.get("url") or "") or f"{server.get('host') or ''}{server.get('pathname') or ''}"
    filled = _VARIABLE.sub(value, text)
    try:
        parts = urlsplit(filled if "://" in filled else f"{written}://{filled}")
        port = parts.port
    except ValueError as error:
        raise WorkflowError.of("configuration", f"the server '{name}' in {document.url} has no usable address: {filled}") from error
    if not parts.hostname or parts.username is not None:
        reason = "has no host" if not parts.hostname else "carries a user name: use `with.authentication`"
        raise WorkflowError.of("configuration", f"the address of the server '{name}' in {document.url} {reason}")
    own = family(written)
    tls = written in _SECURE or parts.scheme in _SECURE
    return Server(own, _version(server), tls, parts.hostname, port or _PORTS.get(own, (0, 0))[tls], parts.path.rstrip("/"))
