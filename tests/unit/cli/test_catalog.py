"""`parley catalog`: lists, pages and what a foreign document would give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from app.cli.catalog import catalog
from app.cli.commands import app
from app.cli.failures import CommandFailed

FILES = Path(__file__).parents[2] / "data" / "imports"
SHOP = str(FILES / "shop-3.1.yaml")


def shown(*arguments: str, columns: int = 80, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(app, ["catalog", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("arguments", [[], ["notify"], ["--openapi", SHOP], ["createOrder", "--openapi", SHOP]], ids=" ".join)
def test_lines_end_at_the_terminals_width(arguments: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = shown(*arguments, columns=columns, monkeypatch=monkeypatch)

    own = [line for line in text.splitlines() if not line.startswith("parley catalog NAME") and str(FILES) not in line]
    assert max(map(len, own)) <= columns


def test_a_documents_functions_are_listed_by_effect_name_and_target(monkeypatch: pytest.MonkeyPatch) -> None:
    text, notes = shown("--openapi", SHOP, monkeypatch=monkeypatch)

    lines = text.splitlines()
    assert lines[0] == f"Corner Shop 2.4.0: 5 functions from {SHOP}"
    assert lines[1:3] == ["https://{region}.shop.example/api", "Sign-in: token (OAuth 2)"]
    assert lines[4:8] == [
        "read          orders-list    GET /orders",
        "              List orders.",
        "write         createOrder    POST /orders",
        "              Create order. Needs body.",
    ]
    assert "Sign-in: token (OAuth 2:\n              orders:delete) and key (header X-Shop-Key), or nothing." in text
    assert "undescribed-parameter" in notes.replace("\n", "")


def test_a_page_shows_fields_inside_fields_and_an_example_that_calls_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    text, notes = shown("createOrder", "--openapi", SHOP, monkeypatch=monkeypatch)

    assert notes == ""
    assert "Calls POST https://{region}.shop.example/api/orders" in text
    assert "\n  body          object          needed\n    sku         string          needed  What is ordered\n" in text
    [task] = yaml.safe_load(text.split("For example\n")[1])
    assert task["createOrder"] == {
        "call": "openapi",
        "with": {
            "document": {"endpoint": Path(SHOP).as_uri()},
            "operationId": "createOrder",
            "parameters": {"body": {"sku": "A-1", "amount": 2}},
        },
    }


def test_where_the_document_has_no_example_the_fields_come_from_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = shown("find_issue", "--mcp", str(FILES / "tools.json"), monkeypatch=monkeypatch)

    [task] = yaml.safe_load(text.split("For example\n")[1])
    assert task == {"find_issue": {"call": "find_issue:1.0.0@default", "with": {"number": "${ .number }"}}}


def test_tools_are_believed_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = str(FILES / "tools.json")

    plain, _ = shown("--mcp", tools, monkeypatch=monkeypatch)
    trusted, _ = shown("--mcp", tools, "--trusted", monkeypatch=monkeypatch)

    assert "unknown       find_issue" in plain
    assert "read          find_issue" in trusted


def test_json_has_functions_problems_and_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = shown("--mcp", str(FILES / "tools.json"), "--json", monkeypatch=monkeypatch)

    found: dict[str, Any] = json.loads(text)
    assert [one["name"] for one in found["functions"]] == ["find_issue", "label-add", "repo.drop", "label-add-2"]
    assert len(found["left_out"]) == 3
    assert found["problems"][0]["code"] == "duplicate-tool"


def test_an_unknown_name_is_answered_with_those_near_it() -> None:
    with pytest.raises(CommandFailed) as caught:
        catalog("createorders", openapi=Path(SHOP))

    assert caught.value.why == "near it are 'createOrder', 'deleteOrder', 'get-orders-id'"


def test_a_document_that_gives_nothing_says_why_and_fails() -> None:
    with pytest.raises(CommandFailed) as caught:
        catalog(openapi=FILES / "tools.json")

    assert (caught.value.code, caught.value.exit_code) == ("not-openapi", 1)
    assert caught.value.next_step == "give an OpenAPI document of version 2.0, 3.0 or 3.1"


def test_two_documents_at_once_are_wrong_usage() -> None:
    with pytest.raises(CommandFailed) as caught:
        catalog(openapi=Path(SHOP), mcp=Path(SHOP))

    assert caught.value.exit_code == 2
