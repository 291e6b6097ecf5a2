"""`metadata.parley`: is it shaped as its schema says, and does this version honour it? Other namespaces are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dsl.checks.structure import shape
from dsl.nearest import did_you_mean
from dsl.pointer import join, last, parent
from dsl.problems import Problem
from dsl.settings import NOT_HONOURED_YET
from dsl.walk import all_steps

if TYPE_CHECKING:
    from dsl.model.base import Node

JSON = Any


def metadata(data: dict[str, JSON]) -> Iterator[Problem]:
    """Yield what is wrong with our settings, and a warning for those that this version reads and does not honour."""
    document = data.get("document")
    if isinstance(document, dict):
        yield from _of(document, "/document/metadata/parley", "document")
    for step in all_steps(data):
        if "metadata" in step.task:
            yield from _of(step.task, join(step.reference, "metadata", "parley"), "task")


def _of(owner: dict[str, JSON], reference: str, kind: str) -> Iterator[Problem]:
    held = owner.get("metadata")
    if not isinstance(held, dict) or "parley" not in held:
        return
    from dsl.model.settings import TaskSettings, WorkflowSettings

    value = held["parley"]
    mine, other = (WorkflowSettings, TaskSettings) if kind == "document" else (TaskSettings, WorkflowSettings)
    problems = shape(mine, value, value, reference)
    yield from (_worded(problem, reference, kind, mine, other) for problem in problems)
    if not problems:
        for name in NOT_HONOURED_YET[kind]:
            if name in value:
                message = f"'{name}' is understood but has no effect in this version"
                yield Problem(
                    code="not-honoured-yet", reference=join(reference, name), message=message, hint="do not rely on it", severity="warning"
                )


def _worded(problem: Problem, reference: str, kind: str, mine: type[Node], other: type[Node]) -> Problem:
    """Return *problem*; one about an unknown setting gets the nearest setting as hint, or the level where it belongs."""
    if problem.code != "unknown-property" or parent(problem.reference) != reference:
        return problem
    key = last(problem.reference)
    if key in _settings(other):
        place = "the task it is about" if kind == "document" else "`document: {metadata: {parley: …}}`"
        here = "of the document" if kind == "document" else "of a task"
        return replace(problem, message=f"'{key}' is no setting {here}", hint=f"move it to {place}")
    known = _settings(mine)
    return replace(problem, message=f"'{key}' is no setting", hint=did_you_mean(key, known, f"there are {', '.join(known)}"))


def _settings(model: type[Node]) -> list[str]:
    from dsl.model.base import to_dsl_name

    return [to_dsl_name(name) for name in model.model_fields]
