"""How fast a run goes without a store: what the interpreter itself costs."""

from __future__ import annotations

import asyncio
import time

from langgraph.checkpoint.memory import InMemorySaver

from dsl.expressions import Expressions
from graphs.run import compile as compile_program
from graphs.run import execute, run_graph
from graphs.run.memory_ports import NoHttp, ephemeral_deps

STEPS = 20
AT_ONCE = 20
DEFINITION = {
    "document": {"dsl": "1.0.3", "namespace": "bench", "name": "steps", "version": "1.0.0"},
    "do": [{f"step{n}": {"set": {"n": n}}} for n in range(STEPS)],
}


async def _runs(count: int) -> float:
    """Steps a second over *count* runs at once."""
    program = compile_program(DEFINITION, {})
    graph = run_graph(InMemorySaver())
    expressions = Expressions(children=1)

    async def one(number: int) -> None:
        deps = ephemeral_deps(expressions=expressions, catalogue={}, http=NoHttp())
        outcome = await execute(graph, deps, run_id=f"bench-{number}", program=program)
        assert outcome.status == "completed", outcome

    try:
        began = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(count)))
        return count * STEPS / (time.perf_counter() - began)
    finally:
        await expressions.aclose()


async def alone() -> float:
    """Steps a second of one run."""
    return await _runs(1)


async def together() -> float:
    """Steps a second of many runs at once."""
    return await _runs(AT_ONCE)


ALL = {"one run in memory": ("steps/s", alone), "20 runs in memory": ("steps/s", together)}
