"""LangGraph as it is: a StateGraph of 20 nodes, without a checkpointer, or with its own AsyncPostgresSaver in sync mode.

python -m bench.rivals.stategraph [CONNECTION]
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from typing import Any, TypedDict

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END as LAST
from langgraph.graph import START as FIRST
from langgraph.graph import StateGraph
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from bench.rivals import work
from bench.rivals.lines import serve, timed

CONNECTIONS = 20


class State(TypedDict):
    n: int


async def node(state: State) -> dict[str, int]:
    return work.plain({"n": state["n"]})


def compiled(checkpointer: Any) -> Any:
    graph: Any = StateGraph(State)
    names = [f"step{number}" for number in range(work.STEPS)]
    for name in names:
        graph.add_node(name, node)
    for one, other in zip([FIRST, *names], [*names, LAST], strict=True):
        graph.add_edge(one, other)
    return graph.compile(checkpointer=checkpointer)


async def engine(checkpointer: Any) -> None:
    graph = compiled(checkpointer)
    more = {"durability": "sync"} if checkpointer else {}

    async def run(_work: str) -> None:
        config = {"configurable": {"thread_id": str(uuid.uuid4())}, "recursion_limit": 100}
        assert await graph.ainvoke(work.START, config, **more) == work.END

    await serve(lambda kind, how: timed(run, kind, how))


async def main(connection: str | None) -> None:
    if connection is None:
        await engine(None)
        return
    settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(connection, min_size=CONNECTIONS, max_size=CONNECTIONS, kwargs=settings) as pool:
        saver = AsyncPostgresSaver(pool)  # type: ignore[arg-type] # its rows are dictionaries
        await saver.setup()
        await engine(saver)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
