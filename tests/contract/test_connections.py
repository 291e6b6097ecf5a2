"""Named connections: the operator's file and its twin in memory answer alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.connections import ConnectionFile
from graphs.run.errors import ConnectionUnusable, UnknownConnection
from graphs.run.memory_ports import NoHttp, memory_connections
from graphs.run.ports import Connections

Open = Callable[[Mapping[str, Any]], Connections]
SECRETS = {"crm-token": "t0p-secret"}


@pytest.fixture(params=["memory", "file"])
def open_(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    if request.param == "memory":
        return lambda data: memory_connections(data, NoHttp(), SECRETS)

    async def secret(_tenant: str, name: str) -> Any:
        return SECRETS.get(name)

    def of_file(data: Mapping[str, Any]) -> Connections:
        path = tmp_path / "connections.json"
        path.write_text(json.dumps(data))
        return ConnectionFile(path, secret, lambda *, also=(): NoHttp()).of_run("ours", lambda _value: None)

    return of_file


async def test_a_value_kept_elsewhere_is_looked_up_and_told_as_a_secret(open_: Open) -> None:
    data = {"crm": {"kind": "http", "url": "https://crm.example.org", "headers": {"X-Key": {"secret": "crm-token"}, "X-App": "parley"}}}

    found = await open_(data).find("crm")

    assert (found.kind, found.values, found.secrets) == (
        "http",
        {"url": "https://crm.example.org", "headers": {"X-Key": "t0p-secret", "X-App": "parley"}},
        ("t0p-secret",),
    )


async def test_a_missing_secret_is_told_with_connection_and_setting(open_: Open) -> None:
    connections = open_({"team": {"kind": "slack", "url": {"secret": "hook"}}})

    with pytest.raises(ConnectionUnusable, match="the connection 'team' cannot be used: its setting 'url' is the secret hook, which is"):
        await connections.find("team")


async def test_an_unknown_name_is_told_with_those_there_are(open_: Open) -> None:
    connections = open_({"team": {"kind": "slack", "url": "https://hooks.example.org/1"}})

    assert dict(connections.kinds()) == {"team": "slack"}
    with pytest.raises(UnknownConnection, match=r"there is no connection 'crm' \(there are team\)"):
        await connections.find("crm")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ({"kind": "fax", "url": "x"}, "connection 'c': 'kind' is one of smtp, http, sql, slack, webhook, mcp"),
        ({"kind": "http"}, "connection 'c', setting 'url': it is missing"),
        ({"kind": "http", "url": "https://x.org", "tokn": "s3cret-value"}, "connection 'c', setting 'tokn': there is no such setting"),
    ],
)
async def test_a_wrong_description_is_told_without_its_values(open_: Open, one: Any, words: str) -> None:
    with pytest.raises(ConnectionUnusable) as raised:
        open_({"c": one}).kinds()

    assert words in str(raised.value)
    assert "s3cret-value" not in str(raised.value)
