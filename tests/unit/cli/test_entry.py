"""The command line as a whole: quick to answer, honest about what is not there, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.entry import main
from app.cli.later import NOT_YET

HEAVY = {
    "chainlit",
    "langgraph",
    "langchain_core",
    "openai",
    "sqlalchemy",
    "psycopg",
    "alembic",
    "fastapi",
    "httpx",
    "jsonschema",
    "yaml",
    "pydantic_settings",
}


class TestHelp:
    def test_it_imports_nothing_heavy(self) -> None:
        code = f"import sys; from app.cli.entry import main; main(['--help']); print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stderr.strip() == "[]"

    def test_no_command_prints_the_help_and_is_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 2

        captured = capsys.readouterr()
        assert "validate" in captured.out
        assert captured.err == ""


class TestWrongUsage:
    def test_an_unknown_command_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["valdiate"]) == 2

        assert "No such command 'valdiate'" in capsys.readouterr().err

    def test_a_missing_argument_points_to_the_commands_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run"]) == 2

        assert "next:  parley run --help" in capsys.readouterr().err


class TestNotYet:
    @pytest.mark.parametrize("command", sorted(NOT_YET))
    def test_it_says_so_whatever_the_arguments(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([command, "anything", "--at-all"]) == 2

        assert f"`parley {command}` is not there yet" in capsys.readouterr().err


class TestUnforeseen:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "home"))
        monkeypatch.setattr("app.cli.definitions.definitions", lambda _: 1 / 0)

    def test_a_person_sees_words_and_the_log_has_the_trace(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "x.yaml"]) == 1

        log = tmp_path / "home" / "logs" / "parley-errors.log"
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert str(log) in said
        assert "ZeroDivisionError: division by zero" in log.read_text()

    def test_debug_shows_the_trace_wherever_it_stands(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "x.yaml", "--debug"]) == 1

        assert "Traceback" in capsys.readouterr().err


def test_an_error_with_json_is_one_object_on_stdout(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "validate", str(tmp_path / "none.yaml"), "--json"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "no-such-file"
    assert done.stderr == ""
