"""How data enters and leaves a task and a workflow (DSL 1.0.3, "Data Flow"): schema and `from`, `as` and schema, `export`."""

from __future__ import annotations

from graphs.run.errors import WorkflowError
from graphs.run.external_schema import ExternalSchema
from graphs.run.ports import JSON
from graphs.run.schemas import JsonSchema
from graphs.run.step import MISSING, Place, Step
from graphs.run.tree import Transform


async def enter(step: Step) -> JSON:
    """Return the task's transformed input: the raw input is checked first, then `input.from` applies."""
    if step.task.input.schema is None and step.task.input.template is None:
        return step.raw
    return await take_in(step, step.task.input, step.raw)


async def leave(step: Step) -> JSON:
    """Return the task's output: `output.as` applies to the raw output, then the result is checked."""
    if step.task.output.schema is None and step.task.output.template is None:
        return step.raw_output
    return await give_out(step, step.task.output, step.raw_output, "output")


async def export(step: Step) -> JSON:
    """Return the new `$context`, or MISSING when the task exports nothing."""
    if step.task.export.template is None:
        return MISSING
    return await give_out(step, step.task.export, step.output, "exported context")


async def take_in(place: Place, transform: Transform, raw: JSON, what: str = "input") -> JSON:
    await _check(place, transform, raw, what)
    return raw if transform.template is None else await place.resolve(transform.template, raw)


async def give_out(place: Place, transform: Transform, raw: JSON, what: str) -> JSON:
    value = raw if transform.template is None else await place.resolve(transform.template, raw)
    await _check(place, transform, value, what)
    return value


async def _check(place: Place, transform: Transform, value: JSON, what: str) -> None:
    schema = transform.schema
    if schema is None:
        return
    known: JsonSchema = await schema.load(place) if isinstance(schema, ExternalSchema) else schema
    wrong = known.check(value)
    if wrong and what == "workflow input" and value is None:
        raise WorkflowError.of("validation", f"no input was given; this workflow needs {known.needs()}")
    if wrong:
        raise WorkflowError.of("validation", f"the {what} does not fit its schema: {wrong}")
