"""Real worker processes, killed on purpose, and the run they work on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from app.container import Prepared
from app.settings import Settings

READY = "The worker is ready"


class WorkerProcess:
    """`python -m app.worker` on the tests' database, with its log in a file."""

    def __init__(self, settings: Settings, log: Path, *, url: str | None) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
            "PARLEY_HOME": str(settings.home_path), "PARLEY_LEASE_S": str(settings.lease_s),
            "PARLEY_HEARTBEAT_S": str(settings.heartbeat_s),
            "PARLEY_SWEEP_S": str(settings.sweep_s), "PARLEY_STOP_GRACE_S": str(settings.stop_grace_s), "PARLEY_HTTP_ALLOW": "127.0.0.0/8",
            **({"PARLEY_DATABASE_URL": url} if url else {}),
        }  # fmt: skip
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.worker"], stdout=out, stderr=out, env=environment, start_new_session=True
            )

    async def ready(self, *, within_s: float = 30.0) -> WorkerProcess:
        await self.says(READY, within_s=within_s)
        return self

    async def says(self, words: str, *, within_s: float = 15.0) -> None:
        for _ in range(int(within_s / 0.05)):
            if words in self.log.read_text("utf-8", errors="replace"):
                return
            assert self.process.poll() is None, f"the worker ended:\n{self.log.read_text()}"
            await asyncio.sleep(0.05)
        raise AssertionError(f"the worker did not say {words!r} within {within_s} s:\n{self.log.read_text()}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def url_of(prepared: Prepared) -> str:
    owner = prepared.owner
    return f"postgresql://{owner['user']}@/{owner['dbname']}?host={quote(owner['host'])}"


class Workers:
    """Starts worker processes and sees that none outlives its test."""

    def __init__(self, settings: Settings, folder: Path, *, url: str | None) -> None:
        self._settings = settings
        self._folder = folder
        self._url = url
        self._all: list[WorkerProcess] = []

    async def start(self) -> WorkerProcess:
        worker = WorkerProcess(self._settings, self._folder / f"worker-{len(self._all)}.log", url=self._url)
        self._all.append(worker)
        return await worker.ready()

    @property
    def logs(self) -> str:
        return "\n".join(worker.log.read_text("utf-8", errors="replace") for worker in self._all)

    def end(self) -> None:
        for worker in self._all:
            if worker.process.poll() is None:
                worker.kill()


@contextmanager
def workers(settings: Settings, folder: Path, *, url: str | None) -> Iterator[Workers]:
    started = Workers(settings, folder, url=url)
    try:
        yield started
    finally:
        started.end()
