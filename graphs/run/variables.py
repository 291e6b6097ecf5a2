"""The variables of an expression (DSL 1.0.3, "Runtime expression arguments"); only those it names are made.

    $context $input $output $secrets $authorization $task $workflow $runtime   and those of the `for` and `catch` around it

A name that does not exist here is left out: jq then says so, and that is an expression error a `try` may catch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from graphs.run.errors import SecretNotGranted, WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import MISSING, Frame, Step
from graphs.run.templates import Expr

if TYPE_CHECKING:
    from graphs.run.interpreter import Interpreter


async def gather(
    engine: Interpreter, expression: Expr, frame: Frame, step: Step | None, extra: Mapping[str, JSON] | None
) -> dict[str, JSON]:
    """Return the values of the variables *expression* names. Raises WorkflowError (authorization) for a secret it may not have."""
    values: dict[str, JSON] = {}
    for name in expression.names:
        if extra is not None and name in extra:
            values[name] = extra[name]
        elif name in frame.variables:
            values[name] = frame.variables[name]
        elif name == "secrets":
            values[name] = await _secrets(engine, expression, frame)
        elif name in _STANDARD:
            value = _STANDARD[name](frame, step)
            if value is not MISSING:
                values[name] = value
    return values


async def _secrets(engine: Interpreter, expression: Expr, frame: Frame) -> dict[str, JSON]:
    declared = frame.scope.program.secrets
    for name in expression.secrets:
        if name not in declared:
            raise WorkflowError.of("authorization", f"the secret '{name}' is not declared: add it to use.secrets")
    return {name: await read_secret(engine, name) for name in (expression.secrets or sorted(declared))}


async def read_secret(engine: Interpreter, name: str) -> JSON:
    """Return a secret's value and keep it out of all texts from now on. Raises WorkflowError (authorization)."""
    try:
        value = await engine.deps.secrets.read(name)
    except SecretNotGranted as error:
        raise WorkflowError.of("authorization", str(error)) from error
    engine.redactor.add(value)
    return value


async def recall_secrets(engine: Interpreter, names: Iterable[str]) -> None:
    """
    Keep the values of secrets that an earlier process may have read out of all texts; those not granted any more are passed by.

    So are the tokens that the run was given before it parked, as far as this process knows them.
    """
    for name in sorted(names):
        with suppress(WorkflowError):
            await read_secret(engine, name)
    for value in engine.deps.credentials.given_to(engine.run_id):
        engine.redactor.add(value)
        engine.deps.seal(value)


def moment(time: datetime) -> dict[str, JSON]:
    """Return the DSL's date-time descriptor."""
    milliseconds = int(time.timestamp() * 1000)
    text = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"iso8601": text, "epoch": {"seconds": milliseconds // 1000, "milliseconds": milliseconds}}


def _context(frame: Frame, _step: Step | None) -> JSON:
    return frame.scope.context


def _input(_frame: Frame, step: Step | None) -> JSON:
    return step.data if step is not None and step.has_data else MISSING


def _output(_frame: Frame, step: Step | None) -> JSON:
    return MISSING if step is None else step.output


def _authorization(_frame: Frame, step: Step | None) -> JSON:
    return step.authorization if step is not None and step.authorization else MISSING


def _task(_frame: Frame, step: Step | None) -> JSON:
    return MISSING if step is None else describe(step)


def describe(step: Step) -> dict[str, JSON]:
    """Return `$task`."""
    task = {
        "name": step.task.name,
        "reference": step.frame.base + step.task.reference,
        "definition": step.task.definition,
        "input": step.raw,
        "startedAt": moment(step.started_at),
    }
    return task if step.raw_output is MISSING else {**task, "output": step.raw_output}


def _workflow(frame: Frame, _step: Step | None) -> JSON:
    scope = frame.scope
    return {"id": scope.run_id, "definition": scope.program.definition, "input": scope.input, "startedAt": moment(scope.started_at)}


@lru_cache(maxsize=1)
def runtime_version() -> str:
    try:
        return version("parley-workflows")
    except PackageNotFoundError:  # run from a copy that was never installed
        return "0"


def _runtime(_frame: Frame, _step: Step | None) -> JSON:
    return {"name": "Parley", "version": runtime_version(), "metadata": {}}


_STANDARD: Mapping[str, Callable[[Frame, Step | None], JSON]] = {
    "context": _context,
    "input": _input,
    "output": _output,
    "authorization": _authorization,
    "task": _task,
    "workflow": _workflow,
    "runtime": _runtime,
}
