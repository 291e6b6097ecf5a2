"""Run a definition: durable, step by step, on LangGraph.

LangGraph itself is loaded with `run_graph`: ports, paths and errors are wanted by processes that never execute a run, and it takes 0.5 s.
"""

from typing import TYPE_CHECKING, Any

from graphs.run.deps import Limits, RunDeps
from graphs.run.execute import RELEASE, Outcome, execute
from graphs.run.live import Session, session
from graphs.run.program import compile_program as compile  # noqa: A004 (the word everyone uses for it)
from graphs.run.tree import Program

if TYPE_CHECKING:
    from graphs.run.graph import RunState, run_graph

__all__ = ["RELEASE", "Limits", "Outcome", "Program", "RunDeps", "RunState", "Session", "compile", "execute", "run_graph", "session"]


def __getattr__(name: str) -> Any:
    if name in ("RunState", "run_graph"):
        from graphs.run import graph

        return getattr(graph, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
