"""Rounds of all engines in turn, A B C A B C …, so that what else the machine does meets each alike; and what they measured."""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.rivals.engines import DBOS, MEMORY, OURS, RESUMING, STOCK, Engine, all_engines
from bench.rivals.lines import ALONE, RESUMED, WAVES
from bench.rivals.server import Server, running
from bench.rivals.work import AT_ONCE, STEPS, WORKS

RIVALS = (OURS, STOCK, DBOS, MEMORY)
COMMITS = "pgbench, commits of one row"


@dataclass(slots=True)
class Figures:
    """What the rounds measured, by (engine, work, figure)."""

    rounds: int = 0
    each: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, engine: str, work: str, figures: Iterable[tuple[str, float]]) -> None:
        for name, value in figures:
            self.each[engine, work, name].append(value)

    def median(self, engine: str, work: str, name: str) -> float | None:
        """Return a figure's median, None when it was not measured."""
        values = self.each.get((engine, work, name))
        return statistics.median(values) if values else None

    def of(self, engine: str, work: str, name: str) -> Sequence[float]:
        return self.each.get((engine, work, name), ())


def measure(rounds: int, slow_us: int = 0, at_most_s: float = float("inf")) -> Figures:
    """Do one round to warm up, then *rounds* that count; none is begun after *at_most_s*."""
    figures, began = Figures(), time.monotonic()
    with running(slow_us) as server, all_engines(server) as engines:
        for number in range(rounds + 1):
            if time.monotonic() - began > at_most_s:
                break
            figures.rounds = number
            into = figures if number else Figures()
            for work in WORKS:
                for name in RIVALS:
                    if name in engines:
                        into.add(name, work, _together(server, engines[name], work))
                        into.add(name, work, [("alone", ALONE / float(engines[name].ask(work, "alone")["seconds"]))])
                into.add(OURS, work, [("one by one", WAVES * AT_ONCE / float(engines[OURS].ask(work, "one by one")["seconds"]))])
            for how in ("resume", "cold"):
                into.add(OURS, "pure", [(how, 1000 * float(engines[RESUMING].ask("pure", how)["seconds"]) / RESUMED)])
            into.add(COMMITS, "", [("1", server.commits(1)), ("16", server.commits(16))])
            print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return figures


def _together(server: Server, engine: Engine, work: str) -> list[tuple[str, float]]:
    runs = WAVES * AT_ONCE
    kept = server.kept(engine.database) if engine.database else 0
    wal, own_s, server_s = server.wal(), engine.cpu_s(), server.cpu_s()
    seconds = float(engine.ask(work, "together")["seconds"])
    wal, own_s, server_s = server.wal() - wal, engine.cpu_s() - own_s, server.cpu_s() - server_s
    found = [("runs/s", runs / seconds), ("cpu", 1000 * own_s / runs)]
    if engine.database:
        kept = server.kept(engine.database) - kept
        found += [("database cpu", 1000 * server_s / runs), ("kept", kept / runs), ("wal", wal / runs / STEPS)]
    return found
