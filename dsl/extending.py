"""Which tasks an extension (`use.extensions`) extends, and in words: "every call", "every task".

An extension's own tasks are not extended (DSL reference, "Extension": "any non-extension task"); tasks inside functions are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dsl.pointer import get
from dsl.walk import Step, TaskBlock, declared_blocks, steps

JSON = Any

_COMPOSITE: Final = ("do", "fork")  # the standard does not say what `composite` is: what has only tasks inside and no word of its own
_WORDS: Final = {
    "all": "every task",
    "composite": "every group of tasks",
    "emit": "every event it sends",
    "for": "every loop",
    "listen": "every wait for events",
    "raise": "every error it raises",
    "run": "every process it runs",
    "switch": "every choice",
    "try": "every attempt",
    "wait": "every pause",
}


@dataclass(frozen=True, slots=True)
class Extension:
    """One side of an extension."""

    block: TaskBlock  # `before` or `after`
    after: bool
    kind: str  # `extend`
    when: str  # its condition, "" without one
    extended: tuple[Step, ...]  # the tasks it happens around


def extensions(data: JSON) -> Iterator[Extension]:
    """Yield both sides of every extension in document order, those without tasks left out."""
    declared = [block for block in declared_blocks(data) if block.owner is None]
    sides = [block for block in declared if block.pointer != "/use/functions" and block.steps]
    if not sides:
        return
    tasks = [*steps(data), *(step for block in declared_blocks(data) if _in_function(block) for step in block.steps)]
    found: dict[str, tuple[Step, ...]] = {}  # by kind
    for block in sides:
        pointer, _, side = block.pointer.rpartition("/")
        kind, when = str(get(data, f"{pointer}/extend")), get(data, f"{pointer}/when")
        if kind not in found:
            found[kind] = tuple(step for step in tasks if _extends(kind, step))
        yield Extension(block, side == "after", kind, when if isinstance(when, str) else "", found[kind])


def extended_words(kind: str) -> str:
    """Return what an extension extends: "every call"."""
    return _WORDS.get(kind, f"every {kind}")


def _in_function(block: TaskBlock) -> bool:
    return block.pointer.startswith("/use/functions")


def _extends(kind: str, step: Step) -> bool:
    return kind == "all" or step.kind == kind or (kind == "composite" and step.kind in _COMPOSITE)
