"""What log lines may show."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from app import logs
from app.settings import Settings

logs.configure(Settings(log_json={json}))
def fail(token):
    raise RuntimeError("the bank said no")
try:
    fail("hunter" + "2" * 5)
except RuntimeError:
    structlog.get_logger().exception("a call failed")
"""


@pytest.mark.parametrize("json", [False, True])
def test_a_traceback_shows_no_values_of_variables(json: bool) -> None:
    """An error is logged with where it happened, never with what the variables held: that may be a secret."""
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(json=json)], capture_output=True, text=True, check=True)

    assert "the bank said no" in done.stderr
    assert "in fail" in done.stderr
    assert "hunter22222" not in done.stderr
