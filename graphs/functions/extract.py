"""`extract`: an object out of a text, by a JSON Schema, with a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.functions import asking, replies
from graphs.run.errors import WorkflowError
from graphs.run.schemas import problem_in

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{value, by, usage}`. Raises WorkflowError (configuration: `no-model`, validation, communication, runtime)."""
    wrong = problem_in(arguments["schema"])
    if wrong:
        raise WorkflowError.of("validation", f"the 'schema' of extract is no JSON Schema: {wrong}")
    values = {"instructions": str(arguments.get("instructions") or ""), "text": str(arguments["text"])}
    reply = replies.fitting(replies.Extracted, "value", arguments["schema"])
    found = await asking.ask(call, "run/extract", values, reply, what="extract", model=str(arguments.get("model") or ""))
    return {"value": found.reply.value, "by": found.model, "usage": found.usage}
