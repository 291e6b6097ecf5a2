"""Run a definition: durable, step by step, on LangGraph."""

from graphs.run.deps import Limits, RunDeps
from graphs.run.execute import RELEASE, Outcome, execute
from graphs.run.graph import RunState, run_graph
from graphs.run.live import Session, session
from graphs.run.program import compile_program as compile  # noqa: A004 (the word everyone uses for it)
from graphs.run.tree import Program

__all__ = ["RELEASE", "Limits", "Outcome", "Program", "RunDeps", "RunState", "Session", "compile", "execute", "run_graph", "session"]
