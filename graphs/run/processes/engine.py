"""Run containers through the command of an engine: Docker, Podman, or what understands the same words.

A container is named as the standard recommends and labelled, so that it is found again: `parley.remove-after` says when one with
`cleanup: eventually` may go. It is removed by the process that ran it, or, when that has gone, by the next one that runs a container.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from graphs.run.ending import end
from graphs.run.errors import ProcessFailed
from graphs.run.ports import Container, Finished
from graphs.run.processes.children import collect, decode, stop
from graphs.run.processes.settings import ProcessSettings

log = logging.getLogger("parley.processes")
REMOVE_AFTER = "parley.remove-after"
_ENGINE_FAILED = 125  # docker-run(1), "Exit status"
_PULL = {"ifNotPresent": "missing", "always": "always", "never": "never"}
_PATIENCE_S = 30.0  # for a removal
# variables the engine's own command reads: those of the container with such names are written out instead of passed on
_OWN = ("PATH", "HOME", "USER", "TMPDIR", "XDG_", "DOCKER_", "CONTAINER", "PODMAN_", "BUILDKIT_", "SSH_", "HTTP", "NO_PROXY", "LANG", "LC_")


class Engine:
    def __init__(self, settings: ProcessSettings) -> None:
        self._settings = settings
        self._swept = False
        self._removals: set[asyncio.Task[Any]] = set()

    async def run(self, what: Container) -> Finished:
        """Return how the container ended. Raises ProcessFailed (missing, start, output); cancelled, the container is ended."""
        command = engine_path(self._settings.engine)
        if not command:
            raise ProcessFailed(
                f"there is no container engine '{self._settings.engine}' here: install it, or name it in PARLEY_CONTAINER_ENGINE",
                "missing",
            )
        if not self._swept:
            self._swept = True
            await self._sweep(command)
        name = what.name or f"parley-{uuid.uuid4()}"
        arguments, passed = self._arguments(what, name)
        ended = False
        try:
            finished = await self._call(command, *arguments, stdin=what.stdin, environment=passed)
            ended = True
        finally:
            if not ended:
                self._later(self._remove(command, name) if what.cleanup != "never" else self._quietly(command, "kill", name))
        if finished.code == _ENGINE_FAILED:
            self._later(self._remove(command, name))
            raise ProcessFailed(f"{self._settings.engine} could not run {what.image}: {finished.stderr.strip()[-500:]}", "start")
        if what.cleanup == "eventually":
            self._later(self._remove(command, name, after_s=what.remove_after_s))
        elif what.cleanup == "always":
            await self._remove(command, name)
        return finished

    def _arguments(self, what: Container, name: str) -> tuple[list[str], dict[str, str]]:
        """Return the engine's arguments, and the variables it is to pass on: their values are no business of a process list."""
        own = self._settings
        words = ["run", "--name", name, "--pull", _PULL[what.pull], "--security-opt", "no-new-privileges"]
        words += ["--memory", str(own.memory_bytes), "--pids-limit", str(own.processes)]
        if not own.network:
            if what.ports:
                raise ProcessFailed("it publishes ports, and programs have no network here: PARLEY_RUN_NETWORK=true allows it", "refused")
            words += ["--network", "none"]
        for key, value in what.labels.items():
            words += ["--label", f"{key}={value}"]
        if what.cleanup == "eventually":
            moment = datetime.now(UTC) + timedelta(seconds=what.remove_after_s + own.timeout_s)
            words += ["--label", f"{REMOVE_AFTER}={moment.isoformat(timespec='seconds')}"]
        for outside, inside in what.ports.items():
            words += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        for outside, inside in what.volumes.items():
            words += ["--volume", f"{self._allowed(outside)}:{inside}"]
        passed = {}
        for key, value in what.environment.items():
            if key.upper().startswith(_OWN):
                words += ["--env", f"{key}={value}"]
            else:
                words += ["--env", key]
                passed[key] = value
        if what.stdin:
            words += ["--interactive"]
        if what.command:
            return [*words, "--entrypoint", "sh", "--", what.image, "-c", what.command, "sh", *what.arguments], passed
        return [*words, "--", what.image, *what.arguments], passed

    def _allowed(self, folder: str) -> str:
        """Return *folder* without links. Raises ProcessFailed (refused) when it is in no folder of the setting."""
        real = Path(os.path.realpath(folder))
        if not Path(folder).is_absolute() or not any(real.is_relative_to(os.path.realpath(one)) for one in self._settings.volumes):
            raise ProcessFailed(f"the volume {folder} is in no folder that PARLEY_CONTAINER_VOLUMES names", "refused")
        if ":" in str(real):
            raise ProcessFailed(f"the volume {folder} has a colon in its path, which the engine's command cannot be told", "refused")
        return str(real)

    async def _call(self, command: str, *arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> Finished:
        process = await asyncio.create_subprocess_exec(
            command,
            *arguments,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment() | (environment or {}),
            cwd="/",
            start_new_session=True,
        )
        feeding = asyncio.ensure_future(_feed(process, stdin))
        try:
            out, err = await collect(process, self._settings.output_bytes)
        finally:
            await end(feeding)
            await stop(process)
        return Finished(code=process.returncode or 0, stdout=decode(out), stderr=decode(err))

    async def _remove(self, command: str, name: str, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        await self._quietly(command, "rm", "--force", "--volumes", name)

    async def _quietly(self, command: str, *words: str) -> None:
        """Tell the engine something about a container that may be gone; what goes wrong is logged."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                finished = await self._call(command, *words)
            wrong = finished.stderr.strip()[-300:] if finished.code and "no such container" not in finished.stderr.lower() else ""
        except (TimeoutError, ProcessFailed, OSError) as error:
            wrong = str(error)
        if wrong:
            log.warning("The container engine could not `%s`: %s", " ".join(words), wrong)

    async def _sweep(self, command: str) -> None:
        """Remove what an earlier process was to remove."""
        form = '{{.Names}}\t{{.Label "' + REMOVE_AFTER + '"}}'
        with contextlib.suppress(ProcessFailed, OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                listed = await self._call(command, "ps", "--all", "--filter", f"label={REMOVE_AFTER}", "--format", form)
            for line in listed.stdout.splitlines() if listed.code == 0 else ():
                name, _, moment = line.partition("\t")
                with contextlib.suppress(ValueError):
                    if datetime.fromisoformat(moment) <= datetime.now(UTC):
                        self._later(self._remove(command, name))

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    async def aclose(self) -> None:
        """Let removals that are due come to their end; those of later are found again by their labels."""
        if self._removals:
            await asyncio.wait(self._removals, timeout=1.0)
        await end(*self._removals)


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(stdin)
            await process.stdin.drain()
        process.stdin.close()


def _environment() -> dict[str, str]:
    """Return what the engine's command needs of our environment; none of Parley's settings or keys is among it."""
    return {key: value for key, value in os.environ.items() if key.upper().startswith(_OWN)}


def engine_path(command: str) -> str:
    """Return where the engine's *command* is, empty when it is missing."""
    return shutil.which(command) or ""
