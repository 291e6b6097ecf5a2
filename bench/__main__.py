"""Measure: `python -m bench [NAME …] [--rounds N] [--json]`; apart: `python -m bench scale|rivals|parts`."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module

from bench import command, engine, expressions, language, store

Benchmark = Callable[[], Awaitable[float]]  # one round; returns what it measured, in the unit of its name
ALL: dict[str, tuple[str, Benchmark]] = {**command.ALL, **language.ALL, **expressions.ALL, **engine.ALL, **store.ALL}
APART = {"scale": "bench.scale.command", "rivals": "bench.rivals.command", "parts": "bench.parts"}  # programs of their own
LIMITS: dict[str, float] = {**language.LIMITS, **command.LIMITS}  # the median is at most this


async def measure(names: list[str], rounds: int) -> list[dict[str, object]]:
    """Run each benchmark *rounds* times after one to warm up; the figures are in the benchmark's own unit."""
    rows: list[dict[str, object]] = []
    for name in names:
        unit, benchmark = ALL[name]
        await benchmark()
        figures = [await benchmark() for _ in range(rounds)]
        row = {"name": name, "unit": unit, "median": statistics.median(figures), "min": min(figures), "max": max(figures), "rounds": rounds}
        rows.append({**row, "limit": LIMITS[name], "held": statistics.median(figures) <= LIMITS[name]} if name in LIMITS else row)
    return rows


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in APART:
        import_module(APART[sys.argv[1]]).main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(ALL)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in ALL]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    began = time.monotonic()
    rows = asyncio.run(measure(given.names or list(ALL), given.rounds))
    if given.json:
        print(json.dumps({"benchmarks": rows}))
        return
    for row in rows:
        verdict = f"  {'holds' if row['held'] else 'MISSES'} {row['limit']:g}" if "limit" in row else ""
        print(f"{row['name']:26} {row['median']:>10,.4g} {row['unit']:10} [{row['min']:,.4g} .. {row['max']:,.4g}]{verdict}")
    print(f"{len(rows)} benchmarks, {given.rounds} rounds each, {time.monotonic() - began:.0f} s")


main()
