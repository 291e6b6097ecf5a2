"""`parley validate`: files, folders and pipes, told as a compiler tells them."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from threading import Thread

import pytest

from app.cli.definitions import validate
from app.cli.entry import main
from app.cli.output import Output

HEAD = "document: {dsl: 1.0.3, namespace: test, name: hello, version: 1.0.0}\n"
VALID = f"{HEAD}do:\n  - a: {{wait: PT1S}}\n"
WRONG = f"{HEAD}do:\n  - a: {{wait: PT1S, then: b}}\n"
LATER = f"{HEAD}evaluate: {{language: javascript}}\ndo:\n  - a: {{wait: PT1S}}\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(**texts: str | bytes) -> None:
    for name, text in texts.items():
        path = Path(name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def _validate(capsys: pytest.CaptureFixture[str], target: str) -> tuple[int, list[str]]:
    code = main(["validate", target])
    return code, capsys.readouterr().out.splitlines()


class TestFiles:
    def test_a_valid_one_ends_with_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(a=VALID)

        code, lines = _validate(capsys, "a.yaml")

        assert code == 0
        assert [line.partition(", sha256:")[0] for line in lines] == ["a.yaml: valid, 0 effects outside"]

    def test_a_mistake_has_path_line_and_column_and_ends_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(a=WRONG)

        code, lines = _validate(capsys, "a.yaml")

        assert code == 1
        assert len(lines) == 1
        assert lines[0].startswith("a.yaml:3:27: error: no task is named 'b'")

    def test_a_full_path_is_told_from_where_one_is(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        _write(flows__a=WRONG)

        _, lines = _validate(capsys, str(tmp_path / "flows" / "a.yaml"))

        assert lines[0].startswith("flows/a.yaml:3:27: ")

    def test_standard_input_is_a_hyphen(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))

        code, lines = _validate(capsys, "-")

        assert code == 1
        assert lines[0].startswith("-:3:27: error: ")

    def test_a_pipe_is_read_to_its_end(self, capsys: pytest.CaptureFixture[str]) -> None:
        os.mkfifo("pipe")
        writer = Thread(target=lambda: Path("pipe").write_text(WRONG))
        writer.start()

        code, lines = _validate(capsys, "pipe")
        writer.join()

        assert code == 1
        assert lines[0].startswith("pipe:3:27: error: ")

    def test_an_empty_device_is_an_empty_definition(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, lines = _validate(capsys, "/dev/null")

        assert code == 1
        assert lines[0].startswith("/dev/null:1:1: error: ")
        assert lines[0].endswith("[empty]")

    def test_what_the_standard_has_and_cannot_be_run_yet_is_a_warning(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(a=LATER)

        code, lines = _validate(capsys, "a.yaml")

        assert code == 0
        assert "warning: another expression language than jq is part of the standard but cannot be run yet" in lines[0]

    @pytest.mark.parametrize(
        ("target", "code"),
        [
            ("none.yaml", "no-such-file"),
            ("/dev/zero", "too-large"),
            ("loop.yaml", "unreadable"),
            ("latin.yaml", "not-text"),
            ("wide.yaml", "not-text"),
        ],
    )
    def test_what_is_no_text_file_ends_with_2(self, capsys: pytest.CaptureFixture[str], target: str, code: str) -> None:
        _write(latin=VALID.encode() + b"# caf\xe9", wide=VALID.encode("utf-16"))
        Path("loop.yaml").symlink_to("loop.yaml")

        exit_code = main(["validate", target])

        said = capsys.readouterr()
        assert (exit_code, said.out) == (2, "")
        assert f"[{code}]" in said.err


class TestFolders:
    def test_every_file_is_told_and_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(flows__a=WRONG, flows__deep__b=VALID, flows__deep__c=WRONG, flows__world="routes: []\n")

        code, lines = _validate(capsys, "flows")

        assert code == 1
        assert [line.split(": ")[0] for line in lines[:-1]] == ["flows/a.yaml:3:27", "flows/deep/b.yaml", "flows/deep/c.yaml:3:27"]
        assert lines[-1] == "3 files, 2 with errors"

    def test_without_mistakes_it_ends_with_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(flows__a=VALID)

        code, lines = _validate(capsys, "flows")

        assert (code, lines[-1]) == (0, "1 file, none with errors")

    def test_a_file_that_cannot_be_read_is_one_mistake_among_others(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(flows__a=VALID, flows__latin=VALID.encode() + b"# caf\xe9", flows__wide=VALID.encode("utf-16"))

        code, lines = _validate(capsys, "flows")

        assert code == 1
        assert lines[1].startswith("flows/latin.yaml:1:1: error: it cannot be read: byte ")
        assert lines[2] == "flows/wide.yaml:1:1: error: it cannot be read: it is UTF-16 (save it as UTF-8) [not-text]"
        assert lines[-1] == "3 files, 2 with errors"

    def test_links_in_circles_pipes_and_lost_links_are_passed_over(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(flows__deep__a=VALID)
        Path("flows/deep/up").symlink_to("..")
        Path("flows/self.yaml").symlink_to("self.yaml")
        Path("flows/lost.yaml").symlink_to("nowhere")
        os.mkfifo("flows/pipe.yaml")

        code, lines = _validate(capsys, "flows")

        assert (code, lines[-1]) == (0, "1 file, none with errors")

    def test_json_is_one_object_with_every_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        _write(flows__a=WRONG, flows__b=VALID)

        validate(Path("flows"), as_json=True)

        said = json.loads(capsys.readouterr().out)
        told = [(problem["file"], problem["code"], problem["line"]) for problem in said["problems"]]
        assert (said["valid"], said["digest"]) == (False, None)
        assert told == [("flows/a.yaml", "unknown-target", 3)]
        assert [(file["file"], file["valid"]) for file in said["files"]] == [("flows/a.yaml", False), ("flows/b.yaml", True)]


def test_only_a_terminal_sees_colours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    text, styles = "a.yaml:3:1: error: it says error: here", {"error": "bold red"}
    Output(as_json=False).result({}, text, styles)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    Output(as_json=False).result({}, text, styles)

    plain, coloured = capsys.readouterr().out.splitlines()

    assert plain == text
    assert coloured == "a.yaml:3:1: \x1b[1;31merror\x1b[0m: it says error: here"
