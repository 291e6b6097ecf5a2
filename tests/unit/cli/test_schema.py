"""`parley schema`: the schema for editors, and the closed shape for models."""

from __future__ import annotations

import json

import pytest

from app.cli.entry import main
from dsl.schema import schema
from dsl.wire import wire_schema
from graphs import catalogue

FUNCTIONS = catalogue.load()


def test_it_prints_the_schema_of_definitions_with_the_functions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0

    assert json.loads(capsys.readouterr().out) == schema(FUNCTIONS)


@pytest.mark.parametrize("name", ["notify", "notify:1.0.0", "notify:1.0.0@default"])
def test_it_prints_the_shape_for_models_of_some_kinds_and_functions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--wire", f"http, {name}"]) == 0

    assert json.loads(capsys.readouterr().out) == wire_schema(["http"], [FUNCTIONS["notify:1.0.0"]])


def test_it_prints_the_whole_shape_for_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--wire", "all"]) == 0

    assert json.loads(capsys.readouterr().out) == wire_schema(None, FUNCTIONS)


def test_a_kind_that_is_not_known_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--wire", "swtch"]) == 2

    assert "did you mean 'switch'?" in capsys.readouterr().err
