"""Go through the tasks of a definition as plain data, also of one with mistakes: what is not a task is passed over.

One place knows where tasks stand inside tasks; every layer of `check`, the effects, the outline and the picture use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.kinds import kind_of
from dsl.pointer import join
from dsl.settings import parley_of

JSON = Any

_DIRECTIVES: Final = ("continue", "exit", "end")
# where a kind keeps its task lists
_INNER: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "do": (("do",),),
    "for": (("do",),),
    "fork": (("fork", "branches"),),
    "listen": (("foreach", "do"),),
    "call": (("with", "subscription", "foreach", "do"),),  # of AsyncAPI
    "try": (("try",), ("catch", "do")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One task and where it stands."""

    reference: str  # JSON Pointer, the task's name last
    name: str
    kind: str | None  # None when no key tells
    task: dict[str, JSON]
    index: int
    siblings: TaskBlock
    parent: Step | None
    depth: int  # 0 for a task of the top list

    @property
    def variables(self) -> frozenset[str]:
        """The names that scopes around this task bind, without `$`."""
        return self.siblings.variables

    @property
    def parallel(self) -> bool:
        """True for a branch of a fork: its siblings run beside it, not after it."""
        return self.siblings.parallel


@dataclass(frozen=True, slots=True)
class TaskBlock:
    """A task list."""

    pointer: str  # "/do", "/do/0/x/fork/branches"
    owner: Step | None
    parallel: bool
    variables: frozenset[str]
    names: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


_PROVING: Final = frozenset({"input", "output"})  # of the task that is proved
_UNDOING: Final = _PROVING | {"error"}
_NO_TASK: Final[dict[str, JSON]] = {}


@dataclass(slots=True)
class _Walked:
    """What was found in *data*, kept while `walked_once` lasts."""

    data: JSON
    blocks: list[TaskBlock] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    every_block: list[TaskBlock] | None = None
    every_step: list[Step] | None = None
    notes: dict[Any, Any] = field(default_factory=dict)


_walked: ContextVar[_Walked | None] = ContextVar("walked", default=None)


def is_directive(then: str) -> bool:
    return then in _DIRECTIVES


def top_block(data: JSON) -> TaskBlock | None:
    """Return the list under `do` of a document."""
    return _block(data.get("do"), "/do", None, parallel=False, variables=frozenset()) if isinstance(data, dict) else None


@contextmanager
def walked_once(data: JSON) -> Iterator[None]:
    """Let what goes through *data* remember what it found, inside the `with`; nobody may change *data* there."""
    found = _Walked(data)
    top = top_block(data)
    if top is not None:
        _walk(top, found.blocks, found.steps)
    token = _walked.set(found)
    try:
        yield
    finally:
        _walked.reset(token)


def _walk(block: TaskBlock, blocks: list[TaskBlock], steps: list[Step]) -> None:
    blocks.append(block)
    for step in block.steps:
        steps.append(step)
        for inner in inner_blocks(step):
            _walk(inner, blocks, steps)


def _known(data: JSON) -> _Walked | None:
    known = _walked.get()
    return known if known is not None and known.data is data else None


def notes() -> dict[Any, Any] | None:
    """Return where to remember what was found out about the definition that is walked now, None outside of `walked_once`."""
    known = _walked.get()
    return None if known is None else known.notes


def blocks(data: JSON) -> Iterator[TaskBlock]:
    """Yield every task list, outer before inner, in document order."""
    known = _known(data)
    if known is not None:
        yield from known.blocks
        return
    top = top_block(data)
    if top is not None:
        yield from _with_inner(top)


def steps(data: JSON) -> Iterator[Step]:
    """Yield every task in document order, outer before inner."""
    known = _known(data)
    if known is not None:
        yield from known.steps
        return
    top = top_block(data)
    if top is not None:
        yield from steps_in(top)


def declared_blocks(data: JSON) -> Iterator[TaskBlock]:
    """Yield the task lists in `use`, outer before inner: what extensions do before and after, and each function, alone in its list.

    A function's task has the reference `/use/functions/NAME`.
    """
    use = data.get("use") if isinstance(data, dict) else None
    if not isinstance(use, dict):
        return
    extensions = use.get("extensions")
    for index, item in enumerate(extensions if isinstance(extensions, list) else ()):
        for name, extension in item.items() if isinstance(item, dict) else ():
            for part in ("before", "after") if isinstance(extension, dict) else ():
                pointer = join("/use/extensions", index, name, part)
                block = _block(extension.get(part), pointer, None, parallel=False, variables=frozenset())
                if block is not None:
                    yield from _with_inner(block)
    functions = use.get("functions")
    for name, task in functions.items() if isinstance(functions, dict) else ():
        if isinstance(task, dict):
            alone = TaskBlock("/use/functions", None, parallel=False, variables=frozenset(), names=[name])
            alone.steps.append(Step(join("/use/functions", name), name, kind_of(task), task, 0, alone, None, 0))
            yield from _with_inner(alone)


def declared_steps(data: JSON) -> Iterator[Step]:
    """Yield every task in the lists of `declared_blocks`."""
    return (step for block in declared_blocks(data) for step in block.steps)


def settings_blocks(data: JSON) -> Iterator[TaskBlock]:
    """Yield the task lists in `metadata.parley` of tasks: what compensates them, and a call that proves them, alone in its list."""
    for step in (*steps(data), *declared_steps(data)):
        if "metadata" not in step.task:
            continue
        own, here = parley_of(step.task), join(step.reference, "metadata", "parley")
        block = _block(own.get("compensate"), join(here, "compensate"), step, parallel=False, variables=step.variables | _UNDOING)
        if block is not None:
            yield from _with_inner(block)
        proof = own.get("proof")
        if isinstance(proof, dict):
            alone = TaskBlock(here, step, parallel=False, variables=step.variables | _PROVING, names=["proof"])
            alone.steps.append(Step(join(here, "proof"), "proof", kind_of(proof), proof, 0, alone, step, step.depth + 1))
            yield alone


