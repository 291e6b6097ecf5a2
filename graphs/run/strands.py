"""Who is working and who is blocked: the count that says when a run can only be parked, and the gate between segments.

A strand is one line of execution; a run begins with one, each fork branch is one. A strand that waits gives its place up and has it
back before it goes on, in the same breath, so that the count reaches zero only when truly nobody can work.
"""

from __future__ import annotations

import asyncio

from graphs.run.errors import WorkflowError


class Strands:
    def __init__(self) -> None:
        self._working = 1
        self.quiet = asyncio.Event()  # set while nobody works

    def leave(self) -> None:
        self._working -= 1
        if self._working == 0:
            self.quiet.set()

    def join(self, count: int = 1) -> None:
        self._working += count
        if self._working > 0:
            self.quiet.clear()


class Gate:
    """Lets *limit* steps pass per segment; the next ones wait until the segment is over and the gate opens again."""

    def __init__(self, limit: int, most: int) -> None:
        self._limit = limit
        self._most = most
        self._passed = 0
        self.total = 0
        self.full = asyncio.Event()
        self._open = asyncio.Event()

    def open(self) -> None:
        """Begin a segment."""
        self._passed = 0
        self.full.clear()
        self._open.set()

    async def enter(self) -> None:
        """Take one step. Raises WorkflowError when the run used up its steps."""
        if self.total >= self._most:
            raise WorkflowError.of("runtime", f"the run has done {self._most} steps, which is its limit", title="Step Limit Reached")
        while self._passed >= self._limit:
            self._open.clear()
            self.full.set()
            await self._open.wait()
        self._passed += 1
        self.total += 1
