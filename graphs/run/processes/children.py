"""Read what a child process writes, within a limit, and end it for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from graphs.run.errors import ProcessFailed

GRACE_S = 5.0  # for the watcher to end everything below it
_CHUNK = 65536
_ending: set[asyncio.Task[None]] = set()


async def collect(process: asyncio.subprocess.Process, limit_bytes: int) -> tuple[bytes, bytes]:
    """Return all of stdout and stderr when *process* has ended. Raises ProcessFailed (output) at *limit_bytes* of one of them."""
    assert process.stdout is not None and process.stderr is not None
    reading = [
        asyncio.ensure_future(_read(stream, name, limit_bytes)) for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr"))
    ]
    try:
        out, err = await asyncio.gather(*reading)
    finally:
        for one in reading:
            one.cancel()
    await process.wait()
    return out, err


async def _read(stream: asyncio.StreamReader, name: str, limit_bytes: int) -> bytes:
    chunks, size = [], 0
    while chunk := await stream.read(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit_bytes:
            raise ProcessFailed(f"it wrote more than {limit_bytes} bytes to {name}, and was ended", "output")
    return b"".join(chunks)


async def stop(process: asyncio.subprocess.Process) -> None:
    """Return when *process* and what it watches are gone; goes on to its end when the caller is cancelled meanwhile."""
    if process.returncode is None:
        task = asyncio.ensure_future(_stop(process))
        _ending.add(task)
        task.add_done_callback(_ending.discard)
        await asyncio.shield(task)


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    drained = asyncio.gather(*(_drain(stream) for stream in (process.stdout, process.stderr) if stream is not None))
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    finally:
        drained.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drained


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read on, so that the transport is closed when the other side is."""
    with contextlib.suppress(RuntimeError):  # somebody else reads just now
        while await stream.read(_CHUNK):
            pass


def decode(output: bytes) -> str:
    """Return *output* as text without its last line's end."""
    text = output.decode("utf-8", "replace")
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
