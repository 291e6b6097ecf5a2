"""`parley` as a person runs it: another process, in an empty folder, with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# What the machine may set and a test must not depend on.
FOREIGN = ("PARLEY_", "OPENAI_", "OLLAMA_", "PORT", "SMTP_URL", "CHAINLIT_", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout; anything beside it is a failure."""
        assert self.out.count("\n") == 1, f"stdout is not one line:\n{self.out}"
        data = json.loads(self.out)
        assert isinstance(data, dict)
        return data

    @property
    def error(self) -> dict[str, Any]:
        """The error of a command that failed with `--json`: always with the same five keys."""
        error: dict[str, Any] = self.json["error"]
        assert {"what", "where", "why", "next", "code"} <= error.keys()
        return error


@dataclass(frozen=True, slots=True)
class Parley:
    """Runs commands in *folder*, with PARLEY_HOME inside it."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def __call__(self, *arguments: str | Path, given: str | None = None, timeout_s: float = 90, **environment: str) -> Done:
        """Run one command to its end. A traceback on either stream fails the test."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "app", *map(str, arguments)],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            cwd=self.folder,
            env=self.environment(environment),
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        own = {"PARLEY_HOME": str(self.home), "PARLEY_MODEL": "offline", "NO_COLOR": "1"}
        return {**inherited, **own, **(more or {})}

    def write(self, name: str, text: str) -> Path:
        """Put a file into the folder and return it."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def parley(tmp_path: Path) -> Parley:
    return Parley(tmp_path)
