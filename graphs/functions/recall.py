"""`recall`: what was remembered that fits a text, best first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.run.errors import StoreUnavailable
from memory.store import Kind, MemoryAway

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

KINDS: tuple[Kind, ...] = ("fact", "preference")


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{memories, note}`. Raises WorkflowError (configuration), StoreUnavailable."""
    memory = call.memory
    kinds: tuple[Kind, ...] = tuple(arguments.get("kinds") or KINDS)
    limit = int(arguments.get("limit", 5))
    try:
        recalled = await memory.recall(str(arguments["text"]), kinds=kinds, limit=limit)
    except MemoryAway as error:
        raise StoreUnavailable(str(error)) from error
    found = [{**memory.as_json(one.memory), "similarity": one.similarity} for one in recalled.groups["found"]]
    return {"memories": found, "note": recalled.note}
