"""`call: asyncapi` over HTTP, MQTT and WebSocket on loopback, with documents of both versions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import websockets.asyncio.server

from graphs.run.asyncapi.broker import Outgoing, Target
from graphs.run.asyncapi.messages import Incoming
from graphs.run.hosts import Hosts
from graphs.run.http import guarded_http
from graphs.run.memory_ports import SystemClock
from tests.unit.run.calls.certificates import certificate_for
from tests.unit.run.calls.gnat import gnat
from tests.unit.run.calls.mosquito import Mosquito, mosquito, user_property
from tests.unit.run.harness import Runs, World, until
from tests.unit.run.test_waiting import MovableClock

READING = {"type": "object", "required": ["degrees"], "properties": {"degrees": {"$ref": "#/components/schemas/Degrees"}}}
SCHEMAS = {"Degrees": {"type": "number", "maximum": 60}}


def described(url: str, *, version: int = 3, **more: Any) -> dict[str, Any]:
    """Return a document with one server at *url*, and the channel `rooms/kitchen` with the message of READING."""
    protocol, _, rest = url.partition("://")
    server = {"protocol": protocol, **more.pop("server", {})}
    message = {"payload": READING, **more.pop("message", {})}
    bindings = more.pop("bindings", {})
    if version == 2:
        operation = {"message": {"$ref": "#/components/messages/Reading"}, "bindings": bindings}
        channel = {"publish": {"operationId": "tell", **operation}, "subscribe": {"operationId": "hear", **operation}}
        components = {"messages": {"Reading": message}, "schemas": SCHEMAS}
        servers = {"broker": {"url": url, **server}}
        return {"asyncapi": "2.6.0", "servers": servers, "channels": {"rooms/kitchen": channel}, "components": components, **more}
    channel = {"address": "rooms/kitchen", "messages": {"Reading": message}, "servers": [{"$ref": "#/servers/broker"}]}
    operation = {"channel": {"$ref": "#/channels/kitchen"}, "bindings": bindings}
    operations = {"tell": {"action": "receive", **operation}, "hear": {"action": "send", **operation}}
    servers = {"other": {"host": "example.org", "protocol": "kafka"}, "broker": {"host": rest, **server}}
    found = {"asyncapi": "3.0.0", "servers": servers, "channels": {"kitchen": channel}, "operations": operations}
    return {**found, "components": {"schemas": SCHEMAS}, **more}


def publish(world: World, document: dict[str, Any], payload: Any, *, headers: Any = None, **more: Any) -> dict[str, Any]:
    world.json("/asyncapi.json", json.dumps(document))
    message = {"payload": payload, **({"headers": headers} if headers else {})}
    given = {"operation": "tell", "message": message, **more.pop("given", {})}
    return {"call": "asyncapi", "with": {"document": {"endpoint": f"{world.url}/asyncapi.json"}, **given}, **more}


def subscribe(world: World, document: dict[str, Any], consume: Any, **more: Any) -> dict[str, Any]:
    world.json("/asyncapi.json", json.dumps(document))
    subscription = {"consume": consume, **more.pop("subscription", {})}
    given = {"operation": "hear", "subscription": subscription, **more.pop("given", {})}
    return {"call": "asyncapi", "with": {"document": {"endpoint": f"{world.url}/asyncapi.json"}, **given}, **more}


@pytest.fixture
async def broker() -> AsyncIterator[Mosquito]:
    async with mosquito() as served:
        yield served


def mqtt(broker: Mosquito, protocol: str = "mqtt") -> str:
    return f"{protocol}://127.0.0.1:{broker.port}"


# publishing


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("protocol", "spoken"), [("mqtt", 4), ("mqtt5", 5)])
async def test_a_message_is_published_over_mqtt(
    runs: Runs, world: World, broker: Mosquito, version: int, protocol: str, spoken: int
) -> None:
    document = described(mqtt(broker, protocol), version=version)

    outcome = await runs.start([{"tell": publish(world, document, {"degrees": "${ .degrees }"})}], {"degrees": 21.5})

    assert (outcome.status, outcome.output) == ("completed", None)
    assert broker.published == [("rooms/kitchen", b'{"degrees":21.5}')]
    assert [(one["version"], one["clean"]) for one in broker.connects] == [(spoken, True)]


async def test_headers_are_properties_of_mqtt_5_and_refused_by_3(runs: Runs, world: World, broker: Mosquito) -> None:
    new, old = described(mqtt(broker, "mqtt5"), bindings={"mqtt": {"retain": True}}), described(mqtt(broker))

    done = await runs.start([{"tell": publish(world, new, {"degrees": 1}, headers={"room": "kitchen"})}])
    refused = await runs.start([{"tell": publish(world, old, {"degrees": 1}, headers={"room": "kitchen"})}])

    assert (done.status, broker.retained) == ("completed", [True])
    assert user_property("room", "kitchen") in broker.held[0]
    assert (refused.error or {})["detail"].startswith("MQTT 3.1.1 has no headers")


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"basic": {"username": "ada", "password": "${ $secrets.key }"}}, ("ada", "key-12345")),
        ({"bearer": {"token": "${ $secrets.key }"}}, ("", "key-12345")),
    ],
)
async def test_authentication_is_the_login_of_mqtt(runs: Runs, world: World, broker: Mosquito, scheme: Any, expected: Any) -> None:
    broker.user = expected
    top, secrets = {"use": {"secrets": ["key"]}}, {"key": "key-12345"}
    document = described(mqtt(broker))

    done = await runs.start(
        [{"tell": publish(world, document, {"degrees": 1}, given={"authentication": scheme})}], top=top, secrets=secrets
    )
    refused = await runs.start([{"tell": publish(world, document, {"degrees": 1})}])

    assert done.status == "completed"
    assert (refused.error or {})["type"].endswith("/communication")
    assert "not authori" in (refused.error or {})["detail"].lower()


async def test_a_message_is_posted_over_http(runs: Runs, world: World) -> None:
    world.on("/v1/rooms/kitchen", lambda _request: (202, {}, b""))
    document = described(f"{world.url}/v1", version=2, bindings={"http": {"method": "PUT"}}, defaultContentType="application/vnd.room+json")
    task = publish(
        world, document, {"degrees": 1}, headers={"X-Room": "kitchen"}, given={"authentication": {"bearer": {"token": "abcdef"}}}
    )

    outcome = await runs.start([{"tell": task}])

    sent = next(request for request in world.requests if request["path"] == "/v1/rooms/kitchen")
    wanted = {"x-room": "kitchen", "content-type": "application/vnd.room+json", "authorization": "Bearer abcdef"}
    assert (outcome.status, sent["method"], sent["body"]) == ("completed", "PUT", b'{"degrees":1}')
    assert {name: sent["headers"][name] for name in wanted} == wanted


async def test_a_status_over_http_is_the_errors(runs: Runs, world: World) -> None:
    outcome = await runs.start([{"tell": publish(world, described(world.url), {"degrees": 1})}])

    assert ((outcome.error or {})["status"], (outcome.error or {})["type"].rpartition("/")[2]) == (404, "communication")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "its payload: it needs 'degrees'"),
        ({"degrees": 100}, "its payload: 'degrees' must be at most 60"),
    ],
)
async def test_a_message_that_does_not_fit_is_not_sent(
    runs: Runs, world: World, broker: Mosquito, version: int, payload: Any, words: str
) -> None:
    outcome = await runs.start([{"tell": publish(world, described(mqtt(broker), version=version), payload)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("validation", 400)
    assert words in error["detail"]
    assert broker.connects == []


@pytest.mark.parametrize(
    ("changed", "given", "words"),
    [
        ({}, {"operation": "shout"}, "has no operation 'shout'; it has 'tell', 'hear'"),
        ({}, {"server": {"name": "staging"}}, "has no server 'staging' for this operation; it has 'broker' (mqtt)"),
        ({}, {"protocol": "kafka"}, "has no server that speaks kafka for this operation; it has 'broker' (mqtt)"),
        ({"server": {"protocol": "stomp"}}, {}, "nothing installed here speaks stomp: install a package that has 'stomp' in"),
        ({"asyncapi": "1.2.0"}, {}, "is AsyncAPI '1.2.0', and version 2 or 3 is needed"),
        ({"operations": {"tell": {"$ref": "https://example.org/x.json#/tell"}}}, {}, "only references inside the document are followed"),
        ({"operations": {"tell": {"$ref": "#/operations/tell"}}}, {}, "references that refer to each other without end"),
        ({"operations": {"tell": {"$ref": "#/nowhere"}}}, {}, "refers to '#/nowhere', which is not in it"),
        ({"server": {"host": "{town}.example.org"}}, {}, "the variable 'town' of the server 'broker'"),
        ({"server": {"host": "ada:secret@example.org"}}, {}, "carries a user name: use `with.authentication`"),
        ({"message": {"payload": {"type": "nothing"}}}, {}, "has a schema that cannot be used"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_document_is_said(
    runs: Runs, world: World, broker: Mosquito, changed: Any, given: Any, words: str
) -> None:
    outcome = await runs.start([{"tell": publish(world, described(mqtt(broker), **changed), {"degrees": 1}, given=given)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("configuration", 400)
    assert words in error["detail"]


async def test_a_server_is_chosen_by_name_or_protocol_and_its_variables_filled(runs: Runs, world: World, broker: Mosquito) -> None:
    variables = {"end": {"enum": ["1", str(broker.port)], "default": "1"}}
    servers = {
        "quiet": {"host": "127.0.0.1:1", "protocol": "ws"},
        "broker": {"host": "127.0.0.1:{end}", "protocol": "mqtt", "variables": variables},
    }
    document = described(mqtt(broker), servers=servers)
    document["channels"]["kitchen"].pop("servers")
    filled = {"server": {"name": "broker", "variables": {"end": "${ .port }"}}}

    named = await runs.start([{"tell": publish(world, document, {"degrees": 1}, given=filled)}], {"port": broker.port})
    by_protocol = await runs.start([{"tell": publish(world, document, {"degrees": 1}, given={"protocol": "mqtt"})}])
    refused = {"server": {"name": "broker", "variables": {"end": "2"}}}
    wrong = await runs.start([{"tell": publish(world, document, {"degrees": 1}, given=refused)}])

    assert (named.status, len(broker.published)) == ("completed", 1)
    assert (by_protocol.error or {})["detail"].startswith("no answer from mqtt://127.0.0.1:1: ")
    assert "must be one of 1, " in (wrong.error or {})["detail"]


@pytest.mark.parametrize("protocol", ["http", "mqtt", "mqtt5", "ws", "nats"])
@pytest.mark.parametrize("way", ["publish", "subscribe"])
async def test_no_protocol_reaches_an_address_that_is_not_allowed(runs: Runs, world: World, protocol: str, way: str) -> None:
    document = described(f"{protocol}://169.254.169.254")
    task = publish(world, document, {"degrees": 1}) if way == "publish" else subscribe(world, document, {"amount": 1})

    outcome = await runs.start([{"call": task}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("authorization", 403)


@pytest.mark.parametrize("protocol", ["http", "mqtt", "ws"])
@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".org"])
async def test_a_host_that_does_not_exist_is_no_answer(runs: Runs, world: World, protocol: str, host: str) -> None:
    async def resolve(wanted: str, port: int) -> list[str]:
        if wanted == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = await asyncio.get_running_loop().getaddrinfo(wanted, port)
        return [str(one[4][0]) for one in found]

    async with guarded_http(["127.0.0.0/8"], resolve=resolve) as http:
        runs.http = http
        outcome = await runs.start([{"tell": publish(world, described(f"{protocol}://{host}"), {"degrees": 1})}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("communication", 500)
    assert host in error["detail"]


async def test_of_several_addresses_the_first_that_answers_is_used(runs: Runs, world: World, broker: Mosquito) -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["127.0.0.9", "127.0.0.1"]

    async with guarded_http(["127.0.0.0/8"], resolve=resolve) as http:
        runs.http = http
        outcome = await runs.start([{"tell": publish(world, described(f"mqtt://broker.example:{broker.port}"), {"degrees": 1})}])

    assert (outcome.error, len(broker.published)) == (None, 1)


async def test_another_protocol_comes_with_a_package(runs: Runs, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **wanted: [Packaged] if wanted == PACKAGED else [])
    document = described("redis://127.0.0.1:4222")

    told = await runs.start([{"tell": publish(world, document, {"degrees": 1}, headers={"a": "b"})}])
    heard = await runs.start([{"hear": subscribe(world, document, {"amount": 1})}])

    assert (told.status, told.error) == ("completed", None)
    assert heard.output == [{"payload": {"degrees": 1}, "headers": {"a": "b"}}]


@pytest.mark.parametrize("token", ["key-12345", "another"])
async def test_nats_is_spoken_where_its_extra_is_installed(runs: Runs, world: World, token: str) -> None:
    top, secrets = {"use": {"secrets": ["key"]}}, {"key": token}
    given = {"authentication": {"bearer": {"token": "${ $secrets.key }"}}}
    async with gnat() as served:
        served.token = "key-12345"
        document = described(f"nats://127.0.0.1:{served.port}")
        told = await runs.start(
            [{"tell": publish(world, document, {"degrees": 1}, headers={"room": "kitchen"}, given=given)}], top=top, secrets=secrets
        )
        asked = asyncio.create_task(
            runs.start([{"hear": subscribe(world, document, {"amount": 2}, given=given)}], top=top, secrets=secrets)
        )
        await until(lambda: bool(served.listeners) or asked.done())
        for one in (b'{"degrees": 2}', b'{"degrees": 3}'):
            served.send("rooms/kitchen", one, b"NATS/1.0\r\nroom: kitchen\r\n\r\n")
        heard = await asked

    if token == "another":
        assert {(one.error or {})["type"].rpartition("/")[2] for one in (told, heard)} == {"communication"}
        assert "Authorization Violation" in (told.error or {})["detail"]
        return
    assert (told.error, heard.error) == (None, None)
    assert [(subject, payload) for subject, _, payload in served.published] == [("rooms/kitchen", b'{"degrees":1}')]
    assert b"room: kitchen" in served.published[0][1]
    assert heard.output == [{"payload": {"degrees": one}, "headers": {"room": "kitchen"}} for one in (2, 3)]


async def test_an_extra_that_is_missing_is_named(runs: Runs, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)

    outcome = await runs.start([{"tell": publish(world, described("nats://127.0.0.1:4222"), {"degrees": 1})}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("configuration", 400)
    assert error["detail"] == "the extra 'nats' is not installed here: pip install 'parley-workflows[nats]'"


PACKAGED = {"group": "parley.brokers", "name": "redis"}


class Packaged:
    """A package's entry point, and the broker it names."""

    kept: ClassVar[list[Incoming]] = []

    @classmethod
    def load(cls) -> type[Packaged]:
        return cls

    async def publish(self, target: Target, message: Outgoing) -> None:
        assert target.where == "redis://127.0.0.1:4222/rooms/kitchen"
        self.kept.append(Incoming(json.dumps(message.payload).encode(), message.headers, message.content_type))

    @contextlib.asynccontextmanager
    async def subscribe(self, target: Target, after: str) -> AsyncIterator[Packaged]:
        assert (target.address, after) == ("rooms/kitchen", "")
        yield self

    async def forget(self, target: Target) -> None:
        return None

    async def next(self) -> Incoming | None:
        return self.kept.pop(0)

    async def settle(self, message: Incoming) -> None:
        return None


