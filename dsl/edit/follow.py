"""Who leads to a task and where its own way goes on: what must follow when it goes or gets another name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsl.edit.result import EditRefused
from dsl.pointer import get, join
from dsl.settings import parley_of
from dsl.walk import Step, all_steps, is_directive

JSON = Any

FUNCTIONS = "/use/functions"


class Tasks(dict[str, Step]):
    """The tasks of a definition by their references, those declared in `use` included."""

    locks: bool = True  # locked tasks are refused


def tasks_of(data: JSON, *, locks: bool = True) -> Tasks:
    found = Tasks((step.reference, step) for step in all_steps(data))
    found.locks = locks
    return found


def in_list(data: JSON, step: Step) -> bool:
    """Tell whether *step* is an item of a list (a function in `use` is not)."""
    return isinstance(get(data, step.siblings.pointer), list) and step.reference == join(step.siblings.pointer, step.index, step.name)


def thens(step: Step) -> Iterator[tuple[str, str]]:
    """Yield (pointer, target) of every `then` of *step*, its cases' first."""
    cases = step.task.get("switch")
    for number, item in enumerate(cases if isinstance(cases, list) else ()):
        for label, case in item.items() if isinstance(item, dict) else ():
            if isinstance(case, dict) and isinstance(case.get("then"), str):
                yield join(step.reference, "switch", number, label, "then"), case["then"]
    if isinstance(step.task.get("then"), str):
        yield join(step.reference, "then"), step.task["then"]


def leading_to(step: Step, *, itself: bool) -> Iterator[tuple[Step, str]]:
    """Yield (task, pointer) of every `then` in the list of *step* that names it, with or without its own."""
    for other in step.siblings.steps:
        if other.reference == step.reference and not itself:
            continue
        yield from ((other, pointer) for pointer, target in thens(other) if target == step.name)


def callers(data: JSON, step: Step) -> list[Step]:
    """Return the tasks that call the function *step* of `use.functions`."""
    return [other for other in all_steps(data) if other.task.get("call") == step.name] if step.siblings.pointer == FUNCTIONS else []


def after(step: Step) -> str:
    """
    Return where ways that led to *step* go on without it: its own `then`, else the next task, else out of its list.

    Raises:
        EditRefused: that depends on what happens when it runs.
    """
    then = step.task.get("then")
    if step.kind in ("switch", "raise") or step.parallel or then == step.name:
        holder = next(leading_to(step, itself=False))[0]
        raise EditRefused(f"'{holder.name}' goes on with '{step.name}', and where from there is not plain: change its `then` first")
    if isinstance(then, str) and then != "continue":
        return then
    names = step.siblings.names
    if step.index + 1 < len(names):
        return names[step.index + 1]
    return "end" if step.siblings.pointer == "/do" else "exit"


def without(step: Step) -> list[tuple[Step, str, str]]:
    """
    Return (task, pointer, new target) of every `then` that must follow when *step* leaves its list.

    Raises:
        EditRefused: where it should lead is not plain, or it would lead to its own task.
    """
    leading = list(leading_to(step, itself=False))
    if not leading:
        return []
    target = after(step)
    for holder, _ in leading:
        if target == holder.name:
            raise EditRefused(f"'{holder.name}' goes on with '{step.name}', which leads back to it: change its `then` first")
    return [(holder, pointer, target) for holder, pointer in leading]


def refuse_locked(steps: Tasks, reference: str, why: str = "") -> None:
    """Raise when *reference* holds a locked task: the task itself, one around it or one inside it."""
    for step in steps.values() if steps.locks else ():
        if parley_of(step.task).get("locked") is not True:
            continue
        if step.reference == reference or reference.startswith(step.reference + "/") or step.reference.startswith(reference + "/"):
            raise EditRefused(f"the task '{step.name}' is locked{why}: unlock it first (`metadata.parley.locked`)")


def refuse_locked_around(steps: Tasks, where: str) -> None:
    """Raise when the list *where* stands inside a locked task; locked tasks in it stay as they are."""
    for step in steps.values() if steps.locks else ():
        if parley_of(step.task).get("locked") is True and where.startswith(step.reference + "/"):
            raise EditRefused(f"the task '{step.name}' is locked: unlock it first (`metadata.parley.locked`)")


def refuse_foreign_targets(step: Step, names: list[str]) -> None:
    """Raise when *step* goes on with a task that the list it moves to (of *names*) does not have."""
    for _, target in thens(step):
        if not is_directive(target) and target != step.name and target not in names:
            raise EditRefused(f"'{step.name}' goes on with '{target}', which the list it moves to does not have: change its `then` first")
