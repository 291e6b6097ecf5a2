"""`call: NAME:VERSION@CATALOGUE` of a catalogue in `use.catalogs`: `functions/NAME/VERSION/function.yaml` below its endpoint, a task.

Also `call: https://…/function.yaml`, the address of one function. Source: dsl.md, "Catalogs" and "Using a Custom Function".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.check import load
from dsl.problems import InvalidDefinition
from dsl.source import read
from graphs.run.errors import WorkflowError
from graphs.run.resources import Resource
from graphs.run.step import Step
from graphs.run.tree import Task

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class CatalogedFunction:
    name: str  # as the call has it
    source: Resource
    below: str  # "/functions/log/1.0.0/function.yaml"; empty when the address is the function's own
    compiler: Compiler

    async def task(self, step: Step) -> Task:
        """Return the function's task. Raises WorkflowError (communication, configuration)."""
        document = await self.source.read(step, self.below)
        known = step.engine.fetched_functions
        if document.url not in known:
            known[document.url] = self._compiled(document.text(), document.url)
        return known[document.url]

    def _compiled(self, text: str, url: str) -> Task:
        source = read(text)
        if source.problems:
            raise WorkflowError.of("configuration", f"{url} cannot be read: {source.problems[0]}")
        document = {"dsl": "1.0.3", "namespace": "catalog", "name": "function", "version": "1.0.0"}
        try:
            load({"document": document, "do": [{"function": source.data}]})
            return self.compiler.fetched(self.name, source.data)
        except InvalidDefinition as error:
            raise WorkflowError.of("configuration", f"{url} is no function that can be run: {error}") from error
