"""`raise`: ends the task with an error of the definition's own; where it happened is filled in by the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import shown

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class RaiseTask:
    error: Template

    async def run(self, step: Step) -> Flow:
        error = await step.resolve(self.error)
        status = error.get("status")
        if isinstance(status, bool) or not isinstance(status, int):
            raise WorkflowError.of("expression", f"the status of an error must be a whole number, not {shown(status)}")
        title, detail = (_text(error.get(key)) for key in ("title", "detail"))
        raise WorkflowError(str(error.get("type", "")), status, title, detail)


def _text(value: JSON) -> str:
    return "" if value is None else str(value)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> RaiseTask:
    error = compiler.named(data["raise"].get("error"), "errors", join(reference, "raise", "error"))
    return RaiseTask(templates.strict(dict(error or {})))
