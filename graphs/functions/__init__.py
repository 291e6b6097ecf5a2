"""The code of the default catalogue: one file per function; what they are and accept is in `graphs/catalogue/*.yaml`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from graphs.functions import approve, ask, classify, notify, summarize

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

JSON = Any
FunctionCode = Callable[[Mapping[str, JSON], "FunctionCall"], Awaitable[JSON]]

FUNCTIONS: Mapping[str, FunctionCode] = {
    "approve:1.0.0": approve.run,
    "ask:1.0.0": ask.run,
    "classify:1.0.0": classify.run,
    "notify:1.0.0": notify.run,
    "summarize:1.0.0": summarize.run,
}

# functions that are safe to repeat only with some inputs
_REPEATABLE: Mapping[str, Callable[[Mapping[str, JSON]], bool]] = {"notify:1.0.0": notify.repeatable}


def repeatable(key: str, arguments: Mapping[str, JSON]) -> bool:
    """Tell whether this call may simply be made again when nobody knows whether it happened."""
    decide = _REPEATABLE.get(key)
    return decide is not None and decide(arguments)
