"""`parley graph`: every format, to the screen or to a file; what cannot be drawn is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.entry import main

HELLO = """\
document: {dsl: 1.0.3, namespace: demo, name: hello, version: 1.0.0, title: Say hello}
do:
  - greet: {call: 'notify:1.0.0@default', with: {channel: chat, text: Hello}}
"""
BEGINS = {"outline": "1 ", "mermaid": "flowchart TD", "svg": "<svg xmlns=", "html": "<!doctype html>"}


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO)
    return path


@pytest.mark.parametrize("name", BEGINS)
class TestFormats:
    def test_it_is_printed(self, name: str, hello: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["graph", str(hello), "--format", name]) == 0

        assert capsys.readouterr().out.startswith(BEGINS[name])

    def test_it_is_written_to_a_file(self, name: str, hello: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        target = tmp_path / "drawn"

        assert main(["graph", str(hello), "--format", name, "--output", str(target)]) == 0

        assert target.read_text("utf-8").startswith(BEGINS[name])
        assert target.read_text("utf-8").endswith("\n")
        assert capsys.readouterr().out == f"Wrote {target}\n"

    def test_json_has_the_format_and_the_text(self, name: str, hello: Path, capfd: pytest.CaptureFixture[str]) -> None:
        assert main(["graph", str(hello), "--format", name, "--json"]) == 0

        printed = json.loads(capfd.readouterr().out)
        assert printed["format"] == name
        assert printed["text"].startswith(BEGINS[name])


def test_a_file_that_cannot_be_written_is_named(hello: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "none" / "drawn.svg"

    assert main(["graph", str(hello), "--format", "svg", "-o", str(target)]) == 2

    assert f"cannot write {target}" in capsys.readouterr().err


def test_a_definition_with_mistakes_is_not_drawn(hello: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hello.write_text(HELLO.replace("call:", "cal:"))

    assert main(["graph", str(hello), "--format", "svg"]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "greet" in captured.err
