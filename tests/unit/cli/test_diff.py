"""`parley diff` compares two files, in words or as one JSON object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from app.cli.diff import diff

A = """document: {dsl: 1.0.3, namespace: test, name: shop, version: 1.2.0}
do:
  # wait a little
  - pause: {wait: PT1S}
  - count: {set: {n: 1}}
"""
B = (
    A.replace("1.2.0", "1.3.0")
    .replace("PT1S", "PT5S")
    .replace("\n  - count: {set: {n: 1}}", "")
    .replace("do:", "use: {secrets: [key]}\ndo:")
)


def _run(tmp_path: Path, capsys: pytest.CaptureFixture[str], new: str, *options: str) -> tuple[int, str, str]:
    files = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for file, text in zip(files, (A, new), strict=True):
        file.write_text(text)
    code = main(["diff", *map(str, files), *options])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_says_what_changed_and_what_it_asks_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(tmp_path, capsys, B)

    assert code == 0
    assert out.splitlines() == [
        "2 of 2 tasks changed, 0 untouched",
        "  - 'count' is gone: set n to 1",
        "  ~ 'pause' now: wait 5 seconds (was: wait 1 second)",
        "  ~ the version is now 1.3.0 (was 1.2.0)",
        '  + `use.secrets` is new: ["key"]',
        "For others: a major change, from 1.2.0 to 2.0.0 or later",
        "  ! it needs the secret 'key': somebody has to give it [secret-needed]",
    ]


def test_equal_definitions_are_a_success_and_said_to_be_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for file, comment in zip(files, ("# wait a little", "# another comment"), strict=True):
        file.write_text(A.replace("# wait a little", comment))

    code = diff(*files, as_json=True)

    told = json.loads(capsys.readouterr().out)
    assert (code, told["equal"], told["tasks"], told["breaking"], told["bump"]) == (0, True, [], [], None)


def test_the_lines_that_differ_come_with_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _run(tmp_path, capsys, B, "--yaml")

    assert "\n-  - pause: {wait: PT1S}\n" in out
    assert "\n+  - pause: {wait: PT5S}\n" in out


def test_a_definition_with_errors_is_a_failed_check_and_a_missing_file_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(tmp_path, capsys, A.replace("wait: PT1S", "wait: soon"))

    assert code == 1
    assert "b.yaml:4:" in err
    assert main(["diff", str(tmp_path / "a.yaml"), str(tmp_path / "none.yaml")]) == 2
