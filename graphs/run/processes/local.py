"""The port `Processes` on this machine: what is allowed, how many at once, and what goes on without being waited for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from graphs.run.ending import end
from graphs.run.errors import ProcessFailed
from graphs.run.ports import Command, Container, Finished, ProcessKind
from graphs.run.processes.engine import Engine
from graphs.run.processes.sandbox import run_shut_in
from graphs.run.processes.settings import ProcessSettings

log = logging.getLogger("parley.processes")


class LocalProcesses:
    """Programs of any run of this process of Parley; they end with it."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._settings = settings
        self._engine = Engine(settings)
        self._room = asyncio.Semaphore(settings.at_once)
        self._detached: set[asyncio.Task[None]] = set()
        self._told = False

    @property
    def timeout_s(self) -> float:
        return self._settings.timeout_s

    def allows(self, kind: ProcessKind) -> bool:
        return kind in self._settings.allowed

    async def run(self, what: Command | Container, seconds: float) -> Finished:
        """Return how it ended. Raises ProcessFailed; cancelled, it is ended with everything below it."""
        began = False
        try:
            async with asyncio.timeout(seconds):
                async with self._room:
                    began = True
                    if isinstance(what, Container):
                        return await self._engine.run(what)
                    finished, said = await run_shut_in(what, self._settings, seconds)
        except TimeoutError as error:
            full = f"it did not begin within {seconds:g} s: {self._settings.at_once} others were running (PARLEY_RUN_CONCURRENCY)"
            raise ProcessFailed(f"it did not end within {seconds:g} s, and was ended" if began else full, "timeout") from error
        self._tell(said)
        return finished

    def start(self, what: Command | Container, seconds: float) -> None:
        """Let it run beside everything else; how it ends is logged."""
        task = asyncio.create_task(self._alone(what, seconds), name="detached process")
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)

    async def aclose(self, patience_s: float = 0.0) -> None:
        """End what still runs, after waiting for it for *patience_s*."""
        if self._detached and patience_s:
            await asyncio.wait(self._detached, timeout=patience_s)
        await end(*self._detached)
        await self._engine.aclose()

    async def _alone(self, what: Command | Container, seconds: float) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                finished = await self.run(what, seconds)
                log.info("A program that nobody waited for has ended with code %d", finished.code)
            except ProcessFailed as error:
                log.warning("A program that nobody waited for failed: %s", error)

    def _tell(self, said: Mapping[str, Any]) -> None:
        """Log once what this system does not allow."""
        missing = said.get("missing")
        if missing and not self._told:
            self._told = True
            why = f" ({said['why']})" if said.get("why") else ""
            log.warning("Scripts and shell commands run with less isolation here; missing: %s%s", ", ".join(missing), why)
