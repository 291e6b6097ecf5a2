"""`call: mcp` against servers made with the protocol's own kit, over HTTP and as a child, and against answers that are wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psutil
import pytest

import graphs.run as run
from graphs.run.mcp_stdio import StdioServer
from tests.unit.run.calls.tools import Tools, tool_server
from tests.unit.run.harness import Runs, World, until

CHILD = ["-m", "tests.unit.run.calls.tools"]
ALLOWED = StdioServer(command=sys.executable, arguments=tuple(CHILD), environment=("WEATHER_KEY",))


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with tool_server() as served:
        yield served


def call(url: str, method: str, parameters: Any = None, **more: Any) -> dict[str, Any]:
    transport = {"http": {"endpoint": url, **more.pop("http", {})}}
    given = {"method": method, "transport": transport, **({"parameters": parameters} if parameters else {}), **more.pop("given", {})}
    return {"call": "mcp", "with": given, **more}


def child(method: str, parameters: Any = None, environment: Any = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    stdio = {"command": sys.executable, "arguments": CHILD if arguments is None else arguments}
    transport = {"stdio": {**stdio, **({"environment": environment} if environment else {})}}
    return {"call": "mcp", "with": {"method": method, "transport": transport, "parameters": parameters or {}}, **more}


@pytest.mark.parametrize("options", [{}, {"json_response": True}, {"stateless_http": True}])
async def test_a_tool_is_called_however_the_server_answers(runs: Runs, options: dict[str, bool]) -> None:
    async with tool_server(**options) as tools:
        parameters = {"name": "forecast", "arguments": {"city": "${ .city }", "days": 3}}

        outcome = await runs.start([{"ask": call(tools.url, "tools/call", parameters)}], {"city": "Rome"})

    assert outcome.output["structuredContent"] == {"city": "Rome", "days": 3, "sunny": True}
    assert (outcome.output["isError"], [one["type"] for one in outcome.output["content"]]) == (False, ["text"])


@pytest.mark.parametrize(
    ("method", "parameters", "looked_at", "expected"),
    [
        ("tools/list", None, "[.tools[].name]", ["forecast", "broken", "chatty", "variable"]),
        ("resources/list", None, "[.resources[].uri]", ["weather://today"]),
        ("resources/templates/list", None, "[.resourceTemplates[].uriTemplate]", ["weather://{city}/now"]),
        ("resources/read", {"uri": "weather://Rome/now"}, "[.contents[].text]", ["sunny in Rome"]),
        ("prompts/list", None, "[.prompts[].name]", ["ask"]),
        ("prompts/get", "${ {name: \"ask\", arguments: {city: \"Rome\"}} }", "[.messages[].content.text]", ["How is the weather in Rome?"]),
        ("tools/call", {"name": "chatty", "arguments": {}}, "[.content[].text]", ["done"]),
    ],
)  # fmt: skip
async def test_every_method_gives_its_result(runs: Runs, tools: Tools, method: str, parameters: Any, looked_at: str, expected: Any) -> None:
    outcome = await runs.start([{"ask": call(tools.url, method, parameters, output={"as": looked_at})}])

    assert outcome.output == expected


async def test_client_version_headers_and_credentials_reach_the_server(runs: Runs, tools: Tools) -> None:
    endpoint = {"uri": tools.url, "authentication": {"bearer": {"token": "${ $secrets.token }"}}}
    given = {"protocolVersion": "2025-03-26", "client": {"name": "tester", "version": "1"}}
    task = call("", "tools/list", http={"endpoint": endpoint, "headers": {"X-Team": "${ .team }", "Accept": "nothing"}}, given=given)

    outcome = await runs.start([{"ask": task}], {"team": "blue"}, top={"use": {"secrets": ["token"]}}, secrets={"token": "token-12345"})

    assert outcome.status == "completed"
    assert [one["method"] for one in tools.requests] == ["POST", "POST", "POST", "DELETE"]
    assert {(one["authorization"], one["x-team"]) for one in tools.requests} == {("Bearer token-12345", "blue")}
    assert [one.get("mcp-protocol-version") for one in tools.requests] == [None, "2025-03-26", "2025-03-26", "2025-03-26"]
    assert len({one.get("mcp-session-id") for one in tools.requests[1:]}) == 1


@pytest.mark.parametrize(
    ("parameters", "title", "words"),
    [
        ({"name": "broken", "arguments": {"word": "you"}}, "Tool Error", "the tool 'broken' failed: Error executing tool broken: no wea"),
        ({"name": "forecast", "arguments": {}}, "Tool Error", "the tool 'forecast' failed: "),
        ({"nme": "forecast"}, "Invalid request parameters", "answered error -32602: Invalid request parameters"),
    ],
)  # fmt: skip
async def test_a_failed_tool_is_a_runtime_error(runs: Runs, tools: Tools, parameters: Any, title: str, words: str) -> None:
    outcome = await runs.start([{"ask": call(tools.url, "tools/call", parameters)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"], error["title"]) == ("runtime", 500, title)
    assert words in error["detail"]


@pytest.mark.parametrize(
    ("answer", "kind", "status", "words"),
    [
        ((401, {}, b"who are you? token-12345"), "communication", 401, "answered 401: who are you? ***"),
        ((307, {"Location": "https://example.org/mcp"}, b""), "communication", 307, "points to https://example.org/mcp"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "communication", 500, "answered with something that is no JSON"),
        ((200, {"Content-Type": "application/json"}, b'"x"'), "communication", 500, "answered with something that is no JSON-RPC"),
        ((200, {"Content-Type": "text/event-stream"}, b"data: \n\n"), "communication", 500, "did not answer initialize"),
        ((200, {"Content-Encoding": "gzip", "Content-Type": "application/json"}, b"{}"), "communication", 500, "a packed stream"),
        (
            (200, {"Content-Type": "application/json"}, b'{"id": 1, "result": {"protocolVersion": "1999-01-01"}}'),
            "communication", 500, 'speaks version "1999-01-01" of MCP',
        ),
        ((200, {"Content-Type": "application/json"}, b'{"error": {"code": 1, "message": "no"}}'), "runtime", 500, "error 1: no"),
        ((200, {"Content-Type": "application/json"}, b" " * 11_000_000), "communication", 500, "more than 10,000,000 bytes"),
    ],
)  # fmt: skip
async def test_wrong_answers_end_in_words(runs: Runs, world: World, answer: Any, kind: str, status: int, words: str) -> None:
    world.on("/mcp", lambda _request: answer)
    task = call(f"{world.url}/mcp", "tools/list", http={"headers": {"X-Key": "${ $secrets.token }"}})

    outcome = await runs.start([{"ask": task}], top={"use": {"secrets": ["token"]}}, secrets={"token": "token-12345"})

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == (kind, status)
    assert words in error["detail"]


async def test_a_stream_that_broke_off_is_taken_up_where_it_stopped(runs: Runs, world: World) -> None:
    def answer(request: dict[str, Any]) -> Any:
        stream = {"Content-Type": "text/event-stream"}
        if request["method"] == "GET":
            said = {"jsonrpc": "2.0", "id": 2, "result": {"tools": [request["headers"]["last-event-id"]]}}
            return 200, stream, f"data: {json.dumps(said)}\n\n".encode()
        message = json.loads(request["body"])
        if message["method"] == "tools/list":
            return 200, stream, b'retry: 1\n\nid: 7\ndata: {"jsonrpc": "2.0", "id": "q", "method": "ping"}\n\n'
        said = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}}
        return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()

    def answered(request: dict[str, Any]) -> Any:
        message = json.loads(request["body"] or b"{}")
        return answer(request) if request["method"] == "GET" or ("id" in message and "result" not in message) else (202, {}, b"")

    world.on("/mcp", answered)

    outcome = await runs.start([{"ask": call(f"{world.url}/mcp", "tools/list")}])

    assert outcome.output == {"tools": ["7"]}
    assert {"jsonrpc": "2.0", "id": "q", "result": {}} in [json.loads(one["body"]) for one in world.requests if one["body"]]


async def test_a_call_has_its_own_time(runs: Runs, tools: Tools) -> None:
    tools.hold = asyncio.Event()
    given = {"timeout": {"milliseconds": 300}}

    outcome = await runs.start([{"ask": call(tools.url, "tools/call", {"name": "forecast", "arguments": {"city": "Rome"}}, given=given)}])
    tools.hold.set()

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("timeout", 408)
    assert "did not answer within 0.3 s" in error["detail"]


async def test_a_server_at_an_address_that_is_not_allowed_is_not_called(runs: Runs) -> None:
    outcome = await runs.start([{"ask": call("http://[::ffff:169.254.169.254]/mcp", "tools/list")}])

    assert (outcome.error or {})["status"] == 403


async def test_a_killed_tool_call_is_asked_about_and_a_read_repeated(runs: Runs, tools: Tools) -> None:
    tools.hold = asyncio.Event()
    task = call(tools.url, "tools/call", {"name": "forecast", "arguments": {"city": "Rome"}})

    await runs.kill_when(lambda: tools.called == ["Rome"], [{"ask": task}])
    waiting = await runs.after_kill()
    await runs.kill_when(lambda: len(tools.called) == 2, [{"ask": {**task, "metadata": {"parley": {"idempotent": True}}}}])
    tools.hold.set()
    done = await runs.after_kill()

    assert [(one.kind, (one.form or {})["message"].split("'")[1]) for one in waiting.awaited] == [
        ("outcome-unknown", f"MCP tools/call forecast of {tools.url}")
    ]
    assert (done.status, len(tools.called)) == ("completed", 3)


def allow(runs: Runs, *servers: StdioServer) -> None:
    fresh = runs.fresh
    runs.fresh = lambda **given: _kept(runs, replace(fresh(**given), mcp_stdio=servers))  # type: ignore[method-assign]


def _kept(runs: Runs, deps: run.RunDeps) -> run.RunDeps:
    runs.deps = deps
    return deps


async def test_a_server_the_operator_allows_is_started_as_a_child_and_ended(runs: Runs) -> None:
    allow(runs, ALLOWED)
    parameters = {"name": "variable", "arguments": {"name": "WEATHER_KEY"}}
    task = child("tools/call", parameters, {"WEATHER_KEY": "${ $secrets.key }"}, output={"as": ".content[0].text"})

    outcome = await runs.start([{"ask": task}], top={"use": {"secrets": ["key"]}}, secrets={"key": "key-12345"})

    assert outcome.output == "key-12345"
    assert _children() == []


async def test_a_child_knows_nothing_of_our_environment(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(runs, ALLOWED)
    monkeypatch.setenv("PARLEY_AUTH_SECRET", "do-not-tell")
    parameters = {"name": "variable", "arguments": {"name": "PARLEY_AUTH_SECRET"}}

    outcome = await runs.start([{"ask": child("tools/call", parameters, output={"as": ".content[0].text"})}])

    assert outcome.output == "-"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"arguments": ["-c", "print()"]}, "is no MCP server the operator allows; to allow it, add {\"command\": "),
        ({"environment": {"LD_PRELOAD": "/tmp/x.so"}}, "the definition may not set LD_PRELOAD for"),
    ],
)  # fmt: skip
async def test_no_other_command_and_no_other_variable_is_used(runs: Runs, changed: Any, words: str) -> None:
    allow(runs, ALLOWED)

    outcome = await runs.start([{"ask": child("tools/list", **changed)}])

    error = outcome.error or {}
    assert (error["type"].rpartition("/")[2], error["status"]) == ("authorization", 403)
    assert words in error["detail"]
    assert "PARLEY_MCP_STDIO" in error["detail"]


async def test_without_the_setting_no_child_is_started(runs: Runs) -> None:
    outcome = await runs.start([{"ask": child("tools/list")}])

    assert (outcome.error or {})["status"] == 403


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [("/no/such/program", (), "does not start: no such file"), (sys.executable, ("-c", "print('hello')"), "is no JSON")],
)
async def test_a_child_that_is_no_server_ends_in_words(runs: Runs, command: str, arguments: tuple[str, ...], words: str) -> None:
    allow(runs, StdioServer(command=command, arguments=arguments))
    task = child("tools/list", arguments=list(arguments))
    task["with"]["transport"]["stdio"]["command"] = command

    outcome = await runs.start([{"ask": task}])

    assert words in (outcome.error or {})["detail"]


async def test_a_killed_run_leaves_no_child_behind(runs: Runs) -> None:
    stuck = StdioServer(command=sys.executable, arguments=("-c", "import time; time.sleep(60)"))
    allow(runs, stuck)
    before = _children()

    await runs.kill_when(lambda: _children() != before, [{"ask": child("tools/list", arguments=list(stuck.arguments))}])

    await until(lambda: _children() == before)


def _children() -> list[int]:
    """Return our children that are MCP servers or stuck ones."""
    marks = ("tests.unit.run.calls.tools", "time.sleep(60)")
    return [one.pid for one in psutil.Process().children() if any(mark in _command(one) for mark in marks)]


def _command(process: psutil.Process) -> str:
    """Return what a process was started with; "" when it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie's is one of these
        return ""
