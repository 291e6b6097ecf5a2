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


async def resumed(container: Container, version: str) -> float:
    """Return the seconds of one such run; nothing of it is left in the process from before."""
    actions = container.actions
    before, runner = Runner(container, process_name()), Runner(container, process_name())
    try:
        run = await actions.start(WHO, version, input=work.START, here=before.owner)
        assert await before.advance(Lease(run.id, WHO.tenant, 1)) == "waiting"
        await actions.answer(WHO, run.id, f"/do/{FINISHED}/ask", {"approved": True})
        began = time.perf_counter()
        lease = await runner.claim(run.id)
        assert lease is not None
        assert await runner.advance(lease) == "completed"
        return time.perf_counter() - began
    finally:
        await before.close()
        await runner.close()


async def main(home: str, database: str) -> None:
    definition = work.definition("pure", FINISHED)
    definition["do"] += [{"ask": {"call": "approve:1.0.0@default", "with": {"title": "Go on?"}}}, {"last": {"set": {"done": True}}}]
    async with opened(Path(home), database) as container:
        version = await approved(container, definition)

        async def measure(_work: str, _how: str) -> dict[str, Any]:
            return {"seconds": sum([await resumed(container, version) for _ in range(RESUMED)])}

        await serve(measure)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