@pytest.mark.parametrize("protocol", ["mqtt", "ws"])
async def test_half_a_character_is_not_sent(runs: Runs, world: World, broker: Mosquito, protocol: str) -> None:
    document = described(f"{protocol}://127.0.0.1:{broker.port}")
    async with websockets.asyncio.server.serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0) as server:
        if protocol == "ws":
            document = described(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")
        outcome = await runs.start([{"tell": publish(world, document, {"degrees": 1, "note": "\ud800"})}])

    assert (outcome.error or {})["type"].endswith("/validation")


async def test_mqtt_over_tls_checks_the_certificate_against_the_name(runs: Runs, world: World, tmp_path: Path) -> None:
    key, certificate = certificate_for("localhost")
    (tmp_path / "both.pem").write_bytes(key + certificate)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(tmp_path / "both.pem")
    trusting = ssl.create_default_context(cadata=certificate.decode())
    said = []
    async with mosquito(own) as broker, guarded_http(["127.0.0.0/8"], tls=trusting) as http:
        for client, host in ((http, "localhost"), (http, "127.0.0.1"), (runs.http, "localhost")):
            runs.http = client
            document = described(f"mqtts://{host}:{broker.port}")
            outcome = await runs.start([{"tell": publish(world, document, {"degrees": 1})}])
            said.append((outcome.error or {"title": outcome.status})["title"].partition(" (")[0])

    assert said == ["completed", *["No answer: its certificate is not trusted"] * 2]
    assert len(broker.published) == 1


async def test_a_killed_publishing_is_asked_about_and_not_repeated(runs: Runs, world: World, broker: Mosquito) -> None:
    broker.deaf = True
    document = described(mqtt(broker))

    await runs.kill_when(lambda: len(broker.published) == 1, [{"tell": publish(world, document, {"degrees": 1})}])
    waiting = await runs.after_kill()

    assert [one.kind for one in waiting.awaited] == ["outcome-unknown"]
    assert f"'publish to mqtt://127.0.0.1:{broker.port}/rooms/kitchen'" in (waiting.awaited[0].form or {})["message"]
    assert len(broker.published) == 1


# subscribing


@contextlib.contextmanager
def speaking(broker: Mosquito, *degrees: float, properties: bytes = b"") -> Iterator[None]:
    """Send readings as soon as somebody listens."""

    async def speak() -> None:
        await until(lambda: bool(broker.listening))
        for one in degrees:
            broker.send("rooms/kitchen", json.dumps({"degrees": one}).encode(), properties)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("protocol", ["mqtt", "mqtt5"])
@pytest.mark.parametrize(
    "consume",
    [{"amount": 2}, {"until": "${ length == 2 }"}, {"while": "${ length < 2 }"}, {"until": "${ any(.[]; .payload.degrees == 3) }"}],
)
async def test_messages_are_taken_until_there_are_enough(
    runs: Runs, world: World, broker: Mosquito, version: int, protocol: str, consume: Any
) -> None:
    document = described(mqtt(broker, protocol), version=version)
    task = subscribe(world, document, consume, subscription={"filter": "${ .payload.degrees != 2 }"})

    with speaking(broker, 1, 2, 3, 4):
        outcome = await runs.start([{"hear": task}])

    assert outcome.output == [{"payload": {"degrees": one}, "headers": {}} for one in (1, 3)]
    assert broker.listening == []
    assert broker.received[:3] == [1, 2, 3]


async def test_headers_and_correlation_come_with_a_message(runs: Runs, world: World, broker: Mosquito) -> None:
    document = described(mqtt(broker, "mqtt5"), message={"correlationId": {"location": "$message.header#/of"}})

    with speaking(broker, 1, properties=user_property("of", "order-7")):
        outcome = await runs.start([{"hear": subscribe(world, document, {"amount": 1})}])

    assert outcome.output == [{"payload": {"degrees": 1}, "headers": {"of": "order-7"}, "correlationId": "order-7"}]


async def test_foreach_works_on_each_message_before_the_next(runs: Runs, world: World, broker: Mosquito) -> None:
    foreach = {
        "item": "reading",
        "at": "number",
        "do": [{"look": {"set": {"seen": "${ [$number, $reading.payload.degrees, .payload.degrees] }"}}}],
        "output": {"as": ".seen"},
        "export": {"as": "${ ($context.all // []) + [.] | {all: .} }"},
    }
    task = subscribe(world, described(mqtt(broker)), {"until": "${ ($context.all | length) == 2 }"}, subscription={"foreach": foreach})

    with speaking(broker, 10, 20, 30):
        outcome = await runs.start([{"hear": task}, {"tell": {"set": "${ {out: ., context: $context} }"}}])

    seen = [[0, 10, 10], [1, 20, 20]]
    assert outcome.output == {"out": seen, "context": {"all": seen}}
    assert [row.path for row in runs.journal.rows if "foreach" in row.path] == [
        "/do/0/hear/foreach[0]/0/look", "/do/0/hear/foreach[0]", "/do/0/hear/foreach[1]/0/look", "/do/0/hear/foreach[1]",
    ]  # fmt: skip


class JumpingClock(SystemClock):
    """It jumps ahead by so many seconds once the run has a message."""

    def __init__(self, runs: Runs, seconds: float) -> None:
        self._runs = runs
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        heard = any(row.kind == "event" for row in self._runs.journal.rows)
        return super().now() + (self._ahead if heard else timedelta())


async def test_a_subscription_ends_with_its_time(runs: Runs, world: World, broker: Mosquito) -> None:
    task = subscribe(world, described(mqtt(broker)), {"amount": 5, "for": "PT1H"})

    with speaking(broker, 1):
        outcome = await runs.start([{"hear": task}], clock=JumpingClock(runs, 3599.8))

    assert [one["payload"] for one in outcome.output] == [{"degrees": 1}]


async def test_end_inside_foreach_ends_the_workflow(runs: Runs, world: World, broker: Mosquito) -> None:
    foreach = {"do": [{"stop": {"set": {"last": "${ $item.payload.degrees }"}, "then": "end"}}]}
    task = subscribe(world, described(mqtt(broker)), {"while": "${ true }"}, subscription={"foreach": foreach})

    with speaking(broker, 1, 2):
        outcome = await runs.start([{"hear": task}, {"never": {"set": {"reached": True}}}])

    assert outcome.output == [{"last": 1}]


async def test_a_message_that_does_not_fit_its_schema_is_an_error_a_try_can_catch(runs: Runs, world: World, broker: Mosquito) -> None:
    task = subscribe(world, described(mqtt(broker)), {"amount": 2})
    catch = {"errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/validation"}}, "as": "wrong"}

    with speaking(broker, 100):
        outcome = await runs.start(
            [{"guarded": {"try": [{"hear": task}], "catch": {**catch, "do": [{"say": {"set": "${ $wrong.detail }"}}]}}}]
        )

    assert "'degrees' must be at most 60" in outcome.output
    assert broker.listening == []


