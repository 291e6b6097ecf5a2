"""`call: a2a` against an agent made with the protocol's own kit, and against answers that are wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from graphs.run.http import guarded_http
from tests.unit.run.calls.agent import Agent, agent
from tests.unit.run.harness import Runs, World

HELLO = {"message": {"parts": [{"kind": "text", "text": "${ .words }"}]}}


@pytest.fixture
async def shouter() -> AsyncIterator[Agent]:
    async with agent("0.3", "1.0") as served:
        yield served


def call(method: str = "message/send", parameters: Any = None, **ways: Any) -> dict[str, Any]:
    return {"call": "a2a", "with": {"method": method, **({"parameters": parameters} if parameters else {}), **ways}}


async def test_a_message_is_sent_to_the_agent_of_a_card(runs: Runs, shouter: Agent) -> None:
    outcome = await runs.start([{"ask": call(parameters=HELLO, agentCard=shouter.card)}], {"words": "hello"})

    assert outcome.output["status"]["state"] == "completed"
    assert [part["text"] for part in outcome.output["artifacts"][0]["parts"]] == ["HELLO"]
    assert [one["text"] for one in shouter.heard] == ["hello"]


async def test_a_task_is_fetched_with_parameters_from_an_expression(runs: Runs, shouter: Agent) -> None:
    send = {**call(parameters=HELLO, agentCard=shouter.card), "output": {"as": "{task: .id}"}}
    get = call("tasks/get", "${ {id: .task} }", server={"uri": f"{shouter.url}/rpc"})

    outcome = await runs.start([{"send": send}, {"get": get}], {"words": "hello"})

    assert (outcome.output["kind"], outcome.output["status"]["state"]) == ("task", "completed")


async def test_a_stream_is_a_list_of_its_results(runs: Runs, shouter: Agent) -> None:
    outcome = await runs.start([{"ask": call("message/stream", HELLO, agentCard=shouter.card)}], {"words": "hello"})

    kinds = [(one["kind"], one.get("status", {}).get("state")) for one in outcome.output]
    assert kinds == [
        ("task", "submitted"),
        ("status-update", "working"),
        ("artifact-update", None),
        ("status-update", "completed"),
    ]


async def test_an_agent_that_offers_1_0_only_is_called_by_its_names(runs: Runs) -> None:
    parameters = {"message": {"parts": [{"text": "hello"}]}}
    async with agent("1.0") as served:
        sent = await runs.start([{"ask": call(parameters=parameters, agentCard=served.card)}])
        streamed = await runs.start([{"ask": call("message/stream", parameters, agentCard=served.card)}])
        old = await runs.start([{"ask": call(parameters=parameters, server=f"{served.url}/rpc")}])

    assert sent.output["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert [next(iter(one)) for one in streamed.output] == ["task", "statusUpdate", "artifactUpdate", "statusUpdate"]
    assert "name its card in `agentCard`" in (old.error or {})["detail"]


async def test_an_error_of_the_agent_is_a_runtime_error(runs: Runs, shouter: Agent) -> None:
    outcome = await runs.start([{"get": call("tasks/get", {"id": "no such task"}, server=f"{shouter.url}/rpc")}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("runtime", 500)
    assert error["detail"].startswith(f"the agent at {shouter.url}/rpc answered error -32001: ")


def card_of(world: World, **more: Any) -> None:
    world.json("/card", json.dumps({"name": "X", "url": f"{world.url}/rpc", "protocolVersion": "0.3.0", **more}))


async def test_a_message_gets_its_id_and_role_and_keeps_what_it_has(runs: Runs, world: World) -> None:
    card_of(world)
    world.json("/rpc", '{"jsonrpc": "2.0", "id": 1, "result": {"kind": "message"}}')
    given = {"message": {"role": "agent", "parts": []}, "metadata": {"a": 1}}

    await runs.start([{"one": call(parameters=HELLO, agentCard={"endpoint": f"{world.url}/card"})}], {"words": "hello"})
    await runs.start([{"two": call(parameters=given, agentCard={"endpoint": f"{world.url}/card"})}])

    one, two = (json.loads(request["body"])["params"] for request in world.requests if request["path"] == "/rpc")
    assert (one["message"]["role"], len(one["message"]["messageId"])) == ("user", 36)
    assert (two["message"]["role"], two["metadata"]) == ("agent", {"a": 1})


async def test_credentials_go_to_where_the_card_is_from_and_nowhere_else(runs: Runs, world: World, shouter: Agent) -> None:
    bearer = {"bearer": {"token": "${ $secrets.token }"}}
    card = {"endpoint": {"uri": f"{world.url}/card", "authentication": bearer}}
    world.json("/rpc", '{"jsonrpc": "2.0", "id": 1, "result": {}}')
    top, secrets = {"use": {"secrets": ["token"]}}, {"token": "token-12345"}

    card_of(world)
    await runs.start([{"ask": call("tasks/list", agentCard=card)}], top=top, secrets=secrets)
    card_of(world, url=f"http://localhost:{world.port}/rpc")
    await runs.start([{"ask": call("tasks/list", agentCard=card)}], top=top, secrets=secrets)

    sent = [(request["path"], request["headers"].get("authorization")) for request in world.requests]
    assert sent == [("/card", "Bearer token-12345"), ("/rpc", "Bearer token-12345"), ("/card", "Bearer token-12345"), ("/rpc", None)]


@pytest.mark.parametrize("method", ["tasks/get", "tasks/resubscribe"])
@pytest.mark.parametrize(
    ("answer", "kind", "status", "words"),
    [
        ((401, {}, b"who are you? token-12345"), "communication", 401, "answered 401: who are you? ***"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "communication", 500, "answered with something that is no JSON-RPC"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "communication", 500, "answered with something that is no JSON-RPC"),
        (
            (200, {"Content-Type": "application/json"}, b'{"error": {"code": -32602, "message": "bad token-12345", "data": [1]}}'),
            "runtime", 500, "answered error -32602: bad *** ([1])",
        ),
        ((200, {"Content-Type": "text/event-stream"}, b'data: {"error": {"code": 1, "message": "no"}}\n\n'), "runtime", 500, "error 1: no"),
    ],
)  # fmt: skip
async def test_wrong_answers_end_in_words(runs: Runs, world: World, method: str, answer: Any, kind: str, status: int, words: str) -> None:
    if method == "tasks/get" and answer[1].get("Content-Type") == "text/event-stream":
        answer = (200, {"Content-Type": "application/json"}, answer[2].removeprefix(b"data: "))
    world.on("/rpc", lambda _request: answer)
    server = {"uri": f"{world.url}/rpc", "authentication": {"bearer": {"token": "${ $secrets.token }"}}}

    outcome = await runs.start(
        [{"ask": call(method, {"id": "x"}, server=server)}], top={"use": {"secrets": ["token"]}}, secrets={"token": "token-12345"}
    )

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == (kind, status)
    assert words in error["detail"]


async def test_a_card_that_offers_no_json_rpc_is_refused(runs: Runs, world: World) -> None:
    card_of(world, preferredTransport="GRPC")

    outcome = await runs.start([{"ask": call("tasks/list", agentCard={"endpoint": f"{world.url}/card"})}])

    assert "offers GRPC 0.3.0, and JSONRPC in version 0.3 or 1.0 is needed" in (outcome.error or {})["detail"]


@pytest.mark.parametrize("method", ["message/send", "message/stream"])
async def test_an_agent_at_an_address_that_is_not_allowed_is_not_called(runs: Runs, world: World, method: str) -> None:
    card_of(world, url="http://169.254.169.254/rpc")

    outcome = await runs.start([{"ask": call(method, {"message": {}}, agentCard={"endpoint": f"{world.url}/card"})}])

    assert (outcome.error or {})["status"] == 403


@pytest.mark.parametrize("method", ["message/send", "message/stream"])
async def test_a_killed_message_is_asked_about_and_has_the_same_id_when_it_is_sent_again(runs: Runs, shouter: Agent, method: str) -> None:
    shouter.hold = asyncio.Event()

    await runs.kill_when(lambda: bool(shouter.heard), [{"ask": call(method, HELLO, agentCard=shouter.card)}], {"words": "hello"})
    waiting = await runs.after_kill()
    shouter.hold.set()
    runs.mailbox.answer(waiting.awaited[0].path, {"happened": False})
    done = await runs.after_kill()

    assert [one.kind for one in waiting.awaited] == ["outcome-unknown"]
    assert done.status == "completed"
    assert [one["id"] for one in shouter.heard] == [shouter.heard[0]["id"]] * 2


async def test_a_killed_read_is_simply_repeated(runs: Runs, world: World) -> None:
    held = asyncio.Event()

    async def slowly(_request: Any) -> Any:
        await held.wait()
        return 200, {"Content-Type": "application/json"}, b'{"jsonrpc": "2.0", "id": 1, "result": {"id": "x"}}'

    world.on("/rpc", slowly)
    await runs.kill_when(lambda: world.seen("/rpc") == 1, [{"get": call("tasks/get", {"id": "x"}, server=f"{world.url}/rpc")}])
    held.set()

    assert (await runs.after_kill()).output == {"id": "x"}


async def test_an_endless_event_is_cut_off(runs: Runs, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphs.run.tasks.a2a_call.MOST_BYTES", 1000)
    world.on(
        "/rpc", lambda _request: (200, {"Content-Type": "text/event-stream"}, b'data: {"result": {"text": "' + b"x" * 5000 + b'"}}\n\n')
    )

    async with guarded_http(["127.0.0.0/8"]) as http:
        runs.http = http
        outcome = await runs.start([{"ask": call("tasks/resubscribe", {"id": "x"}, server=f"{world.url}/rpc")}])

    assert (outcome.error or {})["title"] == "Answer too large"
