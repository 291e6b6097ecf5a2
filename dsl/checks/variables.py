"""The names that `for`, `foreach` and `catch` bind: can they be variables, and do they hide others?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dsl.expressions.program import STANDARD_VARIABLES
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step, subscription_of

JSON = Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def variables(step: Step) -> Iterator[Problem]:
    """Yield names that cannot be a variable's, that are given twice, or (advice) that hide one from further out."""
    bound: dict[str, str] = {}
    for reference, name in _bound(step):
        if not _NAME.fullmatch(name):
            plain = name.lstrip("$")
            hint = f"write '{plain}'; in expressions it is ${plain}" if _NAME.fullmatch(plain) else "use letters, digits and '_' only"
            yield Problem(code="invalid-variable", reference=reference, message=f"'{name}' cannot be a variable's name", hint=hint)
        elif name in bound:
            message = f"the item and its position are both called '{name}', so ${name} is only one of them"
            yield Problem(
                code="same-variable", reference=reference, message=message, hint="give one of them another name", severity="warning"
            )
        elif name in STANDARD_VARIABLES or name in step.variables:
            whose = f"the standard variable ${name}" if name in STANDARD_VARIABLES else f"${name} of the scope around it"
            hint = "give it another name, unless nothing inside needs the other"
            yield Problem(code="hidden-variable", reference=reference, message=f"'{name}' hides {whose}", hint=hint, severity="advice")
        bound[name] = reference


def _bound(step: Step) -> Iterator[tuple[str, str]]:
    """Yield (pointer, name) of what *step* binds by a name that is written down."""
    task, here = step.task, step.reference
    match step.kind:
        case "for":
            yield from _written(task["for"], join(here, "for"), "each", "at")
        case "listen":
            yield from _written(task.get("foreach"), join(here, "foreach"), "item", "at")
        case "call":
            yield from _written(subscription_of(task).get("foreach"), join(here, "with", "subscription", "foreach"), "item", "at")
        case "try":
            yield from _written(task.get("catch"), join(here, "catch"), "as")


def _written(owner: JSON, pointer: str, *keys: str) -> Iterator[tuple[str, str]]:
    for key in keys if isinstance(owner, dict) else ():
        if isinstance(owner.get(key), str):
            yield join(pointer, key), owner[key]