async def test_after_a_kill_nothing_that_was_received_is_lost_or_taken_twice(runs: Runs, world: World, broker: Mosquito) -> None:
    foreach = {"do": [{"note": {"call": "http", "with": {"method": "post", "endpoint": f"{world.url}/note"}}}]}
    task = subscribe(world, described(mqtt(broker)), {"amount": 3}, subscription={"foreach": foreach})
    noted: list[int] = []
    held = asyncio.Event()

    async def note(_request: Any) -> Any:
        noted.append(len(noted))
        if len(noted) == 2:
            await held.wait()
        return 200, {"Content-Type": "application/json"}, json.dumps(len(noted)).encode()

    world.on("/note", note)
    task["with"]["subscription"]["foreach"]["do"][0]["note"]["metadata"] = {"parley": {"idempotent": True}}

    with speaking(broker, 1, 2, 3):
        await runs.kill_when(lambda: len(noted) == 2, [{"hear": task}])
    kept = [row.output["event"]["payload"]["degrees"] for row in runs.journal.rows if row.kind == "event"]
    held.set()
    done = await runs.after_kill()

    assert kept == [1, 2]
    assert [row.output["event"]["payload"]["degrees"] for row in runs.journal.rows if row.kind == "event"] == [1, 2, 3]
    assert (done.output, len(noted)) == ([1, 3, 4], 4)
    assert len({one["name"] for one in broker.connects}) == 1
    assert broker.listening == []


