"""Change a definition's text by operations on references; every byte outside the operations' footprint stays as it is.

The footprint is the named tasks, those whose `then` must follow a rename or a removal, and the comments that belong to them: comment lines
directly above an item at its indentation, and those below it that stand deeper. They go and move with it.

    DslError
      EditRefused        the operation names nothing, holds a locked task, or would leave a `then` without its target
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dsl.edit.result import Applied, EditRefused

__all__ = ["Applied", "EditRefused", "apply"]

JSON = Any


def apply(text: str, operations: Sequence[Mapping[str, JSON]]) -> Applied:
    """
    Return *text* with *operations* done in their order; each sees the text as the ones before it left it.

    Args:
        operations: Objects with `op` and `reference`, and
            set-field: `field` (a name or a JSON Pointer below the task or part) and `value`; without `value` the field goes;
            replace: `value`, the whole new task or part;
            add: `name`, `value` and optionally `position` ("before", default "after", of the task `reference`; "first" or "last" of the
            list `reference`);
            remove: nothing more;
            move: `to` and optionally `position`, as `reference` and `position` of an add;
            rename: `name`, the task's new one.

    Raises:
        EditRefused: nothing was changed.
    """
    from dsl.edit.applying import apply_all

    return apply_all(text, operations)
