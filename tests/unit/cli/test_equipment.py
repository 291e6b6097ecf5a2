"""What doctor says of connections and of functions that packages bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.equipment import examine
from app.settings import Settings


def seen(path: Path, text: str) -> dict[str, tuple[str, str]]:
    path.write_text(text)
    return {check.name.strip(): (check.status, check.detail) for check in examine(Settings(connections=path))}


def test_each_connection_is_told_with_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "x")
    monkeypatch.delenv("UNSET", raising=False)

    found = seen(
        tmp_path / "c.yaml",
        "crm: {kind: http, url: https://x.org, headers: {A: {env: UNSET}, B: {env: SET}, C: {file: /no/such}, D: {secret: s}}}\n"
        "wh: {kind: sql, url: 'postgresql://x/y', description: the warehouse}\nold: {kind: sql, url: 'oracle://x/y'}\n",
    )

    assert found["crm"] == (
        "missing",
        "http; 'headers.A' is the variable UNSET, which is not set; 'headers.C' is the file /no/such, which cannot be read",
    )
    assert found["wh"] == ("ok", "sql: the warehouse")
    assert found["old"] == ("missing", "sql; the driver of oracle is not installed")


def test_a_file_that_cannot_be_used_is_missing(tmp_path: Path) -> None:
    status, detail = seen(tmp_path / "c.yaml", "crm: {kind: fax}")["Connections"]

    assert (status, "connection 'crm': 'kind' is one of" in detail) == ("missing", True)


def test_none_is_fine() -> None:
    assert [(check.name, check.status) for check in examine(Settings(connections=None))] == [("Connections", "ok")]
