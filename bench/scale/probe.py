"""A worker as `parley worker` is one, which tells on SIGUSR1 what it holds; and what the system knows of a process.

python -m bench.scale.probe CONCURRENCY
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # has no stubs

from app.container import Container
from app.settings import Settings
from app.worker import work

STOPS_WITHIN_S = 30.0


@contextmanager
def folder(kept: Path | None = None) -> Iterator[Path]:
    """Yield a new PARLEY_HOME, which is gone afterwards, or one that was *kept*."""
    home = kept or Path(tempfile.mkdtemp(prefix="parley-scale-"))
    home.mkdir(exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        yield home
    finally:
        if kept is None:
            shutil.rmtree(home, ignore_errors=True)


async def until(holds: Callable[[], Awaitable[bool]], every_s: float = 0.2) -> None:
    """Return once *holds*: what is watched is another process's."""
    while not await holds():  # noqa: ASYNC110
        await asyncio.sleep(every_s)


class Probe:
    """A worker in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def counts(self) -> dict[str, int]:
        """Return what the worker holds: asyncio tasks, runs in hand; threads and memory (its jq children's too)."""
        self._process.send_signal(signal.SIGUSR1)
        told = await self.line()
        return {
            **told,
            "threads": int(_status(self.pid, "Threads")),
            "rss_mb": memory_mb(self.pid),
            "peak_mb": _status(self.pid, "VmHWM") // 1024,
        }

    async def line(self) -> dict[str, int]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise SystemExit("The worker has ended.")
        told: dict[str, int] = json.loads(line)
        return told

    async def stop(self) -> None:
        if self._process.returncode is not None:
            raise SystemExit(f"The worker has ended by itself, with {self._process.returncode}.")
        self._process.terminate()
        async with asyncio.timeout(STOPS_WITHIN_S):
            await self._process.wait()


def _status(pid: int, name: str) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


def memory_mb(pid: int) -> int:
    """Return the memory a process and its children use."""
    process = psutil.Process(pid)
    return int(sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) // 2**20)


@asynccontextmanager
async def workers(
    count: int, home: Path, *, concurrency: int = 50, environment: Mapping[str, str] | None = None
) -> AsyncIterator[list[Probe]]:
    """Yield *count* workers that are ready."""
    own = {**os.environ, "PARLEY_HOME": str(home), "PARLEY_LOG_LEVEL": "error", **(environment or {})}
    started = [
        Probe(await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "bench.scale.probe", str(concurrency), stdout=asyncio.subprocess.PIPE, env=own,
        ))
        for _ in range(count)
    ]  # fmt: skip
    try:
        for one in started:
            await one.line()
        yield started
    finally:
        await asyncio.gather(*(one.stop() for one in started))


async def main() -> None:
    """Work until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    async with Container.open(Settings(), role="worker") as container:
        working = asyncio.create_task(work(container, concurrency=int(sys.argv[1]), stop=stop))
        loop.add_signal_handler(signal.SIGUSR1, _tell)
        _tell()
        await working


def _tell() -> None:
    print(json.dumps({"tasks": len(asyncio.all_tasks()), "python_threads": threading.active_count()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
