"""The engines as processes of their own, asked one after another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rivals.server import Server, cpu_s

ROOT = Path(__file__).parents[2]
OTHERS = ROOT / ".venv-bench" / "bin" / "python"  # `make bench` installs DBOS there: Parley must not depend on it
OURS, STOCK, DBOS, MEMORY = "Parley", "LangGraph + AsyncPostgresSaver, sync", "DBOS Transact", "LangGraph, nothing stored"
RESUMING = "Parley, resuming"


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine; `database` is where it keeps things, empty when it does not."""

    name: str
    database: str
    process: subprocess.Popen[str]

    def ask(self, work: str, how: str) -> dict[str, Any]:
        """Have one round done. Raises RuntimeError when the engine ended instead."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"work": work, "how": how}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        answered: dict[str, Any] = json.loads(line)
        return answered

    def cpu_s(self) -> float:
        """Return the processor seconds of the engine and its children."""
        return cpu_s(self.process.pid)


@contextmanager
def all_engines(server: Server) -> Iterator[dict[str, Engine]]:
    """Yield the engines by name, ready; DBOS is not among them when it is not installed."""
    home = str(server.home)
    with ExitStack() as stack:
        found = [
            stack.enter_context(_started(OURS, "parley", sys.executable, "bench.rivals.ours", home)),
            stack.enter_context(_started(STOCK, "stock", sys.executable, "bench.rivals.stategraph", server.create("stock"))),
            stack.enter_context(_started(MEMORY, "", sys.executable, "bench.rivals.stategraph")),
            stack.enter_context(_started(RESUMING, "resuming", sys.executable, "bench.rivals.resuming", home, server.create("resuming"))),
        ]
        if OTHERS.exists():
            found.append(stack.enter_context(_started(DBOS, "dbos", str(OTHERS), "bench.rivals.transact", server.create("dbos"))))
        yield {engine.name: engine for engine in found}


@contextmanager
def _started(name: str, database: str, python: str, module: str, *arguments: str) -> Iterator[Engine]:
    environment = {**os.environ, "LANGSMITH_TRACING": "false"}
    process = subprocess.Popen(
        [python, "-W", "ignore", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    engine = Engine(name, database, process)
    try:
        engine.answer()
        yield engine
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
