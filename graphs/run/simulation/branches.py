"""The ways a definition can go, found in its text: every task, every outcome of a decision, every error that is caught.

A way is (reference, way), with these ways::

    task                          the task is reached
    if:true  if:false             its condition
    case:1/large  case:none       the case of a switch at this place; none of them
    for:0  for:1  for:many        how many items a loop has
    while:false                   a loop that its condition ends early
    caught  retried               an error in a try is caught; is tried again, and then it works
    timeout                       a task, a person or a listening takes too long
    approved  rejected            what a person decides
    wins:NAME                     the branch of a race that is first
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsl import walk
from dsl.catalogue import Catalogue
from dsl.settings import parley_of
from dsl.walk import Step
from graphs.run.ports import JSON
from graphs.run.simulation.outside import function_of

Way = tuple[str, str]


def branches(definition: Mapping[str, JSON], catalogue: Catalogue) -> list[Way]:
    """Return every way of *definition* in the order of its text."""
    return [(step.reference, way) for step in walk.steps(dict(definition)) for way in ways_of(step, catalogue)]


def tasks(definition: Mapping[str, JSON]) -> dict[str, Step]:
    """Return every task by its reference."""
    return {step.reference: step for step in walk.steps(dict(definition))}


def ways_of(step: Step, catalogue: Catalogue | None = None) -> Iterator[str]:
    """Yield the ways of one task."""
    task = step.task
    yield "task"
    if "if" in task:
        yield from ("if:true", "if:false")
    if step.kind == "switch":
        yield from _cases(task)
    elif step.kind == "for":
        yield from ("for:0", "for:1", "for:many")
        if "while" in task:
            yield "while:false"
    elif step.kind == "try":
        catch = task.get("catch") or {}
        if "do" in catch or "retry" not in catch:  # else an error that outlives its retries goes on outwards
            yield "caught"
        if "retry" in catch:
            yield "retried"
    elif step.kind == "fork" and task["fork"].get("compete"):
        yield from (f"wins:{name}" for item in task["fork"].get("branches") or () for name in item)
    elif step.kind == "call":
        yield from _of_person(task, catalogue or {})
    if "timeout" in task:
        yield "timeout"


def _cases(task: Mapping[str, Any]) -> Iterator[str]:
    default = False
    for number, item in enumerate(task["switch"]):
        for name, case in item.items():
            default = default or case.get("when") is None
            yield f"case:{number}/{name}"
    if not default:
        yield "case:none"


def _of_person(task: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    function = function_of(task, catalogue)
    if function is None or not function.person:
        return
    if "approved" in (function.output.get("properties") or {}):
        yield from ("approved", "rejected")
    if (task.get("with") or {}).get("deadline") is not None and "timeout" not in task:
        yield "timeout"


def words(way: Way, step: Step | None) -> str:
    """Return a way as a person would say it: "Approved? - rejected"."""
    reference, kind = way
    title = str(parley_of(step.task).get("title") or step.name) if step is not None else reference
    if kind == "task":
        return title
    says = {
        "if:true": "its condition holds",
        "if:false": "its condition does not hold, it is left out",
        "case:none": "no case holds",
        "for:0": "no item",
        "for:1": "one item",
        "for:many": "several items",
        "while:false": "ended early",
        "caught": "an error is caught",
        "retried": "an error, and then it works",
        "timeout": "it takes too long",
        "approved": "approved",
        "rejected": "rejected",
    }
    if kind.startswith("case:"):
        return f"{title}: {says.get(kind) or kind.partition('/')[2]}"
    if kind.startswith("wins:"):
        return f"{title}: {kind.removeprefix('wins:')} is first"
    return f"{title}: {says.get(kind, kind)}"
