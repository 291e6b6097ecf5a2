"""What a definition needs and this installation has not is said before anybody approves."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions.missing import Here, lacking
from graphs import catalogue
from graphs.run.errors import ConnectionUnusable
from graphs.run.mcp_stdio import StdioServer
from tests.unit.run.harness import definition

CATALOGUE = catalogue.load()


def said(name: str, *, smtp: bool = False, models: bool = False, connections: Any = None, **arguments: Any) -> list[tuple[str, str]]:
    def known() -> Any:
        if isinstance(connections, Exception):
            raise connections
        return connections or {}

    data = definition([{"t": {"call": f"{name}:1.0.0@default", "with": arguments}}])
    return [(one["code"], one["message"]) for one in lacking(data, CATALOGUE, Here(smtp=smtp, connections=known, models=lambda: models))]


@pytest.mark.parametrize("name", ["agent", "extract"])
def test_what_needs_a_model_says_so(name: str) -> None:
    assert said(name) == [("no-model", f"'{name}' needs a model, and none is set up: the task would fail")]
    assert said(name, models=True) == []


def test_an_email_without_a_mail_server_says_so() -> None:
    given: dict[str, Any] = {"channel": "email", "to": "a@b.org"}

    assert [code for code, _ in said("notify", **given)] == ["no-mail-server"]
    assert said("notify", smtp=True, **given) == []
    assert said("notify", connection="mail", connections={"mail": "smtp"}, **given) == []
    assert said("notify", channel="chat") == []


@pytest.mark.parametrize(
    ("connections", "words"),
    [
        ({}, "there is no connection 'wh': the task would fail"),
        ({"wh": "http"}, "the connection 'wh' is of kind http, and sql is needed"),
        (ConnectionUnusable("it is broken"), "the connection 'wh' cannot be looked up: it is broken"),
    ],
)
def test_a_connection_that_is_not_there_or_of_another_kind_says_so(connections: Any, words: str) -> None:
    assert said("sql", connections=connections, connection="wh", statement="x") == [("unknown-connection", words)]
    assert said("sql", connections={"wh": "sql"}, connection="wh", statement="x") == []
    assert said("sql", connection="${ .which }", statement="x") == []


def test_the_tools_of_an_agent_count() -> None:
    tools = [{"function": "sql:1.0.0", "with": {"connection": "wh"}}, "notify:1.0.0"]

    assert [words for _, words in said("agent", models=True, tools=tools, mcp=["notes"])] == [
        "there is no connection 'notes': the task would fail",
        "there is no connection 'wh': the task would fail",
    ]


WEATHER = StdioServer(command="uvx", arguments=("weather",), environment=("KEY",))


@pytest.mark.parametrize(
    ("stdio", "words"),
    [
        ({"command": "uvx", "arguments": ["weather"], "environment": {"KEY": "${ $secrets.key }"}}, None),
        ({"command": "${ .command }"}, None),
        ({"command": "uvx", "arguments": ["news"]}, "'uvx news' is no MCP server the operator allows: the task would fail"),
        (
            {"command": "uvx", "arguments": ["weather"], "environment": {"PATH": "/tmp"}},
            "the definition may not set PATH for 'uvx weather': the task would fail",
        ),
    ],
)
def test_an_mcp_server_that_may_not_be_started_says_so(stdio: Any, words: str | None) -> None:
    task = {"call": "mcp", "with": {"method": "tools/list", "transport": {"stdio": stdio}}}
    here = Here(smtp=False, connections=dict, models=lambda: False, mcp_stdio=(WEATHER,))

    found = lacking(definition([{"t": task}]), CATALOGUE, here)

    assert [one["message"] for one in found] == ([] if words is None else [words])
    assert all("PARLEY_MCP_STDIO" in one["hint"] for one in found)