async def test_the_time_of_a_subscription_holds_over_a_kill(runs: Runs, world: World, broker: Mosquito) -> None:
    task, clock = subscribe(world, described(mqtt(broker)), {"amount": 2, "for": "PT1H"}), MovableClock()

    with speaking(broker, 1):
        await runs.kill_when(lambda: bool(broker.received), [{"hear": task}], clock=clock)
    clock.pass_(3601)
    before = [row.output["deadline"] for row in runs.journal.rows if row.path.endswith("/consume")]
    done = await runs.after_kill()

    assert [one["payload"]["degrees"] for one in done.output] == [1]
    assert [row.output["deadline"] for row in runs.journal.rows if row.path.endswith("/consume")] == before


async def test_a_run_is_let_go_while_foreach_waits_and_the_broker_keeps_what_comes(runs: Runs, world: World, broker: Mosquito) -> None:
    foreach = {"do": [{"ok": {"call": "approve:1.0.0@default", "with": {"title": "${ $item.payload.degrees | tostring }"}}}]}
    task = subscribe(world, described(mqtt(broker)), {"amount": 2}, subscription={"foreach": foreach})

    with speaking(broker, 1):
        parked = await runs.start([{"hear": task}])
    broker.send("rooms/kitchen", b'{"degrees": 2}')
    runs.mailbox.answer(parked.awaited[0].path, {"approved": True, "comment": "", "by": "ada"})
    again = await runs.after_kill()
    runs.mailbox.answer(again.awaited[0].path, {"approved": True, "comment": "", "by": "ada"})
    done = await runs.after_kill()

    asked = [(one.status, [wait.path for wait in one.awaited]) for one in (parked, again)]
    assert asked == [("waiting", [f"/do/0/hear/foreach[{number}]/0/ok"]) for number in (0, 1)]
    assert [one["approved"] for one in done.output] == [True, True]
    assert broker.listening == []


