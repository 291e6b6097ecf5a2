"""The one graph of all runs: `advance` interprets a segment and loops to itself, `park` waits in one `interrupt()`.

LangGraph's thread is the run. Its state is plain JSON and small: what the run waits for, how it ended; the steps are in the journal.
Driven by `execute`, or with LangGraph's own methods inside `session(...)`: `astream` shows every step (`custom`), `aget_state` where the
run is, `Command(resume={path: payload})` answers.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Checkpointer, interrupt

from graphs.run import waits
from graphs.run.errors import Held, RunCancelled, WorkflowError
from graphs.run.live import Live, Session
from graphs.run.plain import plain
from graphs.run.ports import JSON, Delivery

_SUPERSTEPS = 1_000_000  # segments of one invocation; steps are limited by Limits.max_steps


class RunState(TypedDict, total=False):
    """The state of a run's thread."""

    run_id: str
    input: JSON  # raw
    started_at: str  # ISO 8601
    status: Literal["running", "waiting", "completed", "faulted", "cancelled"]
    stopping: bool  # the run was cancelled: only what was done is undone
    steps: int  # taken by the process that wrote this
    retries: int  # asked for by people, as far as this state knows
    awaited: dict[str, JSON]  # path -> Awaited as JSON
    answers: dict[str, JSON]  # path -> payload, from the last resume
    output: JSON
    error: dict[str, JSON] | None
    failed_path: str


Graph = CompiledStateGraph[RunState, Session, RunState, RunState]


async def advance(state: RunState, runtime: Runtime[Session]) -> RunState:
    """Work for one segment."""
    own = runtime.context
    if own.live is None:
        own.live = await _begin(own, state)
    ended = await own.live.segment(_answers(own, state), runtime.stream_writer)
    if ended == "held":
        raise Held("the run was asked to stand still")
    if ended == "full":
        return {"status": "running", "steps": own.live.steps, "answers": {}}
    live = own.live
    retries = (await own.book()).retries
    if ended == "blocked":
        awaited = {one.path: plain(waits.to_json(one)) for one in live.awaited()}
        await own.drop()
        return {"status": "waiting", "steps": live.steps, "retries": retries, "awaited": awaited, "answers": {}}
    over: RunState = {"steps": live.steps, "retries": retries, "awaited": {}, "answers": {}}
    try:
        return {**over, "status": "completed", "output": plain(live.result()), "error": None}
    except RunCancelled:
        return {**over, "status": "cancelled"}
    except WorkflowError as error:
        return {**over, "status": "faulted", "error": plain(error.to_json()), "failed_path": error.path}


async def park(state: RunState) -> RunState:
    """Wait, holding nothing, until somebody resumes the thread with `{path: payload}`; an answer for nobody parks it again."""
    answers = interrupt(state["awaited"])
    return {"answers": answers if isinstance(answers, dict) else {}, "status": "running"}


async def _begin(own: Session, state: RunState) -> Live:
    book = await own.book()
    started_at = own.workflow.get("started_at") or state.get("started_at") or own.deps.clock.now().isoformat()
    live = Live(own, book, run_id=state["run_id"], data=state.get("input"), started_at=started_at, cancelled=state.get("stopping", False))
    if book.empty:  # nothing was durable yet, so nothing can have arrived
        return live
    for path in state.get("awaited", {}):
        live.engine.waits.restored(path)
    live.engine.waits.deliver(await own.arrived())
    return live


def _answers(own: Session, state: RunState) -> dict[str, Delivery]:
    """Return the payloads of the last resume as deliveries; the mailbox may hold the same ones, first come first kept."""
    awaited, now = state.get("awaited", {}), own.deps.clock.now()
    return {
        path: Delivery(path=path, kind=awaited[path]["kind"], payload=payload, at=now)
        for path, payload in state.get("answers", {}).items()
        if path in awaited
    }


def _next(state: RunState) -> str:
    status = state["status"]
    return {"running": "advance", "waiting": "park"}.get(status, END)


def run_graph(checkpointer: Checkpointer) -> Graph:
    """Return the graph over *checkpointer*; one serves any number of runs at once."""
    graph: Any = StateGraph(RunState, context_schema=Session)
    graph.add_node("advance", advance)
    graph.add_node("park", park)
    graph.add_edge(START, "advance")
    graph.add_conditional_edges("advance", _next, ["advance", "park", END])
    graph.add_edge("park", "advance")
    compiled: Graph = graph.compile(checkpointer=checkpointer, name="run").with_config(recursion_limit=_SUPERSTEPS)
    return compiled
