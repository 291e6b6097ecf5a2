"""Real worker processes, killed on purpose, and the run they work on."""

from __future__ import annotations

import asyncio
import json
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


# what `python -m app.worker` does, with the loading done beforehand: waits for its environment on stdin, then becomes that worker
SPARE = """
import asyncio, json, os, sys
import app.container, app.store.saver, app.worker, dsl.expressions, graphs.run.graph, graphs.run.http, procrastinate.manager
import procrastinate.psycopg_connector
told = json.loads(sys.stdin.readline() or "null")
if told is not None:
    log = os.open(told["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1), os.dup2(log, 2)
    os.environ.update(told["environment"])
    asyncio.run(app.worker.main())
"""
_spares: list[subprocess.Popen[str]] = []


def spare() -> subprocess.Popen[str]:
    """Return a process that has everything loaded, and let the next one load meanwhile."""
    _spares.append(_loading())
    return _spares.pop(0) if len(_spares) > 1 else _loading()


def _loading() -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.Popen([sys.executable, "-P", "-c", SPARE], stdin=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def end_spares() -> None:
    while _spares:
        process = _spares.pop()
        process.kill()
        process.communicate()


class WorkerProcess:
    """A worker process on the tests' database, with its log in a file."""

    def __init__(self, settings: Settings, log: Path, *, url: str | None) -> None:
        environment = {
            "PARLEY_HOME": str(settings.home_path), "PARLEY_LEASE_S": str(settings.lease_s),
            "PARLEY_HEARTBEAT_S": str(settings.heartbeat_s),
            "PARLEY_SWEEP_S": str(settings.sweep_s), "PARLEY_STOP_GRACE_S": str(settings.stop_grace_s), "PARLEY_HTTP_ALLOW": "127.0.0.0/8",
            "PARLEY_RUN_ALLOW": ",".join(settings.run_allow),
            **({"PARLEY_DATABASE_URL": url} if url else {}),
        }  # fmt: skip
        self.log = log
        log.touch()
        self.process = spare()
        assert self.process.stdin is not None
        with self.process.stdin as told:
            told.write(json.dumps({"log": str(log), "environment": environment}) + "\n")

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