# HTTP and WebSocket


def events(*degrees: float, begin: int = 1) -> bytes:
    return b"".join(f"id: {begin + n}\ndata: {json.dumps({'degrees': one})}\n\n".encode() for n, one in enumerate(degrees))


async def test_server_sent_events_are_taken_up_after_the_last_one(runs: Runs, world: World) -> None:
    def answer(request: dict[str, Any]) -> Any:
        last = request["headers"].get("last-event-id")
        body = b"retry: 1\n\n" + (events(1, 2) if last is None else events(3, 4, begin=3))
        return 200, {"Content-Type": "text/event-stream"}, body

    world.on("/rooms/kitchen", answer)

    outcome = await runs.start([{"hear": subscribe(world, described(world.url), {"amount": 3})}])

    assert [(one["payload"]["degrees"], one["headers"]["id"]) for one in outcome.output] == [(1, "1"), (2, "2"), (3, "3")]
    assert [one["headers"].get("last-event-id") for one in world.requests if one["path"] == "/rooms/kitchen"] == [None, "2"]


async def test_a_killed_stream_goes_on_after_the_last_message_the_journal_has(runs: Runs, world: World) -> None:
    held = asyncio.Event()

    async def answer(request: dict[str, Any]) -> Any:
        last = int(request["headers"].get("last-event-id", 0))
        if last:
            await held.wait()
        return 200, {"Content-Type": "text/event-stream"}, b"retry: 1\n\n" + events(last + 1, begin=last + 1)

    world.on("/rooms/kitchen", answer)
    await runs.kill_when(lambda: world.seen("/rooms/kitchen") == 2, [{"hear": subscribe(world, described(world.url), {"amount": 2})}])
    held.set()

    done = await runs.after_kill()

    assert [one["payload"]["degrees"] for one in done.output] == [1, 2]
    assert [one["headers"].get("last-event-id") for one in world.requests if one["path"] == "/rooms/kitchen"] == [None, "1", "1"]


