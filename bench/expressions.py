"""How long one expression takes: without a child process, through one, and with data of some size."""

from __future__ import annotations

import time

from dsl.expressions import Expressions

JSON = dict[str, object]

CALLS = 500
FILTER = "[.orders[] | select(.total > 10)] | length"
SMALL: JSON = {"orders": [{"total": n} for n in range(3)]}
LARGE: JSON = {"orders": [{"total": n, "customer": f"customer {n}", "lines": [n, n + 1, n + 2]} for n in range(1_000)]}


async def _each(expression: str, data: JSON, calls: int = CALLS) -> float:
    """Microseconds for one evaluation, compiled before."""
    expressions = Expressions(children=1)
    try:
        await expressions.evaluate(expression, data, {})
        began = time.perf_counter()
        for _ in range(calls):
            await expressions.evaluate(expression, data, {})
        return (time.perf_counter() - began) / calls * 1e6
    finally:
        await expressions.aclose()


async def plain() -> float:
    """A path that needs no jq."""
    return await _each(".orders[0].total", SMALL, 20_000)


async def child() -> float:
    """jq on a few values: what the way to the child and back costs."""
    return await _each(FILTER, SMALL)


async def child_large() -> float:
    """jq on 1,000 objects, about 70 kB of JSON."""
    return await _each(FILTER, LARGE, 100)


ALL = {"plain expression": ("µs", plain), "jq, few values": ("µs", child), "jq, 1,000 objects": ("µs", child_large)}
