"""A run as the LangGraph thread it is, for programs that drive or watch it with LangGraph's own methods (docs/langgraph.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.actions import Conflict
from app.foreground import beating
from app.running import Overrides, Runner, process_name
from app.store.ending import end

if TYPE_CHECKING:
    from app.container import Container
    from graphs.run import RunState, Session
    from graphs.run.graph import Graph


@dataclass(frozen=True, slots=True)
class RunThread:
    """`graph.astream(begin, config, context=context)` starts it, or goes on; `graph.aget_state(config)` tells where it is."""

    graph: Graph
    config: Any
    context: Session
    begin: RunState | None  # None where it has begun


@asynccontextmanager
async def run_thread(container: Container, run_id: str) -> AsyncIterator[RunThread]:
    """
    Take a run that is ready and yield its thread; nobody else works on it meanwhile.

    What is left of it when the caller is done is worked on until the run ends or can only wait, and how it stands is stored.

    Raises:
        Conflict: the run is not ready, or in somebody's hands.
        LeaseLost: this process slept too long, and another one has taken the run over.
    """
    from graphs.run.plain import plain

    runner = Runner(container, process_name())
    lease = await runner.claim(run_id)
    if lease is None:
        raise Conflict(
            "The run cannot be taken now.", code="not-ready", where=f"run {run_id}", why="It is not ready, or a worker has it.",
            next="Look with parley show; a run that waits becomes ready when what it waits for arrives.",
        )  # fmt: skip
    beats = asyncio.create_task(beating(runner), name="thread-heartbeat")
    try:
        async with runner.holding(lease) as hand:
            details, graph = await runner.details(lease), runner.graph(lease.tenant)
            config: Any = {"configurable": {"thread_id": run_id}}
            async with runner.context(hand, details) as context:
                known = (await graph.aget_state(config)).values
                first: RunState = {"run_id": run_id, "input": plain(details["input"]), "status": "running"}
                yield RunThread(graph, config, context, None if known else first)
            await runner.until_parked(hand, details, Overrides())
    finally:
        await end(beats)
        await runner.close()
