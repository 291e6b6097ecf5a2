"""`approve`: a person says yes or no. A no is an answer, not an error: the definition branches on `.approved`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{approved, comment, by}`. Raises WorkflowError (timeout) when the deadline passed."""
    form = {key: arguments.get(key) for key in ("title", "message", "data", "assignee")}
    delivery = await call.person("approve", form, arguments.get("deadline"), arguments.get("reminders") or ())
    answer = delivery.payload or {}
    return {
        "approved": answer.get("approved") is True,
        "comment": answer.get("comment") or "",
        "by": answer.get("by") or delivery.by,
    }
