"""Whom a definition asks, and whether there is such a person: said with the proposal, before a run waits for nobody."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import dsl
from dsl.expressions.program import is_expression
from dsl.walk import steps

ASKING = ("approve:", "ask:", "agent:")


def unknown_people(data: Any, known: Collection[str]) -> list[dict[str, Any]]:
    """Return an advice for each assignee that is written out in *data* and not among *known*."""
    found: dict[str, dict[str, Any]] = {}
    for step in steps(data):
        arguments = step.task.get("with")
        asked = arguments.get("assignee") if str(step.task.get("call", "")).startswith(ASKING) and isinstance(arguments, dict) else None
        for name in asked if isinstance(asked, list) else [asked]:
            if not isinstance(name, str) or not name or is_expression(name) or name in known or name in found:
                continue
            message = f"There is no user {name!r} here"
            hint = f"whoever may operate Parley can answer instead of {name}"
            problem = dsl.Problem(code="unknown-person", reference=step.reference, message=message, hint=hint, severity="advice")
            found[name] = problem.to_json()
    return list(found.values())