def all_blocks(data: JSON) -> Iterator[TaskBlock]:
    """Yield every task list: those under `do`, then those in `use`, then those in `metadata.parley`."""
    known = _known(data)
    if known is None:
        yield from _every_block(data)
        return
    if known.every_block is None:
        known.every_block = list(_every_block(data))
    yield from known.every_block


def _every_block(data: JSON) -> Iterator[TaskBlock]:
    yield from blocks(data)
    yield from declared_blocks(data)
    yield from settings_blocks(data)


def all_steps(data: JSON) -> Iterator[Step]:
    """Yield every task: those under `do`, then those in `use`, then those in `metadata.parley`."""
    known = _known(data)
    if known is None:
        yield from _every_step(data)
        return
    if known.every_step is None:
        known.every_step = list(_every_step(data))
    yield from known.every_step


def _every_step(data: JSON) -> Iterator[Step]:
    yield from steps(data)
    yield from declared_steps(data)
    yield from (step for block in settings_blocks(data) for step in block.steps)


def steps_in(block: TaskBlock) -> Iterator[Step]:
    """Yield the tasks of *block* and all tasks inside them, in document order."""
    for step in block.steps:
        yield step
        for inner in inner_blocks(step):
            yield from steps_in(inner)


def inner_blocks(step: Step) -> list[TaskBlock]:
    """Return the task lists directly inside *step*."""
    found: list[TaskBlock] = []
    if step.kind == "call" and step.task["call"] != "asyncapi":
        return found
    for path in _INNER.get(step.kind or "", ()):
        value: JSON = step.task
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        bound = step.variables | _bound_in(step, path)
        block = _block(value, join(step.reference, *path), step, parallel=step.kind == "fork", variables=bound)
        if block is not None:
            found.append(block)
    return found


def loop_variables(task: dict[str, JSON]) -> frozenset[str]:
    """Return the names a `for` binds."""
    loop = task.get("for")
    if not isinstance(loop, dict):
        return frozenset()
    return frozenset(name for name in (loop.get("each", "item"), loop.get("at", "index")) if isinstance(name, str))


def foreach_variables(iterator: JSON) -> frozenset[str]:
    """Return the names a `foreach` binds, of a `listen` or an AsyncAPI subscription."""
    if not isinstance(iterator, dict):
        return frozenset()
    return frozenset(name for name in (iterator.get("item", "item"), iterator.get("at", "index")) if isinstance(name, str))


def subscription_of(task: dict[str, JSON]) -> dict[str, JSON]:
    """Return the subscription of an AsyncAPI call, empty for other tasks."""
    arguments = task.get("with") if task.get("call") == "asyncapi" else None
    found = arguments.get("subscription") if isinstance(arguments, dict) else None
    return found if isinstance(found, dict) else _NO_TASK


def caught_variable(task: dict[str, JSON]) -> str:
    """Return the name a `catch` binds."""
    catch = task.get("catch")
    name = catch.get("as", "error") if isinstance(catch, dict) else "error"
    return name if isinstance(name, str) else "error"


def switch_cases(step: Step) -> list[dict[str, JSON]]:
    """Return the cases of a switch, none for other kinds; what is no case is passed over."""
    found = step.task.get("switch") if step.kind == "switch" else None
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return [case for item in items for case in item.values() if isinstance(case, dict)]


def targets_of(step: Step) -> Iterator[str]:
    """Yield every `then` of *step*, its cases' first."""
    for owner in (*switch_cases(step), step.task):
        if isinstance(owner.get("then"), str):
            yield owner["then"]


def title_of(name: str, task: dict[str, JSON]) -> str:
    """Return the title people see: `metadata.parley.title`, `metadata.title`, else the task's name."""
    metadata = task.get("metadata")
    if isinstance(metadata, dict):
        own = metadata.get("parley")
        for place in (own, metadata):
            if isinstance(place, dict) and isinstance(place.get("title"), str) and place["title"].strip():
                return str(place["title"]).strip()
    return name


def _bound_in(step: Step, path: tuple[str, ...]) -> frozenset[str]:
    if step.kind == "for":
        return loop_variables(step.task)
    if step.kind == "listen":
        return foreach_variables(step.task.get("foreach"))
    if step.kind == "call":
        return foreach_variables(subscription_of(step.task).get("foreach"))
    return frozenset((caught_variable(step.task),)) if path == ("catch", "do") else frozenset()


def _block(value: JSON, pointer: str, owner: Step | None, *, parallel: bool, variables: frozenset[str]) -> TaskBlock | None:
    if not isinstance(value, list):
        return None
    block = TaskBlock(pointer, owner, parallel, variables)
    depth = owner.depth + 1 if owner else 0
    for index, item in enumerate(value):
        if not isinstance(item, dict) or not item:
            continue
        name, task = next(iter(item.items()))
        block.names.append(name)
        if isinstance(task, dict):
            block.steps.append(Step(join(pointer, index, name), name, kind_of(task), task, index, block, owner, depth))
    return block


def _with_inner(block: TaskBlock) -> Iterator[TaskBlock]:
    yield block
    for step in block.steps:
        for inner in inner_blocks(step):
            yield from _with_inner(inner)
