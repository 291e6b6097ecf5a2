"""`parley run --simulate`: what is printed, how tasks are named, exit codes. No database, no secrets, nothing outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.commands import app

DEFINITION = """
document: {dsl: 1.0.3, namespace: test, name: orders, version: 1.0.0}
use: {secrets: [token]}
do:
  - fetch:
      call: http
      with:
        method: get
        endpoint: https://shop.example.com/orders
        headers: {Authorization: '${ "Bearer " + $secrets.token }'}
  - decide:
      switch:
        - large: {when: .total > 100, then: askBoss}
        - small: {then: end}
  - askBoss:
      call: approve:1.0.0@default
      with: {title: Pay it?}
  - pay:
      run: {shell: {command: pay --now}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(DEFINITION, "utf-8")
    return path


def parley(*arguments: object) -> tuple[int, str]:
    """Return exit code and stdout of `parley run …`."""
    found = CliRunner().invoke(app, ["run", *map(str, arguments)], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return int(found.return_value or 0), found.stdout


def told(*arguments: object) -> tuple[int, dict[str, Any]]:
    code, out = parley(*arguments, "--json")
    found: dict[str, Any] = json.loads(out)
    return code, found


def test_the_first_line_says_that_nothing_was_touched_and_what_would_be_follows(file: Path) -> None:
    code, out = parley(file, "--simulate")
    lines = out.splitlines()

    assert (code, lines[0]) == (0, "Simulated: nothing outside was touched.")
    assert "  GET https://shop.example.com/orders" in out
    assert "  shell: pay --now" in out
    assert "asked: Pay it?" in out


def test_json_has_the_contract_and_the_marks(file: Path) -> None:
    code, found = told(file, "--simulate")

    assert code == 0
    assert {"run_id", "status", "output", "error"} <= found.keys()
    assert found["simulated"] is True
    assert [mark["reference"] for mark in found["marks"]] == ["/do/0/fetch", "/do/2/askBoss", "/do/3/pay"]


@pytest.mark.parametrize("named", ["decide", "/do/1/decide"])
def test_a_way_is_forced_by_name_or_reference(file: Path, named: str) -> None:
    _, found = told(file, "--simulate", "--force", f"{named}=small")

    assert [effect["kind"] for effect in found["effects"]] == ["http"]
    assert [mark["what"] for mark in found["marks"] if mark["mark"] == "forced"] == ["case:1/small was forced"]


@pytest.mark.parametrize(("fail", "status"), [("fetch", 500), ("fetch=404", 404), ("fetch=timeout", 408)])
def test_a_task_is_made_to_fail(file: Path, fail: str, status: int) -> None:
    code, found = told(file, "--simulate", "--fail", fail)
    assert (code, found["error"]["status"], found["error"]["instance"]) == (1, status, "/do/0/fetch")


def test_every_way_is_explored(file: Path) -> None:
    code, found = told(file, "--simulate", "--explore")
    _, table = parley(file, "--simulate", "--explore")

    assert code == 0
    assert {one["reached"] for one in found["coverage"]} == {"input"}
    assert table.splitlines()[-1].startswith(f"{len(found['coverage'])} of {len(found['coverage'])} ways seen")


def test_a_fault_is_found_and_is_exit_1(file: Path) -> None:
    file.write_text(DEFINITION.replace("title: Pay it?", "title: '${ .total - \"x\" }'"), "utf-8")
    code, found = told(file, "--simulate", "--explore")

    assert code == 1
    assert [problem["reference"] for problem in found["problems"]] == ["/do/2/askBoss"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--simulate", "--force", "decide"], "REF=CASE"),
        (["--simulate", "--force", "nobody=large"], "does not name a task"),
        (["--simulate", "--force", "decide=huge"], "cannot go"),
        (["--simulate", "--fail", "fetch=soon"], "REF=STATUS"),
        (["--simulate", "--explore", "--fail", "fetch"], "decides itself"),
        (["--explore"], "belong to --simulate"),
        (["--force", "decide=large"], "belong to --simulate"),
    ],
)
def test_what_cannot_be_meant_is_said(file: Path, arguments: list[str], words: str) -> None:
    from app.cli.failures import CommandFailed

    with pytest.raises(CommandFailed, match=words) as failed:
        parley(file, *arguments)
    assert failed.value.exit_code == 2
