"""`metadata.parley`: is it shaped as its schema says, and does this version honour it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsl.checks.structure import shape
from dsl.pointer import join
from dsl.problems import Problem
from dsl.settings import NOT_HONOURED_YET
from dsl.walk import steps

JSON = Any


def metadata(data: dict[str, JSON]) -> Iterator[Problem]:
    document = data.get("document")
    if isinstance(document, dict):
        yield from _of(document, "/document/metadata/parley", "document")
    for step in steps(data):
        yield from _of(step.task, join(step.reference, "metadata", "parley"), "task")


def _of(owner: dict[str, JSON], reference: str, kind: str) -> Iterator[Problem]:
    held = owner.get("metadata")
    if not isinstance(held, dict) or "parley" not in held:
        return
    from dsl.model.settings import TaskSettings, WorkflowSettings

    value = held["parley"]
    problems = shape(WorkflowSettings if kind == "document" else TaskSettings, value, value, reference)
    yield from problems
    if not problems:
        for name in NOT_HONOURED_YET[kind]:
            if name in value:
                message = f"'{name}' is understood but has no effect in this version"
                yield Problem(
                    code="not-honoured-yet", reference=join(reference, name), message=message, hint="do not rely on it", severity="warning"
                )
