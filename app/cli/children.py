"""Processes that `parley up` keeps alive: started again with a growing pause when they die, and stopped together.

A child's output goes to PARLEY_HOME/logs/NAME.log; lines that warn are shown in the terminal too. A child's stdin is a pipe that
nobody writes to: it closes when this process dies, however it dies, and `--supervised` children stop then.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a child that lived this long starts its pauses anew
LOG_LIMIT_BYTES = 10 * 1024 * 1024
_LOUD = re.compile(r"\b(warning|error|critical)\b", re.IGNORECASE)

Say = Callable[[str], None]


class Child:
    """One supervised process, from `start()` to `stop()`."""

    def __init__(self, name: str, command: Sequence[str], *, logs: Path, say: Say, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.starts = 0
        self._command = list(command)
        self._environment = dict(environment or {})
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process, and again whenever it ends; one that was started already goes on."""
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name=self.name)

    async def ended(self, *, timeout_s: float) -> bool:
        """Return whether the process has ended within *timeout_s* after `stop()` or `kill()`."""
        return self._running is None or bool((await asyncio.wait([self._running], timeout=timeout_s))[0])

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._once()
            if self._stopping.is_set():
                return
            pause_s = FIRST_PAUSE_S if time.monotonic() - began > STEADY_S else pause_s
            self._say(f"{self.name} stopped unexpectedly ({how_it_ended(code)}); starting it again in {pause_s:g} s. Details: {self.log}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def stop(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def last_words(self, lines: int = 12) -> str:
        """Return the end of the log, for a start that failed."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-lines:])

    async def _once(self) -> int:
        self.starts += 1
        _keep_short(self.log)
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone: the children are stopped in order
            env={**os.environ, **self._environment},
            limit=1024 * 1024,
        )
        if self._stopping.is_set():  # stopped while it was being started
            self._signal(signal.SIGTERM)
        await self._relay()
        return await self._process.wait()

    async def _relay(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self.log.open("ab", buffering=0) as log:
            while line := await _line(self._process.stdout):
                log.write(line)
                text = line.decode("utf-8", errors="replace").rstrip()
                if _LOUD.search(text):
                    self._say(f"{self.name}: {text}")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


def parley(*arguments: str) -> list[str]:
    """Return the command that runs `parley` with this Python; `-P` keeps a folder named `app` in the working directory out of the way."""
    return [sys.executable, "-P", "-m", "app", *arguments]


def how_it_ended(code: int) -> str:
    """Return an exit code in words: `exit code 1`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def stop_all(children: Sequence[Child], *, grace_s: float) -> None:
    """Stop every child; whoever needs longer than *grace_s* is killed. A second call finds nothing to do."""
    for child in children:
        child.stop()
    ended = await asyncio.gather(*(child.ended(timeout_s=grace_s) for child in children))
    for child in (child for child, over in zip(children, ended, strict=True) if not over):
        child.kill()
        await child.ended(timeout_s=2)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line, a piece of one that is longer than the buffer, or nothing at the end."""
    try:
        return await stream.readline()
    except ValueError:  # no line end within the buffer
        return await stream.read(64 * 1024)


def _keep_short(log: Path) -> None:
    """Put a log that has grown large aside; one older log is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
