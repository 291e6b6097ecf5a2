"""Change a definition's text by operations on references; every byte outside the operations' footprint stays as it is.

The footprint is the named tasks, those whose `then` must follow a rename or a removal, and the comments that belong to them: comment lines
directly above an item at its indentation, and those below it that stand deeper. They go and move with it.

    DslError
      EditRefused        the operation names nothing, holds a locked task, or would leave a `then` without its target
"""

from dsl.edit.apply import Applied, apply
from dsl.edit.refusals import EditRefused

__all__ = ["Applied", "EditRefused", "apply"]
