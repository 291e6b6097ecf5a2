"""Calls that sign in, and operations of documents, under a kill at every moment: nothing unknown is called known."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.unit.run.harness import Runs, Tasks, World

API = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "/"}],
    "paths": {"/pay": {"post": {"operationId": "pay", "requestBody": {"content": {"application/json": {}}}, "responses": {}}}},
}


def hang(world: World, path: str, answer: str) -> asyncio.Event:
    """Let *path* take requests and answer none until the event is set."""
    free = asyncio.Event()

    async def wait(_request: Any) -> Any:
        await free.wait()
        return 200, {"Content-Type": "application/json"}, answer.encode()

    world.on(path, lambda request: wait(request))
    return free


def pay(world: World) -> Tasks:
    options = {"document": {"endpoint": f"{world.url}/api.json"}, "operationId": "pay", "parameters": {"amount": "${ .amount }"}}
    return [{"first": {"set": {"amount": 3}}}, {"pay": {"call": "openapi", "with": options}}]


async def test_an_operation_cut_before_its_result_was_stored_stops_at_outcome_unknown(runs: Runs, world: World) -> None:
    world.json("/api.json", json.dumps(API))
    free = hang(world, "/pay", '{"paid": true}')
    await runs.kill_when(lambda: world.seen("/pay") == 1, pay(world))
    free.set()

    waiting = await runs.after_kill()
    runs.mailbox.answer("/do/1/pay", {"happened": False})
    done = await runs.go_on()

    assert [(one.kind, one.path) for one in waiting.awaited] == [("outcome-unknown", "/do/1/pay")]
    assert (done.output, world.seen("/pay")) == ({"paid": True}, 2)
    first, second = (request for request in world.requests if request["path"] == "/pay")
    assert (first["headers"]["idempotency-key"], first["body"]) == (second["headers"]["idempotency-key"], b'{"amount":3}')


async def test_an_operation_cut_while_its_document_was_fetched_is_called_once(runs: Runs, world: World) -> None:
    free = hang(world, "/api.json", json.dumps(API))
    world.json("/pay", '{"paid": true}')
    await runs.kill_when(lambda: world.seen("/api.json") == 1, pay(world))
    free.set()

    assert (await runs.after_kill()).output == {"paid": True}
    assert (world.seen("/api.json"), world.seen("/pay")) == (2, 1)


async def test_a_call_cut_while_its_token_was_asked_for_is_made_once(runs: Runs, world: World) -> None:
    """What was done before is durable by then, since the request for the token may hold it."""
    free = hang(world, "/oauth2/token", '{"access_token": "t-1"}')
    world.json("/pay", '{"paid": true}')
    policy = {"oauth2": {"authority": world.url, "grant": "password", "client": {"id": "c"}, "username": "${ .who }", "password": "w0rd"}}
    endpoint = {"uri": f"{world.url}/pay", "authentication": policy}
    do: Tasks = [{"first": {"set": {"who": "ada"}}}, {"pay": {"call": "http", "with": {"method": "post", "endpoint": endpoint}}}]
    await runs.kill_when(lambda: world.seen("/oauth2/token") == 1, do)
    assert runs.rows("/do/0/first") == ["finished"]
    free.set()

    assert (await runs.after_kill()).output == {"paid": True}
    assert (world.seen("/oauth2/token"), world.seen("/pay")) == (2, 1)


async def test_a_token_that_was_refused_leaves_one_intent_and_one_call(runs: Runs, world: World) -> None:
    """A 401 means that nothing happened, so the second request is the first one's."""
    tokens = iter(["old", "new"])
    world.on("/oauth2/token", lambda _request: (200, {}, json.dumps({"access_token": next(tokens)}).encode()))
    world.on("/pay", lambda request: (401 if request["headers"]["authorization"] == "Bearer old" else 200, {}, b""))
    policy = {"oauth2": {"authority": world.url, "grant": "client_credentials"}}
    endpoint = {"uri": f"{world.url}/pay", "authentication": policy}

    outcome = await runs.start([{"pay": {"call": "http", "with": {"method": "post", "endpoint": endpoint}}}], {})

    assert outcome.status == "completed"
    assert [row.kind for row in runs.journal.rows] == ["intent", "step"]
    keys = {request["headers"]["idempotency-key"] for request in world.requests if request["path"] == "/pay"}
    assert (len(keys), world.seen("/pay")) == (1, 2)
