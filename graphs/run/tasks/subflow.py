"""`run: workflow`: another approved workflow inside this run, its tasks below `PATH/workflow`, with its own `$workflow` and `$context`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from dsl.problems import InvalidDefinition
from graphs.run import templates
from graphs.run.errors import UnknownWorkflow, WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Flow, Scope, Step
from graphs.run.templates import Template
from graphs.run.tree import Program
from graphs.run.workflow import run_workflow

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowTask:
    namespace: str
    name: str
    version: str
    input: Template | None

    async def run(self, step: Step) -> Flow:
        parent = step.frame.scope
        if parent.depth >= step.engine.deps.limits.workflow_depth:
            raise WorkflowError.of("runtime", f"workflows run inside each other more than {parent.depth} deep", title="Too Deep")
        scope = Scope(
            program=await self._program(step),
            path=f"{step.path}/workflow",
            reference=f"{step.reference}/workflow",
            run_id=f"{parent.run_id}{step.path}",
            input=step.data if self.input is None else await step.resolve(self.input),
            started_at=step.started_at,
            context={},
            depth=parent.depth + 1,
            key=(self.namespace, self.name, self.version),
        )
        return Flow(await run_workflow(step.engine, scope))

    async def _program(self, step: Step) -> Program:
        try:
            return await child_program(step.engine, (self.namespace, self.name, self.version))
        except UnknownWorkflow as error:
            raise WorkflowError.of("configuration", str(error), title="Unknown Workflow") from error
        except InvalidDefinition as error:
            raise WorkflowError.of("configuration", f"the workflow {self.name} cannot be run: {error}") from error


async def child_program(engine: Interpreter, key: tuple[str, str, str]) -> Program:
    """Return the program of the workflow with this namespace, name and version. Raises UnknownWorkflow, InvalidDefinition."""
    from graphs.run.program import compile_program  # it prepares this kind among the others

    if key not in engine.programs:
        engine.programs[key] = compile_program(await engine.deps.workflows.find(*key), engine.deps.catalogue)
    return engine.programs[key]


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> WorkflowTask:
    run = data["run"]
    child = run.get("workflow") or {}
    where = join(reference, "run")
    if "workflow" not in run:
        compiler.not_yet(where, f"run: {', '.join(key for key in run if key != 'await') or 'nothing'}", "run: workflow works")
    if run.get("await") is False:
        compiler.not_yet(join(where, "await"), "await: false")
    task = WorkflowTask(
        namespace=str(child.get("namespace", "default")),
        name=str(child.get("name", "")),
        version=str(child.get("version", "latest")),
        input=templates.strict(child["input"]) if "input" in child else None,
    )
    key = f"{task.namespace}/{task.name}/{task.version}"
    if compiler.workflows is not None and "workflow" in run and task.version != "latest" and key not in compiler.workflows:
        compiler.problem("unknown-workflow", join(where, "workflow"), f"no approved workflow is named {key}")
    return task
