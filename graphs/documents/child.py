"""Work on documents in a child process: a file from somewhere may be made to take all memory and time, and to stop libraries for good.

The child has no environment, writes no files, has bounded memory and processor time, and is killed when the step ends before it does.
Request and answer are a JSON object, its length in four bytes before it, then raw bytes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from weakref import WeakKeyDictionary

from graphs.documents.errors import Unreadable

MEMORY_MB = 2048  # of address space; libraries take 300 MB of it before they begin
TIME_S = 60.0
_AT_ONCE = 4  # children a process has
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def work(task: str, options: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """
    Have *task* done on *body*.

    Args:
        task: "read" or "write".

    Raises:
        Unreadable: in words for a person; also when it took too much time or memory.
    """
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-B", "-X", "utf8", "-m", "graphs.documents.child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={},
        )  # fmt: skip
        try:
            async with asyncio.timeout(TIME_S):
                answer, _ = await process.communicate(packed({"task": task, **options}, body))
        except TimeoutError as error:
            raise Unreadable(f"it takes more than {TIME_S:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if not answer:
        raise Unreadable("it takes more memory or time than a document may")
    said, made = unpacked(answer)
    if "error" in said:
        raise Unreadable(str(said["error"]))
    return said, made


def packed(said: dict[str, Any], body: bytes) -> bytes:
    head = json.dumps(said).encode()
    return len(head).to_bytes(4) + head + body


def unpacked(data: bytes) -> tuple[dict[str, Any], bytes]:
    end = 4 + int.from_bytes(data[:4])
    said: dict[str, Any] = json.loads(data[4:end])
    return said, data[end:]


def _confine() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_MB * 1_000_000),
        (resource.RLIMIT_CPU, int(TIME_S)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        resource.setrlimit(limit, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _main() -> None:
    _confine()
    said, body = unpacked(sys.stdin.buffer.read())
    try:
        answer = _do(said, body)
    except Unreadable as error:
        answer = packed({"error": str(error)}, b"")
    except MemoryError:
        answer = packed({"error": "it takes more memory than a document may"}, b"")
    except RecursionError:
        answer = packed({"error": "it is nested too deeply"}, b"")
    except Exception as error:  # the rim: every library has errors of its own for a damaged file
        answer = packed({"error": f"it is damaged, or not what it says it is ({type(error).__name__})"}, b"")
    sys.stdout.buffer.write(answer)


def _do(said: dict[str, Any], body: bytes) -> bytes:
    import warnings

    warnings.simplefilter("ignore")  # libraries complain of every second document
    if said["task"] == "read":
        from graphs.documents.reading import read

        return packed(read(body, str(said["type"]), pages=int(said["pages"]), base=str(said.get("base") or "")), b"")
    from graphs.documents.writing import write

    missing, made = write(body.decode(), said)
    return packed({"missing": missing}, made)


if __name__ == "__main__":
    _main()
