"""What tests of programs share."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphs.run.errors import BASE
from graphs.run.processes import LocalProcesses
from tests.unit.run.harness import Runs

Make = Callable[..., LocalProcesses]
ALL = frozenset({"script", "shell", "container"})
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")


def shell(command: str, **more: Any) -> dict[str, Any]:
    """Return a task; `stdin`, `arguments`, `environment` are the command's, `timeout`, `metadata` the task's, others stand under `run`."""
    own = {key: more.pop(key) for key in ("stdin", "arguments", "environment") if key in more}
    top = {key: more.pop(key) for key in ("timeout", "metadata") if key in more}
    return {"run": {"shell": {"command": command, **own}, **more}, **top}


def python(code: str, **more: Any) -> dict[str, Any]:
    own = {key: more.pop(key) for key in ("stdin", "arguments", "environment") if key in more}
    return {"run": {"script": {"language": "python", "code": code, **own}, **more}}


async def output(runs: Runs, processes: LocalProcesses, task: dict[str, Any], input: Any = None) -> Any:  # noqa: A002
    outcome = await runs.start([{"it": task}], input, processes=processes)
    assert outcome.status == "completed", outcome.error
    return outcome.output


async def error(runs: Runs, processes: LocalProcesses | None, task: dict[str, Any]) -> tuple[str, int, str, str]:
    """Return type, status, title and detail of the error."""
    outcome = await runs.start([{"it": task}], processes=processes)
    assert outcome.error is not None, outcome
    return outcome.error["type"].removeprefix(BASE), outcome.error["status"], outcome.error["title"], outcome.error.get("detail", "")


def folders() -> set[Path]:
    """Return the folders that programs without namespaces have just now."""
    return {path for path in Path(tempfile.gettempdir()).iterdir() if path.name.startswith("parley-run-")}


def alive(word: str) -> bool:
    """Tell whether a process of this machine has *word* among the words of its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


async def until_alive(word: str) -> None:
    async with asyncio.timeout(10):
        while not alive(word):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.01)


async def until_gone(word: str) -> None:
    async with asyncio.timeout(10):
        while alive(word):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.01)
