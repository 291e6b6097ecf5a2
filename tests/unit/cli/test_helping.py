"""What `--help` prints."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from app.cli.commands import app


@pytest.mark.parametrize("command", [[], ["run"], ["validate"], ["answer"], ["secret", "set"], ["catalog"]], ids=" ".join)
def test_flags_want_no_value_and_arguments_are_named_in_capitals(command: list[str]) -> None:
    text = CliRunner().invoke(app, [*command, "--help"]).output

    assert "<bool>" not in text
    assert "{" not in text.splitlines()[1]
    assert not re.search(r"Usage: .*\b(file|target|name|task)\b", text)
