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
    """Lets *limit* steps pass per segment; the next ones wait until the segment is over and the gate opens again.

    Args:
        most: Steps the run may take, *taken* of them by earlier processes.
        brake: When it is set no step passes any more, and who waits for one counts as blocked.
    """

    def __init__(self, limit: int, most: int, *, taken: int = 0, strands: Strands, brake: asyncio.Event) -> None:
        self._limit = limit
        self._most = most
        self._taken = taken
        self._strands = strands
        self.brake = brake
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
        while self._passed >= self._limit and not self.brake.is_set():
            self._open.clear()
            self.full.set()
            await self._open.wait()
        if self.brake.is_set():
            await self._stand()
        if self._taken + self.total >= self._most:
            raise WorkflowError.budget(f"the run has done {self._most} tasks, which is its limit")
        self._passed += 1
        self.total += 1

    def anew(self) -> None:
        """Count from here: what undoes a run that used up its steps may take as many again."""
        self._taken = -self.total

    async def _stand(self) -> None:
        """Wait for ever, as somebody who does not work: another process goes on."""
        self._strands.leave()
        try:
            await asyncio.Event().wait()
        finally:
            self._strands.join()
