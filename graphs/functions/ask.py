"""`ask`: a person fills in a form described by a JSON Schema; its values are the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> Any:
    """Return the form's values. Raises WorkflowError (timeout) when the deadline passed."""
    form = {key: arguments.get(key) for key in ("title", "message", "data", "schema", "assignee")}
    return (await call.person("ask", form, arguments.get("deadline"))).payload
