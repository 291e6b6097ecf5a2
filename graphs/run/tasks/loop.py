"""`for`: the body once per item, each iteration's output the next one's input; the last is the task's output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Expr
from graphs.run.tree import Block
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class ForTask:
    items: Expr
    item: str  # variable names
    index: str
    goes_on: Expr | None  # `while`
    block: Block

    async def run(self, step: Step) -> Flow:
        items = await step.evaluate(self.items)
        if items is not None and not isinstance(items, list):
            raise WorkflowError.of("expression", f"for.in must give a list, and '{self.items.source}' gave {kind(items)}")
        flow = Flow(step.data)
        for index, item in enumerate(items or ()):
            await step.engine.breathe()  # the block may be empty
            variables = {self.item: item, self.index: index}
            if self.goes_on is not None and not await step.holds(self.goes_on, flow.output, variables):
                break
            flow = await step.block(self.block, f"{step.path}/for[{index}]", flow.output, variables)
            if flow.then == "end":
                return flow
        return flow


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> ForTask:
    loop = data["for"]
    goes_on = data.get("while")
    return ForTask(
        items=compiler.condition(loop.get("in")),
        item=loop.get("each") or "item",
        index=loop.get("at") or "index",
        goes_on=None if goes_on is None else compiler.condition(goes_on),
        block=compiler.block(data.get("do") or [], f"{reference}/do"),
    )
