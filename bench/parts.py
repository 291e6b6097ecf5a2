"""Where the processor time of a run goes: `python -m bench parts`.

50 runs of 20 steps with an effect, as in bench/rivals, while the processor's own timer asks every millisecond what is being done. A sample
belongs to the innermost place that has a name below.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]  # has no stubs

from bench.rivals.lines import WAVES
from bench.rivals.ours import Ours, opened, working
from bench.rivals.server import cpu_s
from bench.rivals.work import AT_ONCE, STEPS

EVERY_S = 0.001
PARTS = {  # words -> what is in the path of the code, the more particular first
    "expressions": ("/dsl/expressions/",),
    "data flow, schemas": ("/run/dataflow", "/run/templates", "/run/variables", "schemas.py", "/jsonschema/", "/referencing/"),
    "journal, group commit": ("/store/journal", "/store/writer", "/store/arrays", "/store/blobs"),
    "checkpoints (ours)": ("/store/saver",),
    "LangGraph": ("/langgraph/", "/langchain_core/", "/langsmith/"),
    "database drivers": ("/psycopg", "/sqlalchemy/"),
    "interpreter": ("/graphs/",),
    "starting, worker, queue": ("/app/",),
    "event loop": ("/asyncio/", "/selectors.py"),
}


class Sampler:
    """Counts samples by part as long as it is on."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self._sample)
        signal.siginterrupt(signal.SIGPROF, False)  # system calls go on
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        self.samples[_part(frame)] += 1


def _part(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename
        if "/bench/" not in path:
            for part, places in PARTS.items():
                if any(place in path for place in places):
                    return part
        frame = frame.f_back
    return "other"


async def measured(home: Path, rounds: int) -> tuple[dict[str, float], float]:
    """Return the milliseconds of a run by part, and how many runs a second there were."""
    async with opened(home) as container, working(container) as ours:
        assert container.prepared.server is not None
        return await _rounds(ours, container.prepared.server.pid or 0, rounds)


async def _rounds(ours: Ours, server: int, rounds: int) -> tuple[dict[str, float], float]:
    await ours.measure("effects", "together")
    sampler, runs = Sampler(), rounds * WAVES * AT_ONCE
    own, jq, database, began = time.process_time(), _children_s(server), cpu_s(server, ended=True), time.perf_counter()
    with sampler:
        for _ in range(rounds):
            await ours.measure("effects", "together")
    seconds = time.perf_counter() - began
    own, jq, database = time.process_time() - own, _children_s(server) - jq, cpu_s(server, ended=True) - database
    total = sampler.samples.total() or 1
    parts = {part: own * 1000 / runs * sampler.samples[part] / total for part in (*PARTS, "other")}
    return {
        **parts,
        "this process": own * 1000 / runs,
        "jq's processes": jq * 1000 / runs,
        "PostgreSQL": database * 1000 / runs,
    }, runs / seconds


def _children_s(server: int) -> float:
    """Return the processor seconds of this process's children without the database."""
    others = [child for child in psutil.Process().children() if child.pid != server]
    return sum(cpu_s(child.pid) for child in others)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench parts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    home = Path(tempfile.mkdtemp(prefix="parley-parts-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        parts, speed = asyncio.run(measured(home, given.rounds))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(
        f"\nProcessor time of a run of {STEPS} steps with an effect, {AT_ONCE} at once, {speed:,.1f} runs/s; load {os.getloadavg()[0]:.1f}"
    )
    for part, milliseconds in parts.items():
        print(f"  {part:26}{milliseconds:8.2f} ms a run {milliseconds * 1000 / STEPS:8.0f} µs a step")


if __name__ == "__main__":
    main(sys.argv[1:])
