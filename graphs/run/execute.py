"""Start, resume or re-enter a run: whatever its thread and its journal say is the next thing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from graphs.run import waits
from graphs.run.deps import RunDeps
from graphs.run.live import Session, session
from graphs.run.plain import plain
from graphs.run.ports import JSON, Awaited
from graphs.run.tree import Program

if TYPE_CHECKING:
    from langgraph.types import Command

    from graphs.run.graph import Graph, RunState

RELEASE = "release"  # `task.cancel(RELEASE)`: stop here without giving up what the run waits for; another worker goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a run stands after `execute`."""

    status: Literal["completed", "faulted", "cancelled", "waiting"]
    output: JSON = None
    error: Mapping[str, JSON] | None = None  # {type, status, title, detail, instance}
    awaited: Sequence[Awaited] = ()
    failed_path: str = ""  # faulted: the path a `retry` row must name


async def execute(
    graph: Graph,
    deps: RunDeps,
    *,
    run_id: str,
    program: Program,
    input: JSON = None,  # noqa: A002 (the language's word)
    deliveries: Mapping[str, JSON] | None = None,
    workflow_meta: Mapping[str, JSON] | None = None,
    cancelled: bool = False,
) -> Outcome:
    """
    Work on a run until it ends or can only wait.

    Args:
        run_id: Also the LangGraph thread.
        input: The workflow's raw input; only the first call's counts.
        deliveries: Payloads by awaited path, beside those in the mailbox.
        workflow_meta: `{id?, started_at?}` for `$workflow`; `started_at` in ISO 8601.
        cancelled: The run was cancelled: only undo what was done (`metadata.parley.compensate`).

    Returns:
        `waiting` holds no task, thread or connection; call again when the mailbox has something.

    Raises:
        LeaseLost, StoreUnavailable: Give the run up; nothing is wrong with it.
        Held: It stands still, as `deps.brake` asked.
        asyncio.CancelledError: The calling task was cancelled; waits are withdrawn, unless with `RELEASE`.
    """
    async with session(deps, program, workflow_meta) as own:
        config: Any = {"configurable": {"thread_id": run_id}}
        snapshot = await graph.aget_state(config)
        if snapshot.tasks and not snapshot.next and snapshot.values.get("status") == "waiting":
            # killed between a node's result and its checkpoint: nobody can be answered before LangGraph has taken the result up
            await graph.ainvoke(None, config, context=own, durability="sync")
            snapshot = await graph.aget_state(config)
        begin = await _entry(own, dict(snapshot.values), run_id, input, deliveries or {}, cancelled)
        if isinstance(begin, Outcome):
            return begin
        try:
            state = await graph.ainvoke(begin, config, context=own, durability="sync")
        except asyncio.CancelledError as error:
            if error.args != (RELEASE,):
                await _withdraw(own, snapshot.values)
            raise
        return _outcome(state)


async def _entry(
    own: Session,
    state: dict[str, Any],
    run_id: str,
    data: JSON,
    deliveries: Mapping[str, JSON],
    cancelled: bool,
) -> RunState | Command[Any] | Outcome | None:
    """Return what the graph is to be invoked with: a first state, a resume, None for a plain re-entry; or how the run stands already."""
    first: RunState = {"run_id": run_id, "input": plain(data), "started_at": own.deps.clock.now().isoformat(), "status": "running"}
    if cancelled:
        first["stopping"] = True
    if not state:
        return first
    if state["status"] not in ("running", "waiting"):
        if state["status"] == "faulted" and (await own.book()).retries > state.get("retries", 0):
            return {**first, "input": state.get("input"), "started_at": state["started_at"], "awaited": {}, "answers": {}}
        return _outcome(state)
    if cancelled and not state.get("stopping"):
        return {**first, "input": state.get("input"), "started_at": state["started_at"], "awaited": {}, "answers": {}}
    if state["status"] != "waiting":
        return None
    arrived = await own.look()
    awaited = state["awaited"]
    answers = {path: arrived[path].payload for path in awaited if path in arrived and arrived[path].kind == awaited[path]["kind"]}
    answers.update({path: payload for path, payload in deliveries.items() if path in awaited})
    from langgraph.types import Command  # loaded already by whoever made the graph

    return Command(resume=plain(answers) or {"": None})  # also for nothing: the thread may be behind the journal, which is what counts


async def _withdraw(own: Session, state: Mapping[str, Any]) -> None:
    """Give up everything the run waits for: what this process knows, else what the parked state says."""
    paths = set(state.get("awaited") or ())
    if own.live is not None:
        paths.update(awaited.path for awaited in own.live.awaited())
    await own.drop()  # first of all: no strand may begin anything while the mailbox takes its time
    if paths:
        await own.deps.mailbox.withdraw(sorted(paths))


def _outcome(state: Mapping[str, Any]) -> Outcome:
    if state["status"] == "waiting":
        return Outcome(status="waiting", awaited=[waits.from_json(one) for one in state["awaited"].values()])
    if state["status"] == "faulted":
        return Outcome(status="faulted", error=state["error"], failed_path=state.get("failed_path", ""))
    if state["status"] == "cancelled":
        return Outcome(status="cancelled")
    return Outcome(status="completed", output=state.get("output"))
