"""What scripts, shell commands and containers have in common: permission, the effect, the time limit, what is given back.

A program is never repeated by itself: an intent row stands before it, unless the definition says that it is idempotent. How it ended is
data: only a program that could not be started, wrote too much or did not end in time is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from dsl.expressions import is_expression
from graphs.run import templates
from graphs.run.effects import before_effect, declared_idempotent
from graphs.run.errors import ProcessFailed, WorkflowError
from graphs.run.ports import JSON, Command, Container, Finished, Processes, ProcessKind
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import kind

_UNTIL_THE_TASKS_OWN_S = 86400.0
_TITLES = {
    "missing": "Not Installed",
    "refused": "Not Allowed",
    "start": "Not Started",
    "output": "Output Too Large",
    "memory": "Memory Used Up",
}
_RETURNS: Mapping[str, Callable[[Finished], JSON]] = {
    "stdout": lambda ended: ended.stdout,
    "stderr": lambda ended: ended.stderr,
    "code": lambda ended: ended.code,
    "all": lambda ended: {"code": ended.code, "stdout": ended.stdout, "stderr": ended.stderr},
    "none": lambda _: None,
}


class Preparation(Protocol):
    """What a kind of program adds."""

    kind: ClassVar[ProcessKind]

    async def build(self, step: Step) -> tuple[Command | Container, str]:
        """Return what is to be run, and that in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTask:
    program: Preparation
    awaited: bool
    returns: str
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        processes = allowed(step, self.program.kind)
        what, words = await self.program.build(step)
        known = await before_effect(step, repeatable=self.idempotent, what=words)
        if known is not None:
            return known if self.awaited else Flow(step.data)
        if not self.awaited:
            processes.start(what, processes.timeout_s)
            return Flow(step.data)
        seconds = processes.timeout_s if step.task.timeout is None else _UNTIL_THE_TASKS_OWN_S
        try:
            ended = await processes.run(what, seconds)
        except ProcessFailed as error:
            raise _failed(step, error, words) from error
        return Flow(_RETURNS[self.returns](ended))


def process_task(data: Mapping[str, JSON], program: Preparation) -> ProcessTask:
    run = data["run"]
    return ProcessTask(
        program=program,
        awaited=run.get("await") is not False,
        returns=run.get("return") or "stdout",
        idempotent=declared_idempotent(data),
    )


def allowed(step: Step, kind_: ProcessKind) -> Processes:
    """Return the port. Raises WorkflowError (authorization) when the operator has not turned *kind_* on."""
    processes = step.engine.deps.processes
    if processes is None or not processes.allows(kind_):
        raise WorkflowError.of("authorization", not_allowed(kind_), title="Not Allowed")
    return processes


def not_allowed(kind_: str) -> str:
    return f"`run: {kind_}` is turned off here: PARLEY_RUN_ALLOW does not name it; an operator turns it on with PARLEY_RUN_ALLOW={kind_}"


def _failed(step: Step, error: ProcessFailed, words: str) -> WorkflowError:
    detail = step.engine.redactor.text(f"{words}: {error}")
    if error.kind == "timeout":
        return WorkflowError.of("timeout", detail)
    if error.kind == "refused":
        return WorkflowError.of("authorization", detail, title=_TITLES[error.kind])
    return WorkflowError.of("configuration" if error.kind == "missing" else "runtime", detail, title=_TITLES[error.kind])


# values as programs see them


def literal(value: JSON) -> Template:
    """Prepare code: an expression only as `${ … }`, in loose evaluation too (`env` is a command, and is jq as well)."""
    return templates.expression(value) if isinstance(value, str) and is_expression(value) else templates.Const(value)


def as_text(value: JSON) -> str:
    """Return *value* as a program reads it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def texts(step: Step, template: Template, name: str) -> tuple[str, ...]:
    """Return a list of arguments. Raises WorkflowError (expression)."""
    value: JSON = await step.resolve(template)
    if value is not None and not isinstance(value, list):
        raise WorkflowError.of("expression", f"'{name}' of a program must be a list, and is {kind(value)}")
    return tuple(_clean(as_text(one), name) for one in value or ())


async def named_texts(step: Step, template: Template, name: str) -> dict[str, str]:
    """Return a map of texts; a null is left out. Raises WorkflowError (expression)."""
    value: JSON = await step.resolve(template)
    if value is not None and not isinstance(value, dict):
        raise WorkflowError.of("expression", f"'{name}' of a program must be an object, and is {kind(value)}")
    found = {str(key): _clean(as_text(one), name) for key, one in (value or {}).items() if one is not None}
    if name == "environment":
        for key in found:
            if not key or "=" in key or "\0" in key:
                raise WorkflowError.of("expression", f"'{key}' cannot be the name of an environment variable")
    return found


async def stdin_of(step: Step, template: Template | None) -> bytes:
    value: JSON = None if template is None else await step.resolve(template)
    return b"" if value is None else as_text(value).encode()


async def text_of(step: Step, template: Template, name: str) -> str:
    value: JSON = await step.resolve(template)
    if not isinstance(value, str):
        raise WorkflowError.of("expression", f"'{name}' must be a text, and is {kind(value)}")
    return _clean(value, name)


def _clean(text: str, name: str) -> str:
    if "\0" in text:
        raise WorkflowError.of("expression", f"'{name}' of a program holds a zero byte, which no program can be given")
    return text
