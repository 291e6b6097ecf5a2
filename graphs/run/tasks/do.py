"""`do`: tasks one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.tree import Block

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class DoTask:
    block: Block

    async def run(self, step: Step) -> Flow:
        return await step.block(self.block, f"{step.path}/do", step.data)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> DoTask:
    return DoTask(compiler.block(data.get("do") or [], f"{reference}/do"))
