"""`python -m bench scale`: what there is to ask for, and the lines that are printed."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from bench.scale import fanout, waiting
from bench.scale.probe import folder

WHAT = ("waiting", "fan-out")


async def _waiting(given: argparse.Namespace) -> None:
    with folder(given.home) as home:
        async for line in waiting.measure(home, runs=given.runs, burst=given.burst, queue=given.queue):
            _print(line.what, line.value)


async def _fan_out() -> None:
    async for what, value in fanout.measure():
        _print(what, value)


def _print(what: str, value: str) -> None:
    print(f"{what:58} {value}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench scale", description="Measure what grows. Takes minutes.")
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"some of: {', '.join(WHAT)} (default: all)")
    parser.add_argument("--runs", type=int, default=100_000, help="runs that wait, beside those that fall due")
    parser.add_argument("--burst", type=int, default=10_000, help="timers that fall due at once")
    parser.add_argument("--queue", choices=("procrastinate", "batches"), default="procrastinate")
    parser.add_argument("--home", type=Path, help="a folder of an earlier measurement, whose waiting runs are used again")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.what if name not in WHAT]:
        parser.error(f"there is nothing called {unknown[0]!r}; there are {', '.join(WHAT)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; queue: {given.queue}")
    for name in given.what or WHAT:
        asyncio.run(_waiting(given) if name == "waiting" else _fan_out())
    print(f"load {os.getloadavg()[0]:.1f}")
