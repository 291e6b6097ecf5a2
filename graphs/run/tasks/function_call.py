"""`call: NAME:VERSION@default`: a function of the default catalogue with `with` as its input, both ends checked by its schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.run import templates
from graphs.run.effects import before_effect, declared_idempotent
from graphs.run.errors import WorkflowError
from graphs.run.function_api import FunctionCall
from graphs.run.ports import JSON
from graphs.run.schemas import JsonSchema
from graphs.run.step import Flow, Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTask:
    key: str  # "notify:1.0.0"
    arguments: Template
    schema: JsonSchema
    effect: str
    idempotent: bool
    person: bool

    async def run(self, step: Step) -> Flow:
        from graphs.functions import FUNCTIONS, repeatable  # the functions' own libraries load with the first call

        arguments = (await step.resolve(self.arguments)) or {}
        wrong = self.schema.check(arguments)
        if wrong:
            raise WorkflowError.of("validation", f"the input of {self.key} does not fit: {wrong}")
        if self.effect != "none" and not self.person:
            safe = self.idempotent or self.effect == "read" or repeatable(self.key, arguments)
            known = await before_effect(step, repeatable=safe, what=f"{self.key} {_target(arguments)}".strip())
            if known is not None:
                return known
        if self.key not in FUNCTIONS:
            raise WorkflowError.of("configuration", f"{self.key} is in the catalogue, but this installation has no code for it")
        return Flow(await FUNCTIONS[self.key](arguments, FunctionCall(step)))


def _target(arguments: Mapping[str, JSON]) -> str:
    return " ".join(str(arguments[key]) for key in ("channel", "to", "url") if arguments.get(key))


def prepare(data: Mapping[str, JSON], key: str, compiler: Compiler) -> FunctionTask:
    function = compiler.catalogue[key]
    return FunctionTask(
        key=key,
        arguments=templates.strict(data.get("with") or {}),
        schema=JsonSchema(function.input),
        effect=function.effect,
        idempotent=function.idempotent or declared_idempotent(data),
        person=function.person,
    )
