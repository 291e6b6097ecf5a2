"""How fast definitions are read and checked, and expressions evaluated."""

from __future__ import annotations

import time
from pathlib import Path

import dsl
from dsl.expressions import Expressions
from graphs import catalogue

EXAMPLES = Path(__file__).parents[1] / "examples"
CALLS = 500


async def examine() -> float:
    """Milliseconds to read and check one definition, over all examples."""
    functions = catalogue.load()
    texts = [path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*/definition.yaml"))]
    began = time.perf_counter()
    for text in texts:
        dsl.examine(text, functions)
    return (time.perf_counter() - began) / len(texts) * 1000


async def expression() -> float:
    """Microseconds for one jq call that needs a child process, compiled before."""
    expressions = Expressions(children=1)
    data = {"orders": [{"total": n} for n in range(20)]}
    try:
        await expressions.evaluate("[.orders[] | select(.total > 10)] | length", data, {})
        began = time.perf_counter()
        for _ in range(CALLS):
            await expressions.evaluate("[.orders[] | select(.total > 10)] | length", data, {})
        return (time.perf_counter() - began) / CALLS * 1e6
    finally:
        await expressions.aclose()


ALL = {"examine": ("ms", examine), "jq in a child": ("µs", expression)}
