"""`run`: a workflow, a script, a shell command or a container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from graphs.run.ports import JSON
from graphs.run.tasks import run_command, run_container, subflow
from graphs.run.tree import Body

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_PREPARE: Mapping[str, Callable[[Mapping[str, JSON], str, Any], Body]] = {
    "container": run_container.prepare,
    "script": run_command.prepare_script,
    "shell": run_command.prepare_shell,
    "workflow": subflow.prepare,
}


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> Body:
    what = next(name for name in _PREPARE if name in data["run"])
    return _PREPARE[what](data, reference, compiler)
