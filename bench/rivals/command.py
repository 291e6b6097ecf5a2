"""Measure Parley beside others: `python -m bench rivals [--rounds N] [--minutes N] [--disk quick|slow|both]`."""

from __future__ import annotations

import argparse
import os
import sys
import time

from bench.rivals.engines import OTHERS
from bench.rivals.lines import ALONE, WAVES
from bench.rivals.rounds import measure
from bench.rivals.server import can_slow
from bench.rivals.table import tables, verdicts
from bench.rivals.work import AT_ONCE, STEPS

SLOW_US = 1000


def report(rounds: int, disk: str, at_most_s: float) -> None:
    """Print the tables of the disks that were asked for."""
    if not OTHERS.exists():
        print("DBOS is not installed, so it is left out: `make bench` installs it, into .venv-bench.")
    for name, slow_us in (("quick", 0), ("slow", SLOW_US)):
        if disk not in (name, "both"):
            continue
        if slow_us and not can_slow():
            print("The slow disk is left out: there is no gcc to build bench/rivals/slowsync.c with.")
            continue
        _disk(rounds, slow_us, at_most_s)


def _disk(rounds: int, slow_us: int, at_most_s: float) -> None:
    began, before = time.monotonic(), os.getloadavg()[0]
    figures = measure(rounds, slow_us, at_most_s)
    place = f"every fsync {slow_us / 1000:g} ms slower" if slow_us else "the disk of this machine"
    load = f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{place}: {WAVES} times {AT_ONCE} runs of {STEPS} steps at once, {ALONE} runs alone; medians of {figures.rounds} rounds,")
    print(f"all engines in turn; {time.monotonic() - began:.0f} s; {os.cpu_count()} cores, {load}\n")
    for line in (*tables(figures), "", *verdicts(figures)):
        print(line, flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench rivals", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=30.0, help="begin no round after so many, on each disk")
    parser.add_argument("--disk", choices=("quick", "slow", "both"), default="both")
    given = parser.parse_args(arguments)
    report(given.rounds, given.disk, given.minutes * 60)


if __name__ == "__main__":
    main(sys.argv[1:])
