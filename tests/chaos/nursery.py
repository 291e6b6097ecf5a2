"""Worker processes by the hundred: one process loads everything once and forks a worker whenever it is asked to.

Loading costs two seconds of a core, forking a few milliseconds. What comes out is a process like any other, to be killed at will; all of
them end with the nursery.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = "The worker is ready"
ROOT = Path(__file__).parents[2]
NURSERY = """
import asyncio, ctypes, json, os, signal, sys
import app.container, app.store.saver, app.worker, dsl.expressions, graphs.run.graph, graphs.run.http, procrastinate.manager
import procrastinate.psycopg_connector
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    told = json.loads(line)
    if pid := os.fork():
        print(pid, flush=True)
        continue
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(told["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0), os.dup2(log, 1), os.dup2(log, 2)
    os.environ.update(told["environment"])
    asyncio.run(app.worker.main())
    os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Worker:
    name: str
    pid: int
    log: Path

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def gone(self) -> None:
        """Return when it has ended; it was told to, or killed."""
        while self.alive:
            time.sleep(0.005)

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Nursery:
    def __init__(self, process: subprocess.Popen[str], environment: Mapping[str, str], folder: Path) -> None:
        self._process = process
        self._environment = environment
        self._folder = folder
        self._lock = threading.Lock()
        self._number = 0

    def start(self) -> Worker:
        """Start a worker; it names itself in every connection to the database (`chaos.worker`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._number += 1
            name, log = f"w{self._number}", self._folder / f"w{self._number}.log"
            told = {"log": str(log), "environment": {**self._environment, "PGOPTIONS": f"-c chaos.worker={name}"}}
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
            return Worker(name, int(self._process.stdout.readline()), log)


@contextmanager
def nursery(environment: Mapping[str, str], folder: Path) -> Iterator[Nursery]:
    """Yield what starts workers with *environment*, their logs in *folder*; at the end all of them are gone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    own["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), own.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own, start_new_session=True
    )
    try:
        yield Nursery(process, environment, folder)
    finally:
        process.kill()
        process.communicate()
