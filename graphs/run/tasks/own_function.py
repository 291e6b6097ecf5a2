"""`call` of a function in `use.functions` or in a catalogue of the workflow: a task of its own, with `with` as its input.

It runs at `PATH/function`. Errors in it point to the call, since the same function is called from many places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from graphs.run import templates
from graphs.run.cataloged import CatalogedFunction
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.tree import Task

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class OwnFunctionTask:
    holds_tasks: ClassVar[bool] = True
    name: str
    arguments: Template | None  # None: the task's input is passed on
    cataloged: CatalogedFunction | None = None

    async def run(self, step: Step) -> Flow:
        if step.frame.calls >= step.engine.deps.limits.workflow_depth:
            raise WorkflowError.of("runtime", f"functions call each other more than {step.frame.calls} deep", title="Too Deep")
        data = step.data if self.arguments is None else await step.resolve(self.arguments)
        task = await self._task(step)
        frame = step.frame.calling(step.task.reference)
        flow = await step.engine.step(task, f"{step.path}/function", data, frame, step.moment)
        step.moment = flow.at or step.moment
        return Flow(flow.output, "end" if flow.then == "end" else None)

    async def _task(self, step: Step) -> Task:
        if self.cataloged is not None:
            return await self.cataloged.task(step)
        return step.frame.scope.program.functions[self.name]


def prepare(data: Mapping[str, JSON], name: str, cataloged: CatalogedFunction | None = None) -> OwnFunctionTask:
    return OwnFunctionTask(name, templates.strict(data["with"]) if "with" in data else None, cataloged)
