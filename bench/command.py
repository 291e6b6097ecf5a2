"""How long a person waits for the command line."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "high-value-orders" / "definition.yaml"
TRIVIAL = """document: {dsl: 1.0.3, namespace: bench, name: trivial, version: 1.0.0}
do:
  - one: {set: {done: true}}
"""


async def _python(*arguments: str) -> tuple[float, float]:
    """Run Python to its end; return the milliseconds that took, and those of its processor time."""
    before, began = os.times(), time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", *arguments, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise SystemExit(f"python {' '.join(arguments)} failed")
    took, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return took * 1000, cpu * 1000


async def parley_help() -> float:
    """Milliseconds until the list of commands is there."""
    return (await _python("-m", "app", "--help"))[0]


async def parley_validate() -> float:
    """Milliseconds to check one example."""
    return (await _python("-m", "app", "validate", str(EXAMPLE)))[0]


async def _trivial_run() -> tuple[float, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(TRIVIAL)
        file.flush()
        return await _python("-m", "app", "run", file.name, "--ephemeral", "--json")


async def ephemeral() -> float:
    """Milliseconds that a run of one `set` takes longer than a bare `import langgraph.graph`, the whole process."""
    return (await _trivial_run())[0] - (await _python("-c", "import langgraph.graph"))[0]


async def ephemeral_cpu() -> float:
    """The same in processor time, which other work on the machine disturbs less."""
    return (await _trivial_run())[1] - (await _python("-c", "import langgraph.graph"))[1]


ALL = {
    "parley --help": ("ms", parley_help),
    "parley validate": ("ms", parley_validate),
    "ephemeral above langgraph": ("ms", ephemeral),
    "…, processor time": ("ms", ephemeral_cpu),
}
LIMITS = {"ephemeral above langgraph": 400.0}
