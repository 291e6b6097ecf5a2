"""How fast definitions are read, checked and drawn; what it costs beside the official JSON Schema."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import dsl
from bench.definitions import TASKS_OF_GROUP, many_tasks
from graphs import catalogue

EXAMPLES = Path(__file__).parents[1] / "examples"
CONFORMANCE = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[2] / "shared" / "conformance")
_salts = count(1)


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


def _checked(text: str, clock: Callable[[], float]) -> float:
    """Return the milliseconds to read and check *text*, by *clock*."""
    began = clock()
    dsl.check(dsl.read(text))
    return (clock() - began) * 1000


def cold(tasks: int) -> Callable[[], Awaitable[float]]:
    """Milliseconds to read and check a definition whose expressions were never seen; one in ten tasks has one that needs jq."""

    async def measure() -> float:
        return _checked(many_tasks(tasks, next(_salts)), time.perf_counter)

    return measure


def warm(tasks: int) -> Callable[[], Awaitable[float]]:
    """Milliseconds of CPU to read and check the same definition again."""

    async def measure() -> float:
        text = many_tasks(tasks, 0)
        _checked(text, time.process_time)
        return _checked(text, time.process_time)

    return measure


async def growth() -> float:
    """How many times as much a task costs among 10,000 as among 100."""
    few = min([await warm(100)() for _ in range(5)]) / 100
    return await warm(10_000)() / 10_000 / few


def memory(tasks: int) -> Callable[[], Awaitable[float]]:
    """Megabytes that reading and checking needs at its peak, the text and its data included."""

    async def measure() -> float:
        text = many_tasks(tasks, 0)
        _checked(text, time.process_time)
        tracemalloc.start()
        _checked(text, time.process_time)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / 1e6

    return measure


def official(tasks: int) -> Callable[[], Awaitable[float]]:
    """Milliseconds of CPU of `jsonschema` with the official schema, which reads the same data and sees shapes only."""

    async def measure() -> float:
        from jsonschema import Draft202012Validator

        validator = Draft202012Validator(dsl.read((CONFORMANCE / "workflow.schema.yaml").read_text("utf-8")).data)
        data = dsl.read(many_tasks(tasks, 0)).data
        began = time.process_time()
        if not validator.is_valid(data):
            raise SystemExit("the official schema refuses what is measured")
        return (time.process_time() - began) * 1000

    return measure


ALL: dict[str, tuple[str, Callable[[], Awaitable[float]]]] = {
    "import dsl": ("ms CPU", imported),
    "examine": ("ms", examine),
    "picture of 60 tasks": ("ms", drawn),
    "100 tasks, cold": ("ms", cold(100)),
    "100 tasks, warm": ("ms CPU", warm(100)),
    "1,000 tasks, cold": ("ms", cold(1_000)),
    "1,000 tasks, warm": ("ms CPU", warm(1_000)),
    "a task of 10,000 / of 100": ("times", growth),
    "1,000 tasks, memory": ("MB", memory(1_000)),
}
if (CONFORMANCE / "workflow.schema.yaml").exists():
    ALL["100 tasks, jsonschema"] = ("ms CPU", official(100))
    ALL["1,000 tasks, jsonschema"] = ("ms CPU", official(1_000))

# at most so much, on a machine that does nothing else; a new expression may cost 1 ms
LIMITS = {
    "import dsl": 150.0,
    "100 tasks, cold": 15.0 + 100 / TASKS_OF_GROUP,
    "100 tasks, warm": 15.0,
    "1,000 tasks, cold": 250.0 + 1_000 / TASKS_OF_GROUP,
    "1,000 tasks, warm": 250.0,
    "a task of 10,000 / of 100": 1.5,
}
