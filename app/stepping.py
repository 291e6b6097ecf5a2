"""From journal rows to one state a task: what the picture of a run colours.

States: pending, running, waiting, retrying, done, faulted, skipped, compensated (done, and undone again).
A task in a loop has `done` counted over its executions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.titles import task_title
from app.undone import owner
from dsl.walk import subscription_of
from graphs.run.paths import to_reference

JSON = Any
ENDED = ("completed", "faulted", "cancelled")
_IN_A_SUBSCRIPTION = "/with/subscription/foreach/"  # where the tasks of AsyncAPI's `foreach` stand; paths leave it out
_PENDING = {"status": "pending", "done": 0, "attempts": 0, "detail": "", "started_at": None, "ended_at": None}


def step_states(
    definition: Mapping[str, JSON], lines: Sequence[Any], waits: Sequence[Any], running: Sequence[str], run_status: str
) -> dict[str, dict[str, JSON]]:
    """
    Return `{reference: {title, status, done, attempts, detail, started_at, ended_at}}` for every task of *definition*.

    A task in a loop began with its first execution and ended with its last. When the run has completed, what is still pending was a way
    not taken.

    Args:
        lines: Journal rows in their order: path, attempt, kind, reference, status, error, mark, started_at, ended_at.
        waits: Open rows of `awaits`.
        running: Paths being executed right now, as the worker last said.
    """
    states: dict[str, dict[str, JSON]] = {
        reference: {"title": task_title(definition, reference), **_PENDING} for reference in task_references(definition)
    }
    for line in lines:
        compensated = owner(line.reference) if line.kind == "step" else None
        if compensated in states:
            _undo(states[compensated], line)
        elif line.reference in states and line.kind in ("step", "intent", "retry"):
            _apply(states[line.reference], line)
    if run_status not in ENDED:
        _overlay(states, waits, running)
    elif run_status == "completed":
        for state in states.values():
            if state["status"] == "pending":
                state.update(status="skipped", detail="not taken")
    return states


def _apply(state: dict[str, JSON], line: Any) -> None:
    _time(state, line)
    if line.kind == "retry":
        state.update(status="retrying", detail="retried by a person")
        return
    if line.kind == "intent":
        state["status"] = "running"
        state["attempts"] = max(state["attempts"], line.attempt)
        return
    state["attempts"] = max(state["attempts"], line.attempt)
    if line.status == "finished":
        state.update(status="done", done=state["done"] + 1, detail=line.mark)
    elif line.status == "skipped":
        if state["status"] == "pending":
            state.update(status="skipped", detail="its condition was false")
    elif line.status == "cancelled":
        if state["status"] in ("pending", "running"):
            status = "done" if state["done"] else "skipped"
            state.update(status=status, detail="" if state["done"] else "stopped before it ended: it was no longer needed")
    elif line.status == "faulted":
        error = line.error if isinstance(line.error, Mapping) else {}
        state.update(status="faulted", detail=str(error.get("detail") or error.get("title") or ""))


def _undo(state: dict[str, JSON], line: Any) -> None:
    if line.status == "finished":
        state.update(status="compensated", detail="undone")
    elif line.status == "faulted":
        error = line.error if isinstance(line.error, Mapping) else {}
        state["detail"] = f"could not be undone: {error.get('detail') or error.get('title') or ''}"


def _time(state: dict[str, JSON], line: Any) -> None:
    if line.kind == "retry":
        return
    if line.started_at is not None and state["started_at"] is None:
        state["started_at"] = line.started_at.isoformat()
    if line.kind == "step" and line.ended_at is not None:
        state["ended_at"] = line.ended_at.isoformat()


def _overlay(states: dict[str, dict[str, JSON]], waits: Sequence[Any], running: Sequence[str]) -> None:
    """Show what is going on now: a scope is at work as long as something in it is."""
    for path in running:
        reference = to_reference(path)
        state = states.get(reference) or states.get(reference.replace("/foreach/", _IN_A_SUBSCRIPTION))
        if state is not None:
            state["status"] = "retrying" if state["status"] in ("faulted", "retrying") else "running"
    for wait in waits:
        if wait.reference in states:
            states[wait.reference].update(
                status="waiting", detail="" if wait.wake_at is None else f"until {wait.wake_at.isoformat(timespec='seconds')}"
            )
        for reference, state in states.items():
            if wait.reference.startswith(f"{reference}/") and state["status"] in ("pending", "running"):
                state["status"] = "waiting"


def task_references(definition: Mapping[str, JSON]) -> Iterator[str]:
    """Yield the reference of every task, in the order they are written."""
    yield from _block(definition.get("do"), "/do")


def _block(tasks: Any, prefix: str) -> Iterator[str]:
    for number, item in enumerate(tasks if isinstance(tasks, list) else ()):
        if not isinstance(item, Mapping):
            continue
        for name, task in item.items():
            reference = f"{prefix}/{number}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield reference
            if isinstance(task, Mapping):
                yield from _inner(task, reference)


def _inner(task: Mapping[str, JSON], reference: str) -> Iterator[str]:
    yield from _block(task.get("do"), f"{reference}/do")
    yield from _block(task.get("try"), f"{reference}/try")
    for scope, key in (("catch", "do"), ("fork", "branches"), ("foreach", "do")):
        inner = task.get(scope)
        if isinstance(inner, Mapping):
            yield from _block(inner.get(key), f"{reference}/{scope}/{key}")
    each = subscription_of(dict(task)).get("foreach")
    if isinstance(each, Mapping):
        yield from _block(each.get("do"), f"{reference}{_IN_A_SUBSCRIPTION}do")
