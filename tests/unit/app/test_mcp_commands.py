"""PARLEY_MCP_STDIO: which MCP servers may be started, as a JSON list or a file with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.run_ports import stdio_servers
from app.settings import Settings
from graphs.run.mcp_stdio import StdioServer

LISTED = '[{"command": "uvx", "arguments": ["mcp-server-fetch"], "environment": ["KEY"]}, {"command": "/opt/weather"}]'
SERVERS = (StdioServer(command="uvx", arguments=("mcp-server-fetch",), environment=("KEY",)), StdioServer(command="/opt/weather"))


@pytest.mark.parametrize("kept", ["text", "file"])
def test_servers_are_listed_in_json(kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "servers.json"
    file.write_text(LISTED)
    monkeypatch.setenv("PARLEY_MCP_STDIO", LISTED if kept == "text" else str(file))

    assert stdio_servers(Settings()) == SERVERS


@pytest.mark.parametrize("unset", [None, "", " "])
def test_nothing_is_allowed_by_itself(unset: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_MCP_STDIO", raising=False)
    if unset is not None:
        monkeypatch.setenv("PARLEY_MCP_STDIO", unset)

    assert stdio_servers(Settings()) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/no/such/file", "neither a JSON list nor a file that can be read"),
        ("[{]", "no JSON list of MCP servers"),
        ('[{"command": "x", "args": []}]', "args"),
        ("[1]", "mcp_stdio"),
    ],
)
def test_a_mistake_in_it_is_said(text: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MCP_STDIO", text)

    with pytest.raises(ValidationError, match=words):
        Settings()
