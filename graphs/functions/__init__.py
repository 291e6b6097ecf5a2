"""The code of the default catalogue: one file per function; what they are and accept is in `graphs/catalogue/*.yaml`.

A function `read-document:1.0.0` is `run` in `read_document.py`, imported with its first call. Code of an installed package comes in through
the entry point group `parley.functions` (see `graphs.catalogue`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

JSON = Any
FunctionCode = Callable[[Mapping[str, JSON], "FunctionCall"], Awaitable[JSON]]

_MODULES: Mapping[str, str] = {
    "agent:1.0.0": "agent",
    "approve:1.0.0": "approve",
    "ask:1.0.0": "ask",
    "chart:1.0.0": "chart",
    "classify:1.0.0": "classify",
    "extract:1.0.0": "extract",
    "fetch-page:1.0.0": "fetch_page",
    "notify:1.0.0": "notify",
    "read-document:1.0.0": "read_document",
    "recall:1.0.0": "recall",
    "remember:1.0.0": "remember",
    "sql:1.0.0": "sql",
    "summarize:1.0.0": "summarize",
    "write-document:1.0.0": "write_document",
}


def _of(module: str) -> FunctionCode:
    async def run(arguments: Mapping[str, JSON], call: FunctionCall) -> JSON:
        return await import_module(f"graphs.functions.{module}").run(arguments, call)

    return run


FUNCTIONS: dict[str, FunctionCode] = {key: _of(module) for key, module in _MODULES.items()}


def code(key: str) -> FunctionCode | None:
    """Return the code of the function *key*, None when this installation has none."""
    if key in FUNCTIONS:
        return FUNCTIONS[key]
    from graphs.catalogue import own_code

    return own_code(key)


def repeatable(key: str, arguments: Mapping[str, JSON]) -> bool:
    """Tell whether this call may simply be made again when nobody knows whether it happened: with some inputs only, for some functions."""
    decide = getattr(import_module(f"graphs.functions.{_MODULES[key]}"), "repeatable", None) if key in _MODULES else None
    return decide is not None and decide(arguments) is True
