"""Values that differ below one place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from dsl.diff.changes import FieldChange
from dsl.edit.equal import same
from dsl.pointer import get, join, last, parent
from dsl.walk import Step, inner_blocks

JSON = Any


def field_changes(old: JSON, new: JSON, pointer: str = "") -> Iterator[FieldChange]:
    """Yield the smallest values that differ; lists of other lengths differ as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            at = join(pointer, key)
            if key not in new:
                yield FieldChange(at, "removed", old[key])
            elif key not in old:
                yield FieldChange(at, "added", None, new[key])
            else:
                yield from field_changes(old[key], new[key], at)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and all(map(_akin, old, new)):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from field_changes(one, other, join(pointer, index))
    elif not same(old, new):
        yield FieldChange(pointer, "changed", old, new)


def list_paths(step: Step) -> set[str]:
    """Return where the lists of tasks in *step* stand, below it."""
    return {block.pointer[len(step.reference) :] for block in inner_blocks(step)}


def own(task: dict[str, JSON], paths: set[str]) -> dict[str, JSON]:
    """Return *task* without the lists at *paths*."""
    if not paths:
        return task
    task = copy.deepcopy(task)
    for path in paths:
        get(task, parent(path)).pop(last(path))
    return task


def leaves(value: JSON, pointer: str = "") -> Iterator[tuple[str, JSON]]:
    """Yield (pointer, value) of everything in *value* that holds nothing."""
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, f"{pointer}/{key}")
    else:
        yield pointer, value if not isinstance(value, dict | list) else str(value)


def _akin(one: JSON, other: JSON) -> bool:
    """Tell whether two items of lists are the same one, perhaps changed: mappings with no key in common are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one.keys() & other.keys()) or one == other
    return True
