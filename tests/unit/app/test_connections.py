"""The operator's file of connections: read when it changes, kept to its tenants, and open to the addresses it names only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from app.connections import ConnectionFile
from graphs.run.errors import ConnectionUnusable
from graphs.run.memory_ports import NoHttp


async def no_secret(_tenant: str, _name: str) -> Any:
    return None


def a_file(path: Path, opened: list[Any] | None = None) -> ConnectionFile:
    def open_http(*, also: tuple[str, ...] = ()) -> NoHttp:
        (opened if opened is not None else []).append(also)
        return NoHttp()

    return ConnectionFile(path, no_secret, open_http)


async def test_variables_and_files_are_read_when_the_connection_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("CRM_KEY", "from-a-variable")
    path = tmp_path / "connections.yaml"
    path.write_text(f"crm: {{kind: http, url: 'https://x.org', headers: {{A: {{env: CRM_KEY}}, B: {{file: {tmp_path}/key}}}}}}\n")
    guarded: list[Any] = []

    found = await a_file(path).of_run("t", guarded.append).find("crm")

    assert found.headers == {"A": "from-a-variable", "B": "from-a-file"}
    assert guarded == ["from-a-variable", "from-a-file"]


async def test_a_password_in_an_address_is_guarded_too(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text("wh: {kind: sql, url: 'postgresql://reader:s3cret@db.invalid/x'}\n")
    guarded: list[Any] = []

    await a_file(path).of_run("t", guarded.append).find("wh")

    assert guarded == ["s3cret"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text("a: {kind: slack, url: 'https://x.org'}\n")
    file = a_file(path)
    before = set(file.all())
    path.write_text("b: {kind: slack, url: 'https://x.org'}\n")
    os.utime(path, (1, 1))

    assert (before, set(file.all())) == ({"a"}, {"b"})


def test_a_connection_of_one_tenant_is_not_there_for_another(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text("a: {kind: slack, url: 'https://x.org', tenants: [one]}\n")

    assert set(a_file(path).of("one")) == {"a"}
    assert set(a_file(path).of("two")) == set()


@pytest.mark.parametrize(("url", "also"), [("http://127.0.0.1:9/x", ("127.0.0.1",)), ("https://8.8.8.8/", ())])
async def test_a_private_address_is_open_to_the_connection_that_names_it(tmp_path: Path, url: str, also: tuple[str, ...]) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(f"a: {{kind: http, url: '{url}'}}\n")
    opened: list[Any] = []

    await a_file(path, opened).of_run("t", lambda _value: None).find("a")

    assert opened == [also]


@pytest.mark.parametrize("text", ["a: {kind: slack\n", None])
def test_a_file_that_cannot_be_read_names_the_setting(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "connections.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConnectionUnusable, match="PARLEY_CONNECTIONS"):
        a_file(path).all()
