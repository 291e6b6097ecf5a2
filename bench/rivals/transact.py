"""DBOS Transact: a durable workflow of 20 steps, in its asyncio form (in threads it is as fast, within what rounds differ).

.venv-bench/bin/python -m bench.rivals.transact CONNECTION
"""

from __future__ import annotations

import asyncio
import sys

from dbos import DBOS  # in an environment of its own

from bench.rivals import work
from bench.rivals.lines import serve, timed

CONNECTIONS = 20


@DBOS.step()
async def step(state: dict[str, int]) -> dict[str, int]:
    return work.plain(state)


@DBOS.workflow()
async def workflow(state: dict[str, int]) -> dict[str, int]:
    for _ in range(work.STEPS):
        state = await step(state)
    return state


async def run(_work: str) -> None:
    assert await workflow(work.START) == work.END


def main(connection: str) -> None:
    quiet = {"log_level": "ERROR", "console_log_level": "ERROR"}
    DBOS(config={"name": "bench", "system_database_url": connection, "sys_db_pool_size": CONNECTIONS, **quiet})
    DBOS.launch()
    try:
        asyncio.run(serve(lambda kind, how: timed(run, kind, how)))
    finally:
        DBOS.destroy()


main(*sys.argv[1:])
