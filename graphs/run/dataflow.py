"""How data enters and leaves a task and a workflow (DSL 1.0.3, "Data Flow"): schema and `from`, `as` and schema, `export`."""

from __future__ import annotations

from graphs.run import templates
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import MISSING, Step
from graphs.run.templates import Evaluate
from graphs.run.tree import Schema, Transform


async def enter(step: Step) -> JSON:
    """Return the task's transformed input: the raw input is checked first, then `input.from` applies."""
    if step.task.input.schema is None and step.task.input.template is None:
        return step.raw
    return await take_in(step.task.input, step.raw, _evaluating(step, step.raw))


async def leave(step: Step) -> JSON:
    """Return the task's output: `output.as` applies to the raw output, then the result is checked."""
    if step.task.output.schema is None and step.task.output.template is None:
        return step.raw_output
    return await give_out(step.task.output, step.raw_output, _evaluating(step, step.raw_output), "output")


async def export(step: Step) -> JSON:
    """Return the new `$context`, or MISSING when the task exports nothing."""
    if step.task.export.template is None:
        return MISSING
    return await give_out(step.task.export, step.output, _evaluating(step, step.output), "exported context")


async def take_in(transform: Transform, raw: JSON, evaluate: Evaluate, what: str = "input") -> JSON:
    _check(transform.schema, raw, what)
    return raw if transform.template is None else await templates.resolve(transform.template, evaluate)


async def give_out(transform: Transform, raw: JSON, evaluate: Evaluate, what: str) -> JSON:
    value = raw if transform.template is None else await templates.resolve(transform.template, evaluate)
    _check(transform.schema, value, what)
    return value


def _check(schema: Schema | None, value: JSON, what: str) -> None:
    wrong = "" if schema is None else schema.check(value)
    if wrong and schema is not None and what == "workflow input" and value is None:
        raise WorkflowError.of("validation", f"no input was given; this workflow needs {schema.needs()}")
    if wrong:
        raise WorkflowError.of("validation", f"the {what} does not fit its schema: {wrong}")


def _evaluating(step: Step, data: JSON) -> Evaluate:
    async def evaluate(expression: templates.Expr) -> JSON:
        return await step.evaluate(expression, data)

    return evaluate
