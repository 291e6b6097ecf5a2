"""`call: grpc` against a real server on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from graphs.run.http import guarded_http
from graphs.run.tasks.grpc_call import STATUSES
from tests.unit.run.calls.certificates import certificate_for
from tests.unit.run.calls.greeter import PROTO, Greeter, greeter
from tests.unit.run.harness import Runs, World


@pytest.fixture
async def served(world: World) -> AsyncIterator[Greeter]:
    world.on("/greet.proto", lambda _request: (200, {}, PROTO.encode()))
    async with greeter() as server:
        yield server


def call(world: World, served: Greeter, method: str = "Say", arguments: Any = None, **more: Any) -> dict[str, Any]:
    service = {"name": "greetings.Greeter", "host": "localhost", "port": served.port, **more.pop("service", {})}
    proto = {"endpoint": f"{world.url}/greet.proto"}
    return {"call": "grpc", "with": {"proto": proto, "service": service, "method": method, "arguments": arguments or {}}, **more}


async def test_a_unary_call_sends_expressions_and_gives_the_message(runs: Runs, world: World, served: Greeter) -> None:
    task = call(world, served, arguments={"name": "${ .user.name }", "at": "2026-01-02T03:04:05Z"})

    outcome = await runs.start([{"greet": task}], {"user": {"name": "Ada"}})

    assert outcome.output == {
        "text": "Hello Ada", "number": 0, "languages": [], "large": str(2**40), "at": "2026-01-02T03:04:05Z",
    }  # fmt: skip


async def test_streams_are_collected_and_a_streaming_method_gets_one_message(runs: Runs, world: World, served: Greeter) -> None:
    texts = {"as": '${ if type == "array" then map(.text) else [.text] end }'}
    said = {}
    for method in ("Repeat", "Gather", "Chat"):
        task = call(world, served, method, {"name": "Ada", "times": 2}, output=texts)
        said[method] = (await runs.start([{"greet": task}])).output

    assert said == {"Repeat": ["Hello Ada", "Hello Ada"], "Gather": ["Hello Ada"], "Chat": ["You are Ada"]}


async def test_authentication_is_metadata_and_the_service_may_go_without_its_package(runs: Runs, world: World, served: Greeter) -> None:
    service = {"name": "Greeter", "authentication": {"bearer": {"token": "${ $secrets.token }"}}}
    task = call(world, served, arguments={"name": "Ada"}, service=service)

    await runs.start([{"greet": task}], top={"use": {"secrets": ["token"]}}, secrets={"token": "token-12345"})

    assert [(one["authorization"], len(one["idempotency-key"])) for one in served.calls] == [("Bearer token-12345", 32)]


@pytest.mark.parametrize(("name", "status"), sorted(STATUSES.items()))
async def test_every_status_has_one_of_http(runs: Runs, world: World, served: Greeter, name: str, status: int) -> None:
    served.status = grpc.StatusCode[name]
    service = {"authentication": {"bearer": {"token": "${ $secrets.token }"}}}
    task = call(world, served, arguments={"name": "Ada"}, service=service)

    outcome = await runs.start([{"greet": task}], top={"use": {"secrets": ["token"]}}, secrets={"token": "token-12345"})

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("communication", status)
    assert (
        error["detail"] == f"localhost:{served.port}/greetings.Greeter/Say answered {name}: the greeter is not in the mood, and knows ***"
    )


@pytest.mark.parametrize(
    ("changed", "kind", "status", "words"),
    [
        ({"method": "Shout"}, "configuration", 400, "greetings.Greeter has no method 'Shout'; it has Say, Repeat, Gather, Chat"),
        ({"service": {"name": "Other"}}, "configuration", 400, "the .proto text has no service 'Other'; it has greetings.Greeter"),
        ({"arguments": {"nme": "Ada"}}, "validation", 400, "the arguments do not fit greetings.Greeting: Message type"),
        ({"arguments": {"times": "many"}}, "validation", 400, "the arguments do not fit greetings.Greeting: Failed to parse times"),
        ({"service": {"port": 1}}, "communication", 500, "no answer from localhost:1: connection refused"),
        ({"service": {"authentication": {"bearer": {"token": "two\nlines"}}}}, "configuration", 400, "characters that cannot be sent"),
        ({"service": {"host": "169.254.169.254"}}, "authorization", 403, "169.254.169.254 is a cloud metadata service, which"),
        ({"metadata": {"parley": {"tls": True}}}, "communication", 500, "it does not speak gRPC over TLS"),
    ],
)  # fmt: skip
async def test_what_can_go_wrong_is_said(
    runs: Runs, world: World, served: Greeter, changed: dict[str, Any], kind: str, status: int, words: str
) -> None:
    outcome = await runs.start([{"greet": call(world, served, **changed)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == (kind, status)
    assert words in error["detail"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('syntax = "proto3"; import "others.proto";', "it imports 'others.proto', and only google/protobuf/… can be imported"),
        ('syntax = "proto3";\nmessage X { strin name = 1; }', 'line 2:13: "strin" is not defined.'),
        ('syntax = "proto3"; import "../../../etc/passwd";', "only google/protobuf/… can be imported"),
    ],
)
async def test_a_text_that_is_no_proto_is_refused_in_words(runs: Runs, world: World, served: Greeter, text: str, words: str) -> None:
    world.on("/greet.proto", lambda _request: (200, {}, text.encode()))

    outcome = await runs.start([{"greet": call(world, served)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("configuration", 400)
    assert words in error["detail"]


async def test_a_file_of_this_machine_is_never_read(runs: Runs, world: World, served: Greeter) -> None:
    task = call(world, served)
    task["with"]["proto"] = {"endpoint": "file:///etc/passwd"}

    outcome = await runs.start([{"greet": task}])

    assert "'file:///etc/passwd' is not a URL that can be called" in (outcome.error or {})["detail"]


async def test_tls_is_spoken_where_asked_for_and_the_certificate_is_for_the_name(runs: Runs, world: World, served: Greeter) -> None:
    key, certificate = certificate_for("localhost")
    trusting = ssl.create_default_context(cadata=certificate.decode())
    said = []
    async with greeter(grpc.ssl_server_credentials([(key, certificate)])) as secure, guarded_http(["127.0.0.0/8"], tls=trusting) as http:
        for client, host in ((http, "localhost"), (http, "127.0.0.1"), (runs.http, "localhost")):
            runs.http = client
            task = call(world, secure, arguments={"name": "Ada"}, service={"host": host}, metadata={"parley": {"tls": True}})
            said.append((await runs.start([{"greet": task}])).status)

    assert said == ["completed", "faulted", "faulted"]
    assert len(secure.calls) == 1


async def test_nothing_is_sent_to_an_address_that_is_not_allowed(runs: Runs, world: World, served: Greeter) -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.7", "127.0.0.1"]

    async with guarded_http(["127.0.0.0/8"], resolve=resolve) as http:
        runs.http = http
        outcome = await runs.start([{"greet": call(world, served)}])

    assert (outcome.error or {})["status"] == 403
    assert served.calls == []


async def test_a_killed_call_is_not_repeated_unless_the_definition_says_it_may(runs: Runs, world: World, served: Greeter) -> None:
    served.hold = asyncio.Event()

    await runs.kill_when(lambda: bool(served.calls), [{"greet": call(world, served, arguments={"name": "Ada"})}])
    waiting = await runs.after_kill()
    await runs.kill_when(
        lambda: len(served.calls) == 2,
        [{"greet": call(world, served, arguments={"name": "Ada"}, metadata={"parley": {"idempotent": True}})}],
    )
    served.hold.set()
    done = await runs.after_kill()

    assert [one.kind for one in waiting.awaited] == ["outcome-unknown"]
    assert (waiting.awaited[0].form or {})["message"].startswith(
        f"The work stopped after 'gRPC localhost:{served.port}/greetings.Greeter/Say'"
    )
    assert (done.status, len(served.calls)) == ("completed", 3)
    assert served.calls[1]["idempotency-key"] == served.calls[2]["idempotency-key"]
