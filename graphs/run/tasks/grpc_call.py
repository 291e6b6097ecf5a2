"""`call: grpc`: a method of a service that a `.proto` text describes; the server is never asked what it offers.

A stream of answers is collected to a list; a method that takes a stream is sent one message, `arguments`. Port 443, or none, is spoken to
over TLS, any other in plain text; `metadata.parley.tls` says otherwise.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsl.pointer import join
from graphs.run import templates
from graphs.run.authentication import Authentication, prepare_authentication
from graphs.run.effects import before_effect, declared_idempotent, idempotency_key
from graphs.run.errors import WorkflowError
from graphs.run.network import connected, credentials, limit_s, network, no_answer, reachable, too_late
from graphs.run.ports import JSON
from graphs.run.protobuf import Method, read_proto
from graphs.run.resources import Resource, prepare_resource
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_TLS_PORT = 443
_MOST_BYTES = 10_000_000  # of one answer, all messages together
_QUOTED = 300  # characters of a server's words
_GRACE_S = 5.0  # what the server is told beyond our own limit, so that ours comes first
# a status of gRPC as one of HTTP. Source: google/rpc/code.proto, "HTTP Mapping"
STATUSES: Mapping[str, int] = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcTask:
    proto: Resource
    service: Template
    host: Template
    port: Template
    method: Template
    arguments: Template
    authentication: Authentication | None
    tls: bool | None
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        host = str(await step.resolve(self.host))
        port = await step.resolve(self.port)
        port = _TLS_PORT if port is None else int(port)
        document = await self.proto.read(step)
        proto = await read_proto(document.text(), document.url)
        method = proto.method(str(await step.resolve(self.service)), str(await step.resolve(self.method)))
        arguments = await step.resolve(self.arguments)
        if not isinstance(arguments, dict):
            raise WorkflowError.of("expression", f"'arguments' of a call must be an object, and is {kind(arguments)}")
        message = method.message(arguments)
        header = await credentials(step, self.authentication)
        known = await before_effect(step, repeatable=self.idempotent, what=f"gRPC {host}:{port}{method.path}")
        if known is not None:
            return known
        call = _Call(step, host, port, port == _TLS_PORT if self.tls is None else self.tls)
        metadata = [("idempotency-key", idempotency_key(step)), *((name.lower(), value) for name, value in header.items())]
        return Flow(await call.send(method, message, metadata))


@dataclass(frozen=True, slots=True)
class _Call:
    step: Step
    host: str
    port: int
    tls: bool

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    async def send(self, method: Method, message: bytes, metadata: list[tuple[str, str]]) -> JSON:
        """Return the answer, a list for a stream. Raises WorkflowError (communication, authorization)."""
        seconds = limit_s(self.step)
        try:
            async with asyncio.timeout(seconds), await self._channel() as channel:
                await self._connect(channel)
                parts = await self._answers(channel, method, message, metadata, seconds + _GRACE_S)
        except TimeoutError as error:
            raise too_late(f"{self.where}{method.path}", seconds) from error
        if method.streams_out:
            return [method.value(part) for part in parts]
        return method.value(parts[0])

    async def _channel(self) -> Any:
        address = await reachable(self.step, self.host, self.port)
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what goes wrong is said by the task
        import grpc  # type: ignore[import-untyped]  # it ships no types
        import grpc.aio  # type: ignore[import-untyped]

        options = [
            ("grpc.default_authority", self.host if self.port == _TLS_PORT else self.where),
            ("grpc.enable_http_proxy", 0),
            ("grpc.enable_retries", 0),
            ("grpc.max_receive_message_length", _MOST_BYTES),
            ("grpc.use_local_subchannel_pool", 1),  # a connection of this call's own, closed with it
        ]
        target = f"ipv6:[{address}]:{self.port}" if ":" in address else f"ipv4:{address}:{self.port}"
        if not self.tls:
            return grpc.aio.insecure_channel(target, options=options)
        options.append(("grpc.ssl_target_name_override", self.host))
        trusted = "".join(ssl.DER_cert_to_PEM_cert(one) for one in network(self.step).tls.get_ca_certs(binary_form=True))
        return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(trusted.encode() or None), options=options)

    async def _connect(self, channel: Any) -> None:
        """Return when there is a connection. Raises WorkflowError (communication) with what stands in its way."""
        from grpc import ChannelConnectivity as State

        state = channel.get_state(try_to_connect=True)
        while state is not State.READY:
            if state in (State.TRANSIENT_FAILURE, State.SHUTDOWN):
                (await connected(self.step, self.host, self.port)).close()  # says why, if it is the connection
                raise no_answer(self.where, "it does not speak gRPC over TLS" if self.tls else "it does not speak gRPC in plain text")
            await channel.wait_for_state_change(state)
            state = channel.get_state(try_to_connect=True)

    async def _answers(self, channel: Any, method: Method, message: bytes, metadata: list[tuple[str, str]], seconds: float) -> list[bytes]:
        import grpc.aio

        ways = {
            (False, False): channel.unary_unary,
            (False, True): channel.unary_stream,
            (True, False): channel.stream_unary,
            (True, True): channel.stream_stream,
        }
        sent: Any = iter([message]) if method.streams_in else message
        call = ways[method.streams_in, method.streams_out](method.path)(sent, timeout=seconds, metadata=metadata)
        try:
            if not method.streams_out:
                return [await call]
            parts, size = [], 0
            async for part in call:
                parts.append(part)
                size += len(part)
                if size > _MOST_BYTES:
                    call.cancel()
                    words = f"{self.where}{method.path} answered with more than {_MOST_BYTES} bytes"
                    raise WorkflowError.of("communication", words, title="Answer too large")
        except grpc.aio.AioRpcError as error:
            raise self._failed(method, error) from error
        return parts

    def _failed(self, method: Method, error: Any) -> WorkflowError:
        name = error.code().name
        said = self.step.engine.redactor.text(error.details() or "")[:_QUOTED]
        detail = f"{self.where}{method.path} answered {name}{f': {said}' if said else ''}"
        return WorkflowError.of("communication", detail, status=STATUSES.get(name, 500), title=name.replace("_", " ").title())


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> GrpcTask:
    options: Mapping[str, JSON] = data["with"]
    service = options["service"]
    where = join(reference, "with")
    return GrpcTask(
        proto=prepare_resource(options["proto"], join(where, "proto"), compiler),
        service=templates.strict(service["name"]),
        host=templates.strict(service["host"]),
        port=templates.strict(service.get("port")),
        method=templates.strict(options["method"]),
        arguments=templates.strict(options.get("arguments") or {}),
        authentication=prepare_authentication(service.get("authentication"), join(where, "service", "authentication"), compiler),
        tls=((data.get("metadata") or {}).get("parley") or {}).get("tls"),
        idempotent=declared_idempotent(data),
    )
