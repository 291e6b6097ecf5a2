"""AsyncAPI over MQTT: 5 where the document says so (`mqtt5`, or `protocolVersion: 5`), else 3.1.1, which has no headers.

A subscription has a session with the broker under a name that is the step's own. It outlives the process: what comes between a kill and
the next process waits at the broker, and a message counts as received once the journal has it. So with QoS 1 or 2 (1 unless the binding
says otherwise) every message arrives, one that was in flight at a kill perhaps twice. The session ends with the subscription;
that of a run that is cancelled meanwhile is left to the broker, which keeps it an hour (MQTT 5) or as long as it is set to.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from graphs.run.asyncapi.broker import Outgoing, Target
from graphs.run.asyncapi.messages import Incoming, written
from graphs.run.errors import WorkflowError
from graphs.run.network import connecting, limit_s, network, no_answer, reachable
from graphs.run.ports import JSON

_SESSION_S = 3600  # a session without a client is kept so long by a broker that speaks 5
_MOST_BYTES = 10_000_000
_MOST_WAITING = 1000  # messages held here; a broker keeps what was not received
_GOODBYE_S = 2.0


class MqttBroker:
    async def publish(self, target: Target, message: Outgoing) -> None:
        new = target.server.version == "5"
        if message.headers and not new:
            words = "MQTT 3.1.1 has no headers: take them out of the message, or use a server with `protocol: mqtt5`"
            raise WorkflowError.of("configuration", words)
        properties = None
        if new:
            properties = _properties("PUBLISH")
            properties.ContentType = message.content_type
            properties.UserProperty = [(str(name), _text(value)) for name, value in message.headers.items()]
        payload = written(message.payload)
        qos, retain = _qos(target.bindings), bool(target.bindings.get("retain"))
        async with _connection(target) as client:
            with _Said(target):
                await client.publish(target.address, payload, qos=qos, retain=retain, properties=properties, timeout=limit_s(target.step))

    @asynccontextmanager
    async def subscribe(self, target: Target, after: str) -> AsyncIterator[_Session]:
        keep = False
        try:
            async with _connection(target, _session_name(target), lasting=True) as client:
                with _Said(target):
                    client._client.manual_ack_set(True)  # aiomqtt has no word for it
                    await client.subscribe(target.address, qos=_qos(target.bindings), timeout=limit_s(target.step))
                yield _Session(target, client)
        except asyncio.CancelledError:
            keep = target.step.engine.waits.closing  # somebody else goes on with it
            raise
        finally:
            if not keep:
                await self.forget(target)

    async def forget(self, target: Target) -> None:
        """End the session at the broker, as far as that is possible now."""
        import aiomqtt

        with suppress(aiomqtt.MqttError, WorkflowError, TimeoutError, OSError):
            async with asyncio.timeout(_GOODBYE_S), await _client(target, _session_name(target)):
                pass


@dataclass(frozen=True, slots=True)
class _Session:
    target: Target
    client: Any

    async def next(self) -> Incoming | None:
        with _Said(self.target):
            message = await anext(self.client.messages)
        properties = message.properties  # None in 3.1.1
        correlation = getattr(properties, "CorrelationData", None)
        return Incoming(
            _bytes(message.payload),
            dict(getattr(properties, "UserProperty", ())),
            getattr(properties, "ContentType", ""),
            correlation.decode("utf-8", "replace") if correlation else None,
            receipt=message,
        )

    async def settle(self, message: Incoming) -> None:
        receipt: Any = message.receipt
        self.client._client.ack(receipt.mid, receipt.qos)


@asynccontextmanager
async def _connection(target: Target, name: str | None = None, *, lasting: bool = False) -> AsyncIterator[Any]:
    """Yield a connected client. Raises WorkflowError."""
    import aiomqtt

    async with connecting(target.step, target.server.where) as turn:
        client = await _client(target, name, lasting=lasting)
        with _Said(target):
            try:
                await client.__aenter__()
            except aiomqtt.MqttCodeError:
                turn.worked()  # it answered, if only to say no
                raise
    try:
        yield client
    finally:
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


async def _client(target: Target, name: str | None = None, *, lasting: bool = False) -> Any:
    """Return a client for the server, at an address that is allowed; a *lasting* one has a session that outlives the connection."""
    import aiomqtt

    server = target.server
    address = await reachable(target.step, server.host, server.port)
    user, password = await _login(target)
    new = server.version == "5"
    properties = None
    if new:
        properties = _properties("CONNECT")
        properties.MaximumPacketSize = _MOST_BYTES
        if lasting:
            properties.SessionExpiryInterval = _SESSION_S
    return aiomqtt.Client(
        address,
        server.port,
        username=user,
        password=password,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5 if new else aiomqtt.ProtocolVersion.V311,
        clean_session=None if new else not lasting,
        clean_start=not lasting if new else 3,
        properties=properties,
        timeout=min(limit_s(target.step), 30.0),
        max_queued_incoming_messages=_MOST_WAITING,
        tls_context=_Named(network(target.step).tls, server.host) if server.tls else None,  # type: ignore[arg-type]
    )


class _Named:
    """A TLS context whose certificates must be for *name*, wherever the connection goes: to the address that was tested."""

    check_hostname = True

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context = context
        self._name = name

    def wrap_socket(self, sock: Any, server_hostname: str | None = None, **options: Any) -> ssl.SSLSocket:
        wrapped = self._context.wrap_socket(sock, server_hostname=self._name, **options)
        try:
            wrapped.do_handshake()
        except OSError:  # those of `ssl` are
            wrapped.close()  # nobody else does
            raise
        return wrapped


async def _login(target: Target) -> tuple[str | None, str | None]:
    """Return user and password: a token is a password without a user."""
    if target.authentication is None:
        return None, None
    if target.authentication.scheme == "Basic":
        values = await target.authentication.read(target.step)
        if isinstance(values, dict) and "username" in values and "password" in values:
            target.step.engine.redactor.add(values["password"])
            return str(values["username"]), str(values["password"])
        raise WorkflowError.of("configuration", "the authentication needs a username and a password")
    shown = await target.authentication.resolve(target.step)
    return "", str(shown["parameter"])


def _session_name(target: Target) -> str:
    """Return a name of at most 23 characters, as every broker takes it; the same in every process for this attempt of this step."""
    step = target.step
    return "parley-" + hashlib.sha256(f"{step.engine.run_id} {step.path} {step.attempt}".encode()).hexdigest()[:16]


class _Said:
    """Turn the library's errors into the workflow's."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import aiomqtt

        if isinstance(error, ValueError | TypeError):  # a topic with a wildcard, a text that cannot be sent
            raise WorkflowError.of("configuration", f"{self._target.where} cannot be used: {error}") from error
        if isinstance(error, aiomqtt.MqttError):
            raise no_answer(self._target.server.where, self._target.step.engine.redactor.text(_reason(error))) from error


def _reason(error: BaseException) -> str:
    cause = error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return "no encrypted connection"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    found = str(error) or "the connection broke off"
    return found[0].lower() + found[1:]


def _properties(packet: str) -> Any:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    return Properties(getattr(PacketTypes, packet))  # type: ignore[no-untyped-call]  # paho has none there


def _qos(bindings: Mapping[str, JSON]) -> int:
    return int(bindings["qos"]) if bindings.get("qos") in (0, 1, 2) else 1


def _bytes(payload: Any) -> bytes:
    return bytes(payload) if isinstance(payload, bytes | bytearray) else str(payload if payload is not None else "").encode()


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
