"""`wait`: lets time pass; its data passes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class WaitTask:
    duration: Template

    async def run(self, step: Step) -> Flow:
        await step.pause(await step.seconds(self.duration))
        return Flow(step.data)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> WaitTask:
    return WaitTask(compiler.duration(data["wait"], join(reference, "wait")))
