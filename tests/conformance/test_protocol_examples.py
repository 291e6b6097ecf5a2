"""The examples of the specification that call by other protocols than HTTP, against servers on loopback in place of those they name."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import websockets.asyncio.server

from dsl import read
from dsl.expressions import Expressions
from graphs.run.http import GuardedHttp, guarded_http
from graphs.run.mcp_stdio import StdioServer
from graphs.run.ports import HttpRequest, HttpResponse
from tests.conformance.test_ctk import FOLDER
from tests.unit.dsl.official import must_be_there
from tests.unit.run.calls.greeter import greeter
from tests.unit.run.harness import Runs, World

EXAMPLES = FOLDER.parent / "examples"
DOCUMENT = "https://fake.com/docs/asyncapi.json"
PROTO = 'syntax = "proto3"; package greetings; message Greeting { string name = 1; } message Said { string text = 1; }'
SLACK = """
from mcp.server.fastmcp import FastMCP
server = FastMCP("Slack")
@server.tool()
def conversations_add_message(channel_id: str, thread_ts: str, payload: str, content_type: str) -> str:
    import os
    return f"{payload} in {channel_id} with {os.environ['SLACK_MCP_XOXP_TOKEN'][:5]}"
server.run()
"""


class Kept:
    """`ports.Network`: what runs use, with documents at addresses that nobody serves."""

    def __init__(self, http: GuardedHttp, documents: dict[str, str]) -> None:
        self.documents = documents
        self.send_on = http.send
        self.turn = http.turn
        self.tls = http.tls
        self.addresses = http.addresses
        self.client = http.client

    async def send(self, request: HttpRequest) -> HttpResponse:
        if request.url in self.documents:
            return HttpResponse(status=200, headers={}, body=self.documents[request.url].encode(), url=request.url)
        return await self.send_on(request)


@pytest.fixture(autouse=True)
def _folder() -> None:
    must_be_there()


@pytest.fixture
async def runs(expressions: Expressions) -> AsyncIterator[Runs]:
    async with guarded_http(["127.0.0.0/8"]) as http:
        made = Runs(expressions, http)
        made.http = Kept(http, {})  # type: ignore[assignment]
        yield made


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    pool = Expressions(children=1)
    yield pool
    await pool.aclose()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    server = World()
    await server.open()
    yield server
    await server.close()


def example(name: str) -> Any:
    return read((EXAMPLES / f"call-{name}.yaml").read_text()).data


async def start(runs: Runs, data: dict[str, Any], given: Any = None) -> Any:
    return await runs.start(data["do"], given, top={"document": data["document"]})


def document(world: World, operation: str, server: str = "staging", **more: Any) -> str:
    """Return a document with one operation on the channel `notifications`, at *server*, by HTTP unless *more* says otherwise."""
    servers = {server: {"host": f"127.0.0.1:{world.port}", "protocol": "http", **more}}
    channels = {"notifications": {"address": "notifications"}}
    operations = {operation: {"action": "send", "channel": {"$ref": "#/channels/notifications"}}}
    return json.dumps({"asyncapi": "3.0.0", "servers": servers, "channels": channels, "operations": operations})


def streaming(world: World, count: int) -> None:
    said = b"".join(json.dumps({"number": number}).encode() + b"\n" for number in range(count))
    world.on("/notifications", lambda _request: (200, {"Content-Type": "application/x-ndjson"}, said))


async def test_a_message_is_published_to_the_server_named(runs: Runs, world: World) -> None:
    runs.http.documents[DOCUMENT] = document(world, "findPetsByStatus")  # type: ignore[attr-defined]
    world.on("/notifications", lambda _request: (204, {}, b""))

    outcome = await start(runs, example("asyncapi-publish"), {"pet": {"id": 7}, "token": "abcdef"})

    assert (outcome.status, outcome.error) == ("completed", None)
    assert [(one["body"], one["headers"]["authorization"]) for one in world.requests] == [(b'{"petId":7}', "Bearer abcdef")]


async def test_an_amount_of_messages_is_taken_from_a_websocket(runs: Runs, world: World) -> None:
    async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
        for number in range(6):
            await connection.send(json.dumps({"number": number}))
        await connection.wait_closed()

    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        text = document(world, "getNotifications", host=f"127.0.0.1:{port}", protocol="ws")
        runs.http.documents[DOCUMENT] = text  # type: ignore[attr-defined]
        outcome = await start(runs, example("asyncapi-subscribe-consume-amount"))

    assert [one["payload"]["number"] for one in outcome.output] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["until", "while"])
async def test_messages_are_taken_until_no_more_come(runs: Runs, world: World, name: str) -> None:
    text = document(world, "getNotifications")
    if name == "until":  # which names a channel, as AsyncAPI 2 does
        servers = {"only": {"url": world.url, "protocol": "http"}}
        text = json.dumps({"asyncapi": "2.6.0", "servers": servers, "channels": {"/notifications": {"subscribe": {}}}})
    runs.http.documents[DOCUMENT] = text  # type: ignore[attr-defined]
    streaming(world, 3)

    outcome = await start(runs, example(f"asyncapi-subscribe-consume-{name}"))

    assert [one["payload"]["number"] for one in outcome.output] == [0, 1, 2]


async def test_every_message_is_emitted_as_an_event(runs: Runs, world: World) -> None:
    runs.http.documents[DOCUMENT] = document(world, "getNotifications")  # type: ignore[attr-defined]
    streaming(world, 3)

    outcome = await start(runs, example("asyncapi-subscribe-consume-forever-foreach"))

    assert outcome.status == "completed"
    emitted = [event["data"]["message"]["payload"]["number"] for event in runs.deps.events.published]  # type: ignore[attr-defined]
    assert emitted == [0, 1, 2]


async def test_a_grpc_service_greets(runs: Runs) -> None:
    data = example("grpc")
    proto = PROTO.replace("greetings", "GreeterApi") + " service Greeter { rpc SayHello (Greeting) returns (Said); }"
    with_ = data["do"][0]["greet"]["with"]
    with_["proto"]["endpoint"] = "https://example.org/greet.proto"  # the example's is a file of the machine it was written on
    runs.http.documents["https://example.org/greet.proto"] = proto  # type: ignore[attr-defined]

    async with greeter(named="GreeterApi.Greeter", said="SayHello") as served:
        with_["service"]["port"] = served.port
        outcome = await start(runs, data, {"user": {"preferredDisplayName": "Ada"}})

    assert outcome.output == {"text": "Hello Ada"}


async def test_an_mcp_server_that_is_allowed_is_started(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = example("mcp")
    stdio = data["do"][0]["publishMessageToSlack"]["with"]["transport"]["stdio"]
    (tmp_path / "slack.py").write_text(SLACK)
    (tmp_path / "npx").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/slack.py"\n')
    (tmp_path / "npx").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    allowed = StdioServer(command="npx", arguments=tuple(stdio["arguments"]), environment=tuple(stdio["environment"]))
    fresh = runs.fresh

    def allowing(**given: Any) -> Any:
        runs.deps = replace(fresh(**given), mcp_stdio=(allowed,))
        return runs.deps

    refused = await start(runs, data)
    monkeypatch.setattr(runs, "fresh", allowing)
    outcome = await start(runs, data)

    assert (refused.error or {})["status"] == 403
    assert outcome.output["content"][0]["text"] == "Hello, world! :wave: in C1234567890 with xoxp-"
