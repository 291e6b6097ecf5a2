"""`set`: replaces all data by its value; texts in it are literal unless wrapped in `${ }`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.run import templates
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class SetTask:
    value: Template

    async def run(self, step: Step) -> Flow:
        return Flow(await step.resolve(self.value))


def prepare(data: Mapping[str, JSON], _reference: str, _compiler: Compiler, _siblings: Mapping[str, int]) -> SetTask:
    return SetTask(templates.strict(data["set"]))
