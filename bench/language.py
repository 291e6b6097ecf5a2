"""How fast definitions are read, checked and drawn."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import dsl
from graphs import catalogue

EXAMPLES = Path(__file__).parents[1] / "examples"


async def examine() -> float:
    """Milliseconds to read and check one definition, over all examples."""
    functions = catalogue.load()
    texts = [path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*/definition.yaml"))]
    began = time.perf_counter()
    for text in texts:
        dsl.examine(text, functions)
    return (time.perf_counter() - began) / len(texts) * 1000


async def imported() -> float:
    """Milliseconds of CPU that `import dsl` adds to `import pydantic`, in a process of its own."""
    code = "import time, pydantic; began = time.process_time(); import dsl; print(time.process_time() - began)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return float(printed) * 1000


async def drawn() -> float:
    """Milliseconds to lay out a definition of 60 tasks in a row."""
    tasks = [{f"step{number}": {"wait": {"seconds": number}}} for number in range(60)]
    data = {"document": {"dsl": "1.0.3", "namespace": "bench", "name": "row", "version": "0.1.0"}, "do": tasks}
    began = time.perf_counter()
    dsl.picture(data)
    return (time.perf_counter() - began) * 1000


ALL = {"import dsl": ("ms CPU", imported), "examine": ("ms", examine), "picture of 60 tasks": ("ms", drawn)}
