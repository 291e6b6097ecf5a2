"""Lists of tasks on the wire: `[{kind, name, …}]` for `[{NAME: {…}}]`.

Nested, not flat with a `parent` field: a reference by name can point nowhere, and no grammar can forbid it; nesting cannot. Every
decoder that takes grammars takes the recursion by `$ref` (OpenAI: "Recursive schemas are supported"; llama.cpp and xgrammar likewise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dsl.catalogue import find
from dsl.kinds import kind_of
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import MISSING, join
from dsl.wire.problems import MAX_NESTED_TASKS, Reader, named
from dsl.wire.shapes import ref
from dsl.wire.values import UNFIT

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue

JSON = Any
_HEAD: Final = frozenset({"kind", "name"})


@dataclass(frozen=True)
class Tasks:
    """A list of tasks."""

    def schema(self) -> dict[str, JSON]:
        return {"type": "array", "items": ref("task")}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        if not isinstance(value, list):
            return UNFIT
        tasks = []
        for item in value:
            if not isinstance(item, dict) or len(item) != 1:
                return UNFIT
            [(name, task)] = item.items()
            tasks.append(task_to_wire(name, task, catalogue))
        return UNFIT if any(task is UNFIT for task in tasks) else tasks

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return [{name: task} for name, task in _read(value, at, reader)]


@dataclass(frozen=True)
class FunctionTasks:
    """`use.functions`: one task by name, written as a list of tasks."""

    def schema(self) -> dict[str, JSON]:
        return Tasks().schema()

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        if not isinstance(value, dict):
            return UNFIT
        tasks = [task_to_wire(name, task, catalogue) for name, task in value.items()]
        return UNFIT if any(task is UNFIT for task in tasks) else tasks

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        found: dict[str, JSON] = {}
        for position, (name, task) in enumerate(_read(value, at, reader)):
            if name in found:
                reader.wrong(join(at, position), f"the name '{name}' is there twice", "write each name once")
            found[name] = task
        return found


def wire_kind(task: JSON, catalogue: Catalogue) -> str | None:
    """Return the wire's kind of *task*: `http`, `notify:1.0.0@default`, `script`, `set` …; None when it has none."""
    from dsl.wire.tables import CALLS, OWN, RUNS

    kind = kind_of(task)
    if kind == "call":
        called = task["call"]
        return called if isinstance(called, str) and (called in CALLS or find(called, catalogue)) else "function"
    if kind == "run":
        return next((name for name in RUNS if name in task["run"]), None) if isinstance(task["run"], dict) else None
    return kind if kind in OWN else None


def task_to_wire(name: str, task: JSON, catalogue: Catalogue) -> JSON:
    """Return one task; UNFIT when it is of no kind."""
    from dsl.wire.functions import record_of
    from dsl.wire.tables import TASK

    kind = wire_kind(task, catalogue)
    if kind is None:
        return UNFIT
    function = find(kind, catalogue)
    if function is not None:
        record = record_of(kind, function)
        wire, _ = record.taken(task, catalogue)
        if record.lacks(wire):  # a value that its type cannot hold, or none: called by name, nothing is lost
            kind, function = "function", None
        else:
            return {"kind": kind, "name": name, **record.to_wire(task, catalogue)}
    return {"kind": kind, "name": name, **TASK[kind].to_wire(task, catalogue)}


def _read(value: JSON, at: str, reader: Reader) -> list[tuple[str, JSON]]:
    if not isinstance(value, list):
        reader.wrong(at, f"{named(value)} stands where a list of tasks is wanted", 'write [{"kind": "…", "name": "…", …}]')
        return []
    if reader.nested_tasks >= MAX_NESTED_TASKS:
        reader.wrong(at, f"tasks are nested more than {MAX_NESTED_TASKS} deep")
        return []
    reader.nested_tasks += 1
    found = []
    for position, task in enumerate(value):
        read = _task(task, join(at, position), reader)
        if read is not MISSING:
            found.append(read)
    reader.nested_tasks -= 1
    return found


def _task(wire: JSON, at: str, reader: Reader) -> JSON:
    """Return (name, task), MISSING when that cannot be said."""
    from dsl.wire.functions import read_call
    from dsl.wire.tables import GROUPS, TASK

    kind, name = (wire.get("kind"), wire.get("name")) if isinstance(wire, dict) else (None, None)
    if not isinstance(kind, str):
        return reader.wrong(at, "the task has no kind", f"use one of: {quoted(TASK, 20)}, or a function's name")
    if not isinstance(name, str):
        return reader.wrong(at, "the task has no name", "give each task a name of its own")
    if kind == "call" and "function" in wire:
        kind = "function"
    if kind in TASK:
        return name, TASK[kind].from_wire(wire, at, reader, _HEAD)
    if ":" in kind or "@" in kind:
        return name, read_call(kind, wire, at, reader, _HEAD)
    known = quoted(GROUPS.get(kind, TASK), 20)
    hint = f"use one of: {known}" if kind in GROUPS else did_you_mean(kind, TASK, f"use one of: {known}")
    return reader.wrong(join(at, "kind"), f"'{kind}' is no kind of task", hint)
