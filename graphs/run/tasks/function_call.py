"""`call: NAME:VERSION@default`: a function of the default catalogue with `with` as its input, both ends checked by its schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.catalogue import Catalogue, Function, effect_of
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
    function: Function
    arguments: Template
    schema: JsonSchema
    output: JsonSchema
    catalogue: Catalogue
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        from graphs.functions import FUNCTIONS, code, repeatable  # the functions' own libraries load with the first call

        key = self.function.key
        arguments = (await step.resolve(self.arguments)) or {}
        wrong = self.schema.check(arguments)
        if wrong:
            raise WorkflowError.of("validation", f"the input of {key} does not fit: {wrong}")
        run = code(key)
        if run is None:
            raise WorkflowError.of("configuration", f"{key} is in the catalogue, but this installation has no code for it")
        effect = effect_of(self.function, arguments, self.catalogue)
        if effect != "none" and not self.function.person and not self.function.tools:  # each tool is a step of its own
            safe = self.idempotent or effect == "read" or repeatable(key, arguments)
            known = await before_effect(step, repeatable=safe, what=f"{key} {_target(arguments)}".strip())
            if known is not None:
                return known
        output = await run(arguments, FunctionCall(step))
        wrong = "" if key in FUNCTIONS else self.output.check(output)  # of an installed package; tests hold ours to it
        if wrong:
            raise WorkflowError.of("runtime", f"{key} gave something that its entry in the catalogue does not promise: {wrong}")
        return Flow(output)


def _target(arguments: Mapping[str, JSON]) -> str:
    found = [arguments.get(key) for key in ("channel", "to", "connection", "url")]
    return " ".join(", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in found if one)


def function_task(function: Function, arguments: Template, catalogue: Catalogue, *, idempotent: bool = False) -> FunctionTask:
    """Return the body that calls *function*; *idempotent* when the author of the definition says so."""
    return FunctionTask(
        function=function,
        arguments=arguments,
        schema=JsonSchema(function.input),
        output=JsonSchema(function.output),
        catalogue=catalogue,
        idempotent=function.idempotent or idempotent,
    )


def prepare(data: Mapping[str, JSON], key: str, compiler: Compiler) -> FunctionTask:
    arguments = templates.strict(data.get("with") or {})
    return function_task(compiler.catalogue[key], arguments, compiler.catalogue, idempotent=declared_idempotent(data))
