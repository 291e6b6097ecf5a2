"""A run's error in words: what failed, where, why, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

JSON = Any

NEXT = {
    "communication": "Check that the address is right and answers, then retry the run: finished steps do not run again.",
    "timeout": "Retry the run when the other side answers again, or allow more time in the definition (`timeout`).",
    "authentication": "Check the credentials: the stored secret may be missing or out of date (parley secret set NAME), then retry.",
    "authorization": "The other side refuses, or a secret was not granted: check rights and secrets, then retry.",
    "expression": "The expression does not fit the data it met: look at the step's input, change the definition, propose it again.",
    "validation": "A value does not fit its schema: correct the input or the definition, then start a new run.",
    "configuration": "Something is not set up: parley doctor shows what; then retry the run.",
    "runtime": "Look at the step and its input; retry the run, or change the definition.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """`code` is the last part of the error's type, `raw` the error as the standard has it."""

    what: str
    where: str
    why: str
    next: str
    code: str
    raw: Mapping[str, JSON]

    def to_json(self) -> dict[str, JSON]:
        return asdict(self)


def explain(error: Mapping[str, JSON], definition: Mapping[str, JSON], failed_path: str) -> ErrorView:
    from app.views import task_title
    from graphs.run.paths import to_reference

    type_ = str(error.get("type") or "")
    code = type_.rstrip("/").rpartition("/")[2] or "runtime"
    reference = str(error.get("instance") or "") or to_reference(failed_path)
    title = task_title(definition, reference) if reference not in ("", "/") else ""
    kind = error.get("title") or code
    status = f" (status {error['status']})" if error.get("status") else ""
    return ErrorView(
        what=f"“{title}” failed: {kind}{status}" if title else f"The workflow failed: {kind}{status}",
        where=f"{reference} ({title})" if title and title != reference.rpartition("/")[2] else reference or "the workflow",
        why=str(error.get("detail") or kind),
        next=NEXT.get(code, "The definition raises this error itself: look at what it checks, correct the cause, then retry the run."),
        code=code,
        raw=dict(error),
    )
