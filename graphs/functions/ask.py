"""`ask`: a person fills in a form described by a JSON Schema; its values are the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.run.errors import WorkflowError
from graphs.run.schemas import problem_in

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> Any:
    """Return the form's values. Raises WorkflowError: timeout when the deadline passed, validation for a form nobody could fill in."""
    wrong = problem_in(arguments["schema"])
    if wrong:
        raise WorkflowError.of("validation", f"the form's 'schema' is no JSON Schema: {wrong}")
    form = {key: arguments.get(key) for key in ("title", "message", "data", "schema", "assignee")}
    return (await call.person("ask", form, arguments.get("deadline"), arguments.get("reminders") or ())).payload
