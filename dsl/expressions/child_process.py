"""One expression child seen from the parent: start it, talk to it (async or blocking), kill it.

Everything about the process lives here; `pool.py` and `syntax.py` decide when to use which child. asyncio is imported where it is
used, since `check` does without.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess  # an isolated Python with an empty environment, fixed arguments
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

START_TIMEOUT_S = 30.0  # a loaded machine may take a while to start a process; an evaluation's own limit does not count this
_ONLY_COMPILE = 0xFFFFFFFF
_CHILD_FILE = Path(__file__).with_name("child.py")
_KINDS: dict[int, Literal["ok", "syntax", "runtime", "memory"]] = {
    ord("o"): "ok",
    ord("s"): "syntax",
    ord("r"): "runtime",
    ord("m"): "memory",
}


class ChildDied(Exception):
    """The child ended in the middle of a request; with our limits that means memory."""


@dataclass(frozen=True, slots=True)
class Answer:
    kind: Literal["ok", "syntax", "runtime", "memory"]
    text: str  # ok: one JSON text a line; else the message


@lru_cache(maxsize=1)
def _jq_folder() -> str:
    found = importlib.util.find_spec("jq")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the jq package is not installed: run `make setup`")
    return str(Path(found.origin).parent)


def request(program: str, text: bytes | None) -> bytes:
    """Return the frame that asks to run *program* on *text* (JSON), or only to compile it when that is None."""
    code = program.encode("utf-8", "replace")
    size = _ONLY_COMPILE if text is None else len(text)
    return b"".join((len(code).to_bytes(4, "big"), size.to_bytes(4, "big"), code, text or b""))


class Child:
    """A running expression child. Not safe for two requests at once; after any exception it must be killed."""

    def __init__(self, *, memory_mb: int, patience_s: float) -> None:
        ours, theirs = socket.socketpair()
        arguments = [sys.executable, "-I", "-S", str(_CHILD_FILE), _jq_folder(), str(memory_mb << 20), str(patience_s)]
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 (no shell, no user data in the arguments)
                arguments,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """End the process and give its resources back. May be called twice."""
        self._socket.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()  # after SIGKILL: microseconds

    async def ready(self) -> None:
        """Return when the child accepts requests. Raises ChildDied."""
        if self._ready:
            return
        from asyncio import timeout

        self._socket.setblocking(False)
        async with timeout(START_TIMEOUT_S):
            await self._receive(1)
        self._ready = True

    async def ask(self, frame: bytes) -> Answer:
        """Send a request and return its answer. Raises ChildDied."""
        from asyncio import get_running_loop

        loop = get_running_loop()
        try:
            await loop.sock_sendall(self._socket, frame)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChildDied from error
        head = await self._receive(5)
        body = await self._receive(int.from_bytes(head[1:], "big"))
        return Answer(_KINDS[head[0]], body.decode())

    async def _receive(self, count: int) -> bytes:
        from asyncio import get_running_loop

        loop = get_running_loop()
        received = bytearray()
        while len(received) < count:
            try:
                part = await loop.sock_recv(self._socket, min(count - len(received), 1 << 20))
            except ConnectionResetError as error:
                raise ChildDied from error
            if not part:
                raise ChildDied
            received += part
        return bytes(received)

    def ask_blocking(self, frame: bytes, timeout_s: float) -> Answer:
        """The same for callers without an event loop. Raises ChildDied, TimeoutError."""
        try:
            if not self._ready:
                self._socket.settimeout(START_TIMEOUT_S)
                self._receive_blocking(1)
                self._ready = True
            self._socket.settimeout(timeout_s)
            self._socket.sendall(frame)
            head = self._receive_blocking(5)
            return Answer(_KINDS[head[0]], self._receive_blocking(int.from_bytes(head[1:], "big")).decode())
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChildDied from error

    def _receive_blocking(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise ChildDied
            received += part
        return bytes(received)
