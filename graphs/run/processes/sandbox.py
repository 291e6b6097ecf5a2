"""Run a script or a shell command shut in: see `launcher/__main__.py` for how, docs/programs.md for what it keeps out and what it does not.

Each language is an interpreter of this machine, found when first needed: Parley's own Python without Parley's packages, `node`, `/bin/sh`.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graphs.run.errors import ProcessFailed
from graphs.run.ports import Command, Finished
from graphs.run.processes.children import collect, decode, stop
from graphs.run.processes.settings import ProcessSettings

LAUNCHER = Path(__file__).with_name("launcher")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FILE_NAMES = {"python": "script.py", "javascript": "script.mjs"}
_NODE_SHARE = 0.75  # of the memory, for JavaScript's own objects
_ENDING_S = 5.0  # what the watcher waits beyond the limit, so that ours comes first
_LONGEST_S = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How a language is started: the first words of its command line, and the folders and files it has to see."""

    command: tuple[str, ...]
    readable: tuple[str, ...] = ()


def interpreter(language: str, memory_bytes: int) -> Interpreter:
    """Return how *language* is started. Raises ProcessFailed when this machine does not have it."""
    if language == "shell":
        return Interpreter(("/bin/sh",))
    if language == "python":
        own = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        return Interpreter((own, "-I", "-B", "-X", "utf8"), _python_folders(own))
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        raise ProcessFailed("a script in JavaScript needs Node.js, and there is no `node` on this machine: install it", "missing")
    own = os.path.realpath(node)
    heap_mb = int(memory_bytes * _NODE_SHARE / 1_000_000)
    return Interpreter((own, f"--max-old-space-size={heap_mb}"), (own,))


def _python_folders(own: str) -> tuple[str, ...]:
    """Return what Python needs to see: its prefix, or less when that is a folder of other things too."""
    prefix = Path(os.path.realpath(sys.base_prefix))
    others = (Path.home().resolve(), Path.cwd().resolve())
    if not any(other.is_relative_to(prefix) for other in others):
        return (str(prefix), own)
    library = os.path.realpath(sysconfig.get_path("stdlib"))
    shared = Path(str(sysconfig.get_config_var("LIBDIR")), str(sysconfig.get_config_var("INSTSONAME")))
    return (own, library, *([str(shared)] if shared.is_file() else []))


def found(language: str) -> str:
    """Return where the interpreter of *language* is, empty when it is missing."""
    try:
        return interpreter(language, 0).command[0]
    except ProcessFailed:
        return ""


async def run_shut_in(what: Command, settings: ProcessSettings, seconds: float) -> tuple[Finished, Mapping[str, Any]]:
    """
    Return how *what* ended and what the launcher said: `{missing: [...], why?}`.

    Raises:
        ProcessFailed: It could not be started (start, missing) or wrote too much (output).
    """
    spec = _spec(what, settings, seconds)
    with _file(json.dumps(spec).encode()) as given, _file(b"") as status, _file(what.stdin) as stdin:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-B", str(LAUNCHER), str(given.fileno()), str(status.fileno())),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(given.fileno(), status.fileno()),
            env={},
            cwd="/",
            start_new_session=True,
        )
        try:
            out, err = await collect(process, settings.output_bytes)
        finally:
            await stop(process)
        said = _said(status)
    if "failed" in said:
        raise ProcessFailed(f"the program could not be started: {said['failed']}", "start")
    if "over" in said:
        words = f"its processes together used more than {said['over'] // 1_000_000} MB of memory (PARLEY_RUN_MEMORY_MB), and were ended"
        raise ProcessFailed(words, "memory")
    if "code" not in said:
        raise ProcessFailed("the program was ended from outside", "start")
    return Finished(code=int(said["code"]), stdout=decode(out), stderr=decode(err)), said


def _spec(what: Command, settings: ProcessSettings, seconds: float) -> dict[str, Any]:
    own = interpreter(what.language, settings.memory_bytes)
    if what.language == "shell":
        command, code = [*own.command, "-c", what.code, "sh"], None
    else:
        command, code = list(own.command), {"name": _FILE_NAMES[what.language], "text": what.code}
    return {
        "command": command,
        "code": code,
        "arguments": list(what.arguments),
        "environment": {"PATH": PATH, "LANG": "C.UTF-8", **what.environment},
        "readable": own.readable,
        "network": settings.network,
        "namespaces": settings.namespaces,
        "required": settings.isolation_required,
        "parent": os.getpid(),
        "deadline_s": min(seconds, _LONGEST_S) + _ENDING_S,
        "work_files": settings.files,
        "memory": settings.memory_bytes,
        "limits": {
            # Node.js reserves far more than it uses; what it may use is DATA
            "AS": -1 if what.language == "javascript" else settings.memory_bytes,
            "DATA": settings.memory_bytes,
            "CPU": math.ceil(min(seconds, _LONGEST_S) * (os.cpu_count() or 1)) + 1,
            "FSIZE": settings.disk_bytes,
            "NOFILE": settings.open_files,
            "NPROC": settings.processes,
            "CORE": 0,
        },
    }


def _file(content: bytes) -> IO[bytes]:
    """Return an open file with *content* that has no name, read from its beginning."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("parley", os.MFD_CLOEXEC), "w+b")
    else:
        file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (the caller closes it)
    file.write(content)
    file.flush()
    file.seek(0)
    return file


def _said(status: IO[bytes]) -> dict[str, Any]:
    text = os.pread(status.fileno(), 100_000, 0)
    return json.loads(text) if text else {}
