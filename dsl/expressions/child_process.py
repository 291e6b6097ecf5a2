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
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

START_TIMEOUT_S = 30.0  # a loaded machine may take a while to start a process; an evaluation's own limit does not count this
_HEAD = 5  # bytes before an answer's text
_AT_ONCE = 1 << 13  # an answer that is larger says so in its head
_MOST = 1 << 20
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
        self._loop: AbstractEventLoop | None = None  # that watches the socket
        self._received = bytearray()
        self._wanted = 0  # bytes that whoever waits needs
        self._waiting: Future[None] | None = None
        self._ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """True when the child closed its end while nobody asked anything."""
        return self._ended

    def kill(self) -> None:
        """End the process and give its resources back. May be called twice."""
        self._unwatch()
        self._socket.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()  # after SIGKILL: microseconds

    async def ready(self) -> None:
        """Return when the child accepts requests. Raises ChildDied."""
        if self._ready:
            return
        from asyncio import get_running_loop, timeout

        self._socket.setblocking(False)
        self._loop = get_running_loop()
        self._loop.add_reader(self._socket, self._readable)  # once and for all: cheaper than a `sock_recv` each time
        async with timeout(START_TIMEOUT_S):
            await self._has(1)
        self._received.clear()
        self._ready = True

    async def ask(self, frame: bytes) -> Answer:
        """Send a request and return its answer. Raises ChildDied."""
        await self._send(frame)
        await self._has(_HEAD)
        kind, size = self._received[0], int.from_bytes(self._received[1:_HEAD], "big")
        await self._has(_HEAD + size)
        text = self._received[_HEAD:].decode()
        self._received.clear()
        return Answer(_KINDS[kind], text)

    async def _send(self, frame: bytes) -> None:
        try:
            sent = self._socket.send(frame)
        except BlockingIOError:
            sent = 0
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChildDied from error
        if sent < len(frame) and self._loop is not None:
            try:
                await self._loop.sock_sendall(self._socket, frame[sent:])
            except (BrokenPipeError, ConnectionResetError) as error:
                raise ChildDied from error

    async def _has(self, count: int) -> None:
        """Return when *count* bytes are here. Raises ChildDied."""
        while len(self._received) < count:
            if self._ended or self._loop is None:
                raise ChildDied
            self._wanted, self._waiting = count, self._loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None

    def _readable(self) -> None:
        """Take what has come, and wake who waits for it."""
        try:
            part = self._socket.recv(min(_MOST, max(_AT_ONCE, self._wanted - len(self._received))))
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if part:
            self._received += part
        else:
            self._ended = True
            self._unwatch()
        waiting = self._waiting
        if waiting is not None and not waiting.done() and (self._ended or len(self._received) >= self._wanted):
            waiting.set_result(None)

    def _unwatch(self) -> None:
        if self._loop is not None and not self._loop.is_closed() and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
        self._loop = None

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