async def test_lines_of_json_end_with_their_answer(runs: Runs, world: World) -> None:
    world.on("/rooms/kitchen", lambda _request: (200, {"Content-Type": "application/x-ndjson"}, b'{"degrees": 1}\n\n{"degrees": 2}'))

    outcome = await runs.start([{"hear": subscribe(world, described(world.url), {"while": "${ true }"})}])

    assert [one["payload"]["degrees"] for one in outcome.output] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (
            (200, {"Content-Type": "application/json"}, b"{}"),
            500,
            "answered with application/json, and a subscription reads text/event-stream",
        ),
        ((503, {}, b""), 503, "answered 503"),
    ],
)
async def test_an_answer_that_is_no_stream_is_refused(runs: Runs, world: World, answer: Any, status: int, words: str) -> None:
    world.on("/rooms/kitchen", lambda _request: answer)

    outcome = await runs.start([{"hear": subscribe(world, described(world.url), {"amount": 1})}])

    assert (outcome.error or {})["status"] == status
    assert words in (outcome.error or {})["detail"]


async def test_a_websocket_carries_messages_both_ways(runs: Runs, world: World) -> None:
    heard: list[Any] = []

    async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
        assert connection.request is not None
        heard.append((connection.request.path, connection.request.headers.get("Authorization")))
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            for one in (1, 2):
                await connection.send(json.dumps({"degrees": one}))
            heard.extend([frame async for frame in connection])

    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
        document = described(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", server={"pathname": "/v1"})
        given = {"authentication": {"bearer": {"token": "abcdef"}}}
        taken = await runs.start([{"hear": subscribe(world, document, {"amount": 2}, given=given)}])
        told = await runs.start([{"tell": publish(world, document, {"degrees": 3})}])
        await until(lambda: '{"degrees":3}' in heard)

    assert [one["payload"]["degrees"] for one in taken.output] == [1, 2]
    assert told.status == "completed"
    assert heard == [("/v1/rooms/kitchen", "Bearer abcdef"), ("/v1/rooms/kitchen", None), '{"degrees":3}']


async def test_a_websocket_that_is_closed_ends_the_subscription(runs: Runs, world: World) -> None:
    async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
        await connection.send('{"degrees": 1}')

    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
        document = described(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")
        ended = await runs.start([{"hear": subscribe(world, document, {"amount": 2})}])
    gone = await runs.start([{"hear": subscribe(world, described(f"ws://127.0.0.1:{world.port}"), {"amount": 2})}])

    assert [one["payload"]["degrees"] for one in ended.output] == [1]
    assert ((gone.error or {})["status"], (gone.error or {})["type"].rpartition("/")[2]) == (404, "communication")


# a host that keeps failing


@pytest.mark.parametrize("protocol", ["http", "ws", "mqtt", "mqtt5", "nats"])
@pytest.mark.parametrize("way", ["hear", "tell"])
async def test_a_broker_that_does_not_answer_is_left_alone_after_some_failures(runs: Runs, world: World, protocol: str, way: str) -> None:
    document = described(f"{protocol}://127.0.0.1:1")
    task = subscribe(world, document, {"amount": 1}) if way == "hear" else publish(world, document, {"degrees": 1})
    async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=2)) as http:
        runs.http = http

        titles = [((await runs.start([{"call": task}])).error or {})["title"].partition(":")[0] for _ in range(3)]

    assert titles == ["No answer", "No answer", "Not sent"]


