"""An engine is a process that is asked by lines of JSON and answers with lines of JSON: nothing of one engine is loaded in another's.

asked     {"work": "effects", "how": "together"}
answered  {"seconds": 0.21}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.rivals.work import AT_ONCE, WORKS

Run = Callable[[str], Awaitable[None]]  # one run of a kind of work, from its start to its end
WAVES = 1  # of AT_ONCE runs, in one round
ALONE = 5  # runs one after another, in one round
RESUMED = 1  # runs taken up, in one round


async def serve(measure: Callable[[str, str], Awaitable[dict[str, Any]]]) -> None:
    """Answer questions until there are no more. What anything else prints goes to stderr."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        print(json.dumps({"ready": True}), file=answers, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            print(json.dumps(await measure(asked["work"], asked["how"])), file=answers, flush=True)


async def timed(run: Run, work: str, how: str) -> dict[str, Any]:
    """Do one round the plain way: all at once or one after another; return how long it took."""
    assert work in WORKS
    began = time.perf_counter()
    if how == "alone":
        for _ in range(ALONE):
            await run(work)
    else:
        for _ in range(WAVES):
            await asyncio.gather(*(run(work) for _ in range(AT_ONCE)))
    return {"seconds": time.perf_counter() - began}
