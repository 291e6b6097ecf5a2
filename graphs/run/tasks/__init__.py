"""The kinds of tasks: one file each, holding its frozen form, how it is prepared from the definition, and how it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from graphs.run.ports import JSON
from graphs.run.tasks import call, do, emit, fork, listen, loop, raising, running, setting, switch, trying, wait
from graphs.run.tree import Body

if TYPE_CHECKING:
    from graphs.run.program import Compiler

Prepare = Callable[[Mapping[str, JSON], str, "Compiler", Mapping[str, int]], Body]

# the key that tells the kind; `do` comes last, since `for` carries one too
KINDS: Mapping[str, Prepare] = {
    "call": call.prepare,
    "emit": emit.prepare,
    "for": loop.prepare,
    "fork": fork.prepare,
    "listen": listen.prepare,
    "raise": raising.prepare,
    "run": running.prepare,
    "set": setting.prepare,
    "switch": switch.prepare,
    "try": trying.prepare,
    "wait": wait.prepare,
    "do": do.prepare,
}
# the kinds that hold tasks; a body of another kind may say so itself (`holds_tasks`)
COMPOSITE = frozenset({"do", "for", "fork", "try"})


def kind_of(task: Mapping[str, JSON]) -> str:
    """Return the key in *task*, which `dsl` has checked, that says what it is."""
    return next(kind for kind in KINDS if kind in task)
