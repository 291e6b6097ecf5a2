"""What reaches stdout, and what a hostile definition cannot do to a terminal."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.cli.output import Output, visible


class TestVisible:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("approve\x1b[2Jnothing", "approve\\x1b[2Jnothing"),
            ("one\rtwo", "one\\rtwo"),
            ("left \u202eright", "left \\u202eright"),
            ("\x9b31m", "\\x9b31m"),
            ("plain, ünïcode\n\ttwo lines", "plain, ünïcode\n\ttwo lines"),
        ],
    )
    def test_characters_that_move_the_cursor_or_the_eye_are_spelt_out(self, text: str, shown: str) -> None:
        assert visible(text) == shown


class TestOutput:
    def test_json_is_one_line_of_unescaped_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        Output(as_json=True).result({"name": "Grüße"}, "for people")

        assert capsys.readouterr().out == '{"name": "Grüße"}\n'

    def test_text_is_printed_as_it_is_without_markup_or_wrapping(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = "[red]not markup[/red] :smile: " + "long " * 40

        Output(as_json=False).result({}, text)

        assert capsys.readouterr().out.rstrip("\n") == text.rstrip("\n")

    def test_notes_stay_off_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        Output(as_json=True).note("working")

        captured = capsys.readouterr()
        assert (captured.out, captured.err.strip()) == ("", "working")


class TestReservedStdout:
    def test_what_libraries_and_children_print_lands_on_stderr(self) -> None:
        program = (
            "import os, subprocess, sys\n"
            "from app.cli.output import reserved_stdout, write_json\n"
            "with reserved_stdout(for_good=False):\n"
            "    print('a library')\n"
            "    os.write(1, b'a file descriptor\\n')\n"
            "    subprocess.run(['echo', 'a child'], check=True)\n"
            "    write_json({'only': 'this'})\n"
            "print('afterwards')\n"
        )

        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        first, afterwards = done.stdout.splitlines()
        assert (json.loads(first), afterwards) == ({"only": "this"}, "afterwards")
        assert sorted(done.stderr.split("\n")) == ["", "a child", "a file descriptor", "a library"]
