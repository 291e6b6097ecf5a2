"""Parley takes up a run that has done 1,000 steps and was waiting: from its lease to its end, one step later.

python -m bench.rivals.resuming HOME CONNECTION
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from app.container import Container
from app.running import Runner, process_name
from app.store.runs import Lease
from bench.rivals import work
from bench.rivals.lines import RESUMED, serve
from bench.rivals.ours import WHO, approved, opened

FINISHED = 1000  # steps


async def resumed(container: Container, runner: Runner, version: str) -> float:
    """Return the seconds that *runner* takes for such a run, which was somebody else's before."""
    actions, before = container.actions, Runner(container, process_name())
    try:
        run = await actions.start(WHO, version, input=work.START, here=before.owner)
        assert await before.advance(Lease(run.id, WHO.tenant, 1)) == "waiting"
    finally:
        await before.close()
    await actions.answer(WHO, run.id, f"/do/{FINISHED}/ask", {"approved": True})
    began = time.perf_counter()
    lease = await runner.claim(run.id)
    assert lease is not None
    assert await runner.advance(lease) == "completed"
    return time.perf_counter() - began


async def main(home: str, database: str) -> None:
    definition = work.definition("pure", FINISHED)
    definition["do"] += [{"ask": {"call": "approve:1.0.0@default", "with": {"title": "Go on?"}}}, {"last": {"set": {"done": True}}}]
    async with opened(Path(home), database) as container:
        version = await approved(container, definition)
        runner = Runner(container, process_name())

        async def measure(_work: str, how: str) -> dict[str, Any]:
            """Compiling the definition is done once a process: `cold` has it done anew."""
            if how == "cold":
                return {"seconds": sum([await resumed(container, Runner(container, process_name()), version) for _ in range(RESUMED)])}
            return {"seconds": sum([await resumed(container, runner, version) for _ in range(RESUMED)])}

        await serve(measure)
        await runner.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
