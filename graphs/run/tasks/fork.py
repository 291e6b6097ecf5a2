"""`fork`: branches side by side, each an asyncio task with its own path.

Without `compete` the output is the list of all outputs in the order of the branches, and the first error ends the others. With it the
first branch that succeeds wins; its name is journaled before the others are cancelled, so that a resume never asks them again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import paths
from graphs.run.ending import end
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.step import Flow, Step
from graphs.run.tree import Block, Task

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class ForkTask:
    branches: Block
    compete: bool

    async def run(self, step: Step) -> Flow:
        if not self.branches.tasks:
            return Flow([])
        decided = step.engine.book.result(f"{step.path}/fork", step.attempt)
        if decided is None:
            position = next((position for position in range(len(self.branches.tasks)) if self._decided_before(step, position)), None)
        else:
            position = self.branches.index[decided.output]
        if position is None:
            return await Race(self, step).run()
        flow = await self.branch(step, position)  # from the journal; no other branch is begun
        if decided is None:
            self.journal_winner(step, position)
        return Flow(flow.output, "end" if flow.then == "end" else None)

    async def branch(self, step: Step, position: int) -> Flow:
        task: Task = self.branches.tasks[position]
        return await step.engine.step(task, self._path(step, position), step.data, step.frame, step.moment)

    def _path(self, step: Step, position: int) -> str:
        return paths.child(f"{step.path}/fork/branches", position, self.branches.tasks[position].segment, 1)

    def _decided_before(self, step: Step, position: int) -> bool:
        """Tell whether an earlier process saw this branch end in a way that decides the fork alone, and died before it said so."""
        path = self._path(step, position)
        row = step.engine.book.result(path, step.engine.book.attempt(path))
        if row is None or row.status == "faulted":
            return row is not None and not self.compete
        return self.compete or row.then == "end"

    def journal_winner(self, step: Step, position: int) -> None:
        step.engine.record(
            Row(
                path=f"{step.path}/fork",
                attempt=step.attempt,
                kind="step",
                reference=f"{step.reference}/fork",
                status="finished",
                output=self.branches.tasks[position].name,
                ended_at=step.engine.deps.clock.now(),
            )
        )


class Race:
    """The branches of one execution of a fork."""

    def __init__(self, fork: ForkTask, step: Step) -> None:
        self._fork = fork
        self._step = step
        self._strands = step.engine.strands
        self._over: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()  # the branch that decides alone, if one does
        self._tasks: list[asyncio.Task[Flow]] = []
        self._open = len(fork.branches.tasks)

    async def run(self) -> Flow:
        self._strands.join(self._open - 1)  # the branches work, the fork itself waits
        self._tasks = [asyncio.create_task(self._fork.branch(self._step, position)) for position in range(self._open)]
        for position, task in enumerate(self._tasks):
            task.add_done_callback(partial(self._ended, position))
        try:
            decisive = await self._over
            if decisive is not None and self._tasks[decisive].exception() is None:
                self._fork.journal_winner(self._step, decisive)
        except asyncio.CancelledError:
            if self._over.cancelled():
                self._strands.join()
            raise
        finally:
            await self._clear()
        return self._outcome(decisive)

    def _ended(self, position: int, task: asyncio.Task[Flow]) -> None:
        """Count a branch out; the one that ends the race hands its place among the working strands to the fork."""
        self._open -= 1
        if self._over.done():
            self._strands.leave()
            if not task.cancelled():
                task.exception()  # seen: the race was over
        elif self._decides(task):
            self._over.set_result(position)
        elif self._open == 0:
            self._over.set_result(None)
        else:
            self._strands.leave()

    def _decides(self, task: asyncio.Task[Flow]) -> bool:
        if task.cancelled():
            return True
        error = task.exception()
        if error is None:
            return self._fork.compete or task.result().then == "end"
        return not (self._fork.compete and isinstance(error, WorkflowError) and not error.final)

    async def _clear(self) -> None:
        """Cancel the branches that still work and wait until they have let go."""
        await end(*(task for task in self._tasks if not task.done()))

    def _outcome(self, decisive: int | None) -> Flow:
        if decisive is not None:
            flow = self._tasks[decisive].result()
            return Flow(flow.output, "end" if flow.then == "end" else None)
        if self._fork.compete:  # nobody won: the first branch's error stands for all
            return self._tasks[0].result()
        return Flow([task.result().output for task in self._tasks])


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> ForkTask:
    fork = data["fork"]
    where = join(reference, "fork", "branches")
    branches = compiler.block(fork.get("branches") or [], where)
    for task in branches.tasks:
        if task.then not in ("continue", "exit", "end"):
            compiler.problem("unknown-target", join(task.reference, "then"), "a branch cannot go to another branch")
    return ForkTask(branches, bool(fork.get("compete")))
