"""Which tasks reach outside, and as what: those are stood in for; all others run as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dsl import catalogue as entries
from dsl.catalogue import Catalogue, Function, effect_of
from graphs.functions import FUNCTIONS
from graphs.run.ports import JSON

PROTOCOLS: Final = ("http", "openapi", "grpc", "asyncapi", "a2a", "mcp")
PROCESSES: Final = ("script", "shell", "container")


def outside(task: Mapping[str, JSON], catalogue: Catalogue, functions: Mapping[str, JSON]) -> str:
    """
    Return what *task* reaches: a protocol, "function", "remote-function", "script", "shell", "container", "workflow"; empty for none.

    Args:
        functions: `use.functions` of its definition.
    """
    if "call" in task:
        target = str(task["call"])
        if target in PROTOCOLS:
            return target
        if target in functions:
            return ""
        function = entries.find(target, catalogue)
        if function is None:
            return "remote-function"
        return "function" if reaches_out(function, task.get("with") or {}, catalogue) else ""
    if "run" in task and isinstance(task["run"], Mapping):
        run = task["run"]
        found = next((kind for kind in PROCESSES if kind in run), "")
        return found or ("workflow" if run.get("await") is False else "")
    return ""


def reaches_out(function: Function, arguments: JSON, catalogue: Catalogue) -> bool:
    """Tell whether a call of *function* changes or reads something outside, or needs a model to answer. People are asked otherwise."""
    if function.person:
        return False
    if function.key not in FUNCTIONS:  # of an installed package: what it says it does not do is not proved
        return True
    return function.model == "required" or effect_of(function, arguments, catalogue) != "none"


def function_of(task: Mapping[str, JSON], catalogue: Catalogue) -> Function | None:
    return entries.find(task.get("call"), catalogue)
