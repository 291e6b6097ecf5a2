"""Start `parley up` as a person does, and wait for the address it prints."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Up:
    """A running `parley up`; what it prints is collected line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, start: str, *, timeout_s: float) -> str:
        """Return the first line that begins with *start*. Fails when it does not come, or the process ends."""
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            if found := next((line for line in list(self.lines) if line.startswith(start)), None):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no line {start!r}; printed:\n" + "\n".join(self.lines))

    def interrupt(self, *, timeout_s: float = 15) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=timeout_s)
        self._reader.join(timeout=5)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


@contextmanager
def up(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Iterator[Up]:
    """Run *command* in *folder*; at the end it is interrupted, and killed if it does not listen."""
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    running = Up(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def get(url: str, *, timeout_s: float = 10) -> tuple[int, str]:
    """Return status and body of a GET, without proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout_s) as answer:
        return int(answer.status), answer.read().decode()
