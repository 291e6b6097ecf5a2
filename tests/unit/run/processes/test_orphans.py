"""Whatever ends Parley, its programs end too: a real process of ours, killed while it runs one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.run.processes.programs import alive, folders, until_alive, until_gone
from tests.unit.run.processes.test_sandbox import both

WORKER = """
import asyncio, sys
from graphs.run.ports import Command
from graphs.run.processes import LocalProcesses, ProcessSettings

async def main():
    processes = LocalProcesses(ProcessSettings(allowed=frozenset({"shell"}), namespaces=sys.argv[1] == "True"))
    await processes.run(Command(language="shell", code=sys.argv[2]), 60)

asyncio.run(main())
"""


@asynccontextmanager
async def worker(namespaces: bool, code: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, str(namespaces), code, cwd=Path(__file__).parents[4])
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("this system does not list the children of a process")
    return [int(word) for word in listed.read_text().split()]


@both
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_worker_leaves_no_orphan_and_no_folder(namespaces: bool, number: int) -> None:
    word = f"{70 + int(number)}.{int(namespaces)}"
    before = folders()
    code = f"trap '' TERM HUP; (trap '' TERM; setsid sleep {word}) & setsid sleep {word} & sleep {word}"
    async with worker(namespaces, code) as process:
        await until_alive(word)

        os.kill(process.pid, number)
        await process.wait()

        await until_gone(word)
        async with asyncio.timeout(10):
            while folders() - before:  # noqa: ASYNC110 (another process removes it)
                await asyncio.sleep(0.01)


@both
async def test_a_watcher_that_is_killed_takes_the_program_with_it(namespaces: bool) -> None:
    """The watcher is Parley's own process beside the program; who kills it kills the program."""
    word = f"77.{int(namespaces)}"
    before = folders()
    async with worker(namespaces, f"exec sleep {word}") as process:
        await until_alive(word)
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)

        await until_gone(word)
    for folder in folders() - before:  # nobody was left to remove it
        for path in (folder / "work", folder / "code", folder):
            path.rmdir()
    assert not alive(word)
