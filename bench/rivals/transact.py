"""DBOS Transact: a durable workflow of 20 steps, in threads (`DBOS.start_workflow`) or in its asyncio form.

.venv-bench/bin/python -m bench.rivals.transact CONNECTION threads|asyncio
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from dbos import DBOS  # in an environment of its own

from bench.rivals import work
from bench.rivals.lines import ALONE, WAVES, serve, timed

CONNECTIONS = 20


@DBOS.step()
def step(state: dict[str, int]) -> dict[str, int]:
    return work.plain(state)


@DBOS.workflow()
def workflow(state: dict[str, int]) -> dict[str, int]:
    for _ in range(work.STEPS):
        state = step(state)
    return state


@DBOS.step()
async def async_step(state: dict[str, int]) -> dict[str, int]:
    return work.plain(state)


@DBOS.workflow()
async def async_workflow(state: dict[str, int]) -> dict[str, int]:
    for _ in range(work.STEPS):
        state = await async_step(state)
    return state


async def run(_work: str) -> None:
    assert await async_workflow(work.START) == work.END


async def in_threads(_work: str, how: str) -> dict[str, Any]:
    """Do one round from this thread, as a program without asyncio does."""
    began = time.perf_counter()
    if how == "alone":
        for _ in range(ALONE):
            assert workflow(work.START) == work.END
    else:
        for _ in range(WAVES):
            handles = [DBOS.start_workflow(workflow, work.START) for _ in range(work.AT_ONCE)]
            assert all(handle.get_result() == work.END for handle in handles)
    return {"seconds": time.perf_counter() - began}


async def threads_aside(kind: str, how: str) -> dict[str, Any]:
    return await asyncio.to_thread(asyncio.run, in_threads(kind, how))


def main(connection: str, way: str) -> None:
    quiet = {"log_level": "ERROR", "console_log_level": "ERROR"}
    DBOS(config={"name": "bench", "system_database_url": connection, "sys_db_pool_size": CONNECTIONS, **quiet})
    DBOS.launch()
    try:
        asyncio.run(serve(threads_aside if way == "threads" else lambda kind, how: timed(run, kind, how)))
    finally:
        DBOS.destroy()


main(*sys.argv[1:])
