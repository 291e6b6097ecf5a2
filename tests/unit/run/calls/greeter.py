"""A gRPC server on loopback, made from a `.proto` text at run time: it notes every call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from graphs.run.protobuf import read_proto

PROTO = """
syntax = "proto3";
package greetings;
import "google/protobuf/timestamp.proto";

message Greeting { string name = 1; int32 times = 2; google.protobuf.Timestamp at = 3; }
message Said { string text = 1; int32 number = 2; repeated string languages = 3; int64 large = 4; google.protobuf.Timestamp at = 5; }
service Greeter {
  rpc Say (Greeting) returns (Said);
  rpc Repeat (Greeting) returns (stream Said);
  rpc Gather (stream Greeting) returns (Said);
  rpc Chat (stream Greeting) returns (stream Said);
}
"""


class Greeter:
    def __init__(self) -> None:
        self.port = 0
        self.calls: list[dict[str, Any]] = []
        self.status: grpc.StatusCode | None = None
        self.hold: asyncio.Event | None = None

    async def note(self, name: str, request: Any, context: Any) -> None:
        metadata = {key: value for key, value in context.invocation_metadata() if key in ("authorization", "idempotency-key")}
        self.calls.append({"method": name, "name": request.name, **metadata})
        if self.hold is not None:
            await self.hold.wait()
        if self.status is not None:
            await context.abort(self.status, "the greeter is not in the mood, and knows token-12345")


@asynccontextmanager
async def greeter(
    credentials: grpc.ServerCredentials | None = None, *, named: str = "greetings.Greeter", said: str = "Say"
) -> AsyncIterator[Greeter]:
    """Yield a server that listens on a free port of 127.0.0.1; *named* and *said* are what its service and first method are called."""
    proto, served = await read_proto(PROTO, "the test's own"), Greeter()
    methods = {name: proto.method("greetings.Greeter", name) for name in ("Say", "Repeat", "Gather", "Chat")}
    answer = methods["Say"].gives

    async def say(request: Any, context: Any) -> Any:
        await served.note("Say", request, context)
        return answer(text=f"Hello {request.name}", large=2**40, at=request.at)

    async def repeat(request: Any, context: Any) -> AsyncIterator[Any]:
        await served.note("Repeat", request, context)
        for number in range(request.times):
            yield answer(text=f"Hello {request.name}", number=number)

    async def gather(requests: AsyncIterator[Any], context: Any) -> Any:
        names = [request.name async for request in requests]
        return answer(text="Hello " + ", ".join(names), number=len(names))

    async def chat(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield answer(text=f"You are {request.name}")

    def coded(name: str) -> dict[str, Any]:
        return {
            "request_deserializer": methods[name].takes.FromString,
            "response_serializer": lambda message: message.SerializeToString(),
        }

    server = grpc.aio.server()
    handlers = {
        said: grpc.unary_unary_rpc_method_handler(say, **coded("Say")),
        "Repeat": grpc.unary_stream_rpc_method_handler(repeat, **coded("Repeat")),
        "Gather": grpc.stream_unary_rpc_method_handler(gather, **coded("Gather")),
        "Chat": grpc.stream_stream_rpc_method_handler(chat, **coded("Chat")),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(named, handlers),))
    where = "127.0.0.1:0"
    served.port = server.add_secure_port(where, credentials) if credentials else server.add_insecure_port(where)
    await server.start()
    try:
        yield served
    finally:
        await server.stop(None)
