"""`run: workflow`: another approved workflow inside this run, its tasks below `PATH/workflow`, with its own `$workflow` and `$context`.

With `await: false` it is a run of its own, which nobody here waits for: it is started once, and goes on when this one ends or is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dsl.pointer import join
from dsl.problems import InvalidDefinition
from graphs.run import paths, templates
from graphs.run.errors import TooManyGenerations, UnknownWorkflow, WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.step import Flow, Scope, Step
from graphs.run.templates import Template
from graphs.run.tree import Program
from graphs.run.workflow import run_workflow

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter
    from graphs.run.program import Compiler

# a workflow that completed is a process that ended well, and its output is what it says
_RETURNS: Mapping[str, Callable[[JSON], JSON]] = {
    "stdout": lambda output: output,
    "stderr": lambda _: "",
    "code": lambda _: 0,
    "all": lambda output: {"code": 0, "stdout": output, "stderr": ""},
    "none": lambda _: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowTask:
    holds_tasks: ClassVar[bool] = True
    namespace: str
    name: str
    version: str
    input: Template | None
    awaited: bool
    returns: str

    async def run(self, step: Step) -> Flow:
        data = step.data if self.input is None else await step.resolve(self.input)
        if not self.awaited:
            return await self._start(step, data)
        parent = step.frame.scope
        if parent.depth >= step.engine.deps.limits.workflow_depth:
            raise WorkflowError.of("runtime", f"workflows run inside each other more than {parent.depth} deep", title="Too Deep")
        scope = Scope(
            program=await self._program(step),
            path=f"{step.path}/workflow",
            reference=f"{step.reference}/workflow",
            run_id=f"{parent.run_id}{step.path}",
            input=data,
            started_at=step.started_at,
            context={},
            depth=parent.depth + 1,
            key=(self.namespace, self.name, self.version),
        )
        return Flow(_RETURNS[self.returns](await run_workflow(step.engine, scope)))

    async def _start(self, step: Step, data: JSON) -> Flow:
        """Start it as a run of its own. Repeated after a kill, it finds the run it started."""
        deps = step.engine.deps
        if deps.children is None:
            raise WorkflowError.of("configuration", "nobody here starts other runs, as `await: false` asks", title="No Children Here")
        await deps.journal.flush()
        path = paths.again(step.path, step.attempt)
        try:
            run_id = await deps.children.start(path, self.namespace, self.name, self.version, data)
        except UnknownWorkflow as error:
            raise WorkflowError.of("configuration", str(error), title="Unknown Workflow") from error
        except TooManyGenerations as error:
            raise WorkflowError.of("runtime", str(error), title="Too Deep") from error
        deps.journal.write(
            Row(
                path=f"{step.path}/started",
                attempt=step.attempt,
                kind="intent",
                reference=f"{step.reference}/started",
                status="started",
                output=f"started the run {run_id}",
                started_at=deps.clock.now(),
            )
        )
        return Flow(step.data)

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


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> WorkflowTask:
    run = data["run"]
    child = run["workflow"]
    task = WorkflowTask(
        namespace=str(child.get("namespace", "default")),
        name=str(child.get("name", "")),
        version=str(child.get("version", "latest")),
        input=templates.strict(child["input"]) if "input" in child else None,
        awaited=run.get("await") is not False,
        returns=run.get("return") or "stdout",
    )
    key = f"{task.namespace}/{task.name}/{task.version}"
    if compiler.workflows is not None and task.version != "latest" and key not in compiler.workflows:
        compiler.problem("unknown-workflow", join(reference, "run", "workflow"), f"no approved workflow is named {key}")
    return task
