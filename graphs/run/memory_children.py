"""The port `Children` in memory: a child is another run of this process, and nothing of it is left but how it ended."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import replace

from graphs.run.deps import RunDeps
from graphs.run.ending import end
from graphs.run.errors import TooManyGenerations
from graphs.run.execute import Outcome, execute
from graphs.run.memory_ports import MemoryJournal, MemoryMailbox, MemoryNotices
from graphs.run.ports import JSON


class MemoryChildren:
    """Children of one run. What they emit reaches it; `ended` has how they ended, by id."""

    def __init__(self, generation: int = 0) -> None:
        self.started: dict[str, str] = {}  # path -> id
        self.ended: dict[str, Outcome] = {}
        self._generation = generation
        self._deps: RunDeps | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.children: list[MemoryChildren] = []

    def bind(self, deps: RunDeps) -> RunDeps:
        """Return *deps*, the ports of the run whose children these are, with this port in it."""
        self._deps = replace(deps, children=self)
        return self._deps

    async def start(self, path: str, namespace: str, name: str, version: str, data: JSON) -> str:
        assert self._deps is not None, "bind() comes first"
        if path not in self.started:
            definition = await self._deps.workflows.find(namespace, name, version)
            if self._generation >= self._deps.limits.workflow_depth:
                raise TooManyGenerations(self._generation)
            self.started[path] = str(uuid.uuid4())
            self._tasks.append(asyncio.create_task(self._run(self.started[path], definition, data), name=f"child {name}"))
        return self.started[path]

    async def _run(self, run_id: str, definition: Mapping[str, JSON], data: JSON) -> None:
        from langgraph.checkpoint.memory import InMemorySaver

        from dsl.problems import InvalidDefinition
        from graphs.run.graph import run_graph
        from graphs.run.program import compile_program

        assert self._deps is not None
        mailbox, own = MemoryMailbox(self._deps.clock), MemoryChildren(self._generation + 1)
        self.children.append(own)
        deps = own.bind(replace(self._deps, journal=MemoryJournal(), mailbox=mailbox, notices=MemoryNotices()))
        try:
            program = compile_program(definition, deps.catalogue)
            self.ended[run_id] = await execute(run_graph(InMemorySaver()), deps, run_id=run_id, program=program, input=data)
        except InvalidDefinition as error:
            self.ended[run_id] = Outcome(status="faulted", error={"type": "about:blank", "status": 400, "detail": str(error)})

    async def settled(self, patience_s: float) -> None:
        """Return when all children and theirs have ended or wait, or *patience_s* have passed; those that still work are ended."""
        try:
            async with asyncio.timeout(patience_s):
                await self._all()
        except TimeoutError:
            pass
        finally:
            await self.aclose()

    async def _all(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)
        for child in self.children:
            await child._all()

    async def aclose(self) -> None:
        """End every child and theirs."""
        await end(*self._tasks)
        for child in self.children:
            await child.aclose()