async def test_a_broker_that_refuses_a_login_is_not_left_alone(runs: Runs, world: World, broker: Mosquito) -> None:
    broker.user = ("ada", "right")
    async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=2)) as http:
        runs.http = http

        said = [(await runs.start([{"tell": publish(world, described(mqtt(broker)), {"degrees": 1})}])).error or {} for _ in range(3)]

    assert ["not authori" in one["detail"].lower() for one in said] == [True] * 3


@pytest.mark.parametrize(("status", "said"), [(404, [404, 404, 404]), (503, [503, 503, 500])])
async def test_a_stream_whose_server_is_overloaded_counts_and_one_that_is_not_found_does_not(
    runs: Runs, world: World, status: int, said: list[int]
) -> None:
    other = World()  # the document's own server answers
    await other.open()
    other.on("/rooms/kitchen", lambda _request: (status, {}, b""))
    task = subscribe(world, described(other.url), {"amount": 1})
    async with guarded_http(["127.0.0.0/8"], hosts=Hosts(failures=2)) as http:
        runs.http = http

        errors = [(await runs.start([{"hear": task}])).error or {} for _ in range(3)]

    await other.close()
    assert [one["status"] for one in errors] == said


async def test_a_stream_takes_a_turn_while_it_is_opened_and_none_while_it_is_open(runs: Runs, world: World) -> None:
    """The foreach of a subscription calls the very host it listens to, of which one request may go at a time."""
    world.on("/rooms/kitchen", lambda _request: (200, {"Content-Type": "text/event-stream"}, events(1, 2)))
    world.json("/note", "1")
    foreach = {"do": [{"note": {"call": "http", "with": {"method": "post", "endpoint": f"{world.url}/note"}}}]}
    async with guarded_http(["127.0.0.0/8"], hosts=Hosts(at_once=1)) as http:
        runs.http = http

        outcome = await runs.start([{"hear": subscribe(world, described(world.url), {"amount": 2}, subscription={"foreach": foreach})}])

    assert (outcome.output, world.seen("/note")) == ([1, 1], 2)
