"""`listen`: take events by a strategy, and work on each with `foreach` before the next; the output is a list, even of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import dataflow, strategies
from graphs.run.hearing import Hearing
from graphs.run.matching import MISSING
from graphs.run.ports import JSON, Row
from graphs.run.step import Flow, Step
from graphs.run.strategies import Strategy
from graphs.run.tree import Block, Transform

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Each:
    """`foreach`."""

    item: str  # variable names
    index: str
    block: Block
    output: Transform
    export: Transform

    async def run(self, step: Step, number: int, item: JSON) -> Flow:
        """Work on one event; the flow's output is its part of the task's output. An iteration is finished when its row is there."""
        path = f"{step.path}/foreach[{number}]"
        attempt = step.engine.book.attempt(path)
        row = step.engine.book.result(path, attempt)
        if row is not None:
            step.moment = max(step.moment, row.ended_at or step.moment)
            return Flow(row.output, row.then)
        flow = await step.block(self.block, path, item, {self.item: item, self.index: number})
        output = await dataflow.give_out(step, self.output, flow.output, "output of the iteration")
        context = MISSING
        if self.export.template is not None:
            context = await dataflow.give_out(step, self.export, output, "exported context")
            step.frame.scope.context = context
        row = Row(
            path=path,
            attempt=attempt,
            kind="step",
            reference=f"{step.reference}/foreach",
            status="finished",
            output=output,
            context=None if context is MISSING else context,
            has_context=context is not MISSING,
            then=flow.then,
            started_at=step.moment,
            ended_at=step.engine.deps.clock.now(),
        )
        step.engine.record(row)
        step.moment = max(step.moment, row.ended_at or step.moment)
        return Flow(output, flow.then)


@dataclass(frozen=True, slots=True)
class ListenTask:
    strategy: Strategy
    read: str  # data, envelope or raw
    each: Each | None

    @property
    def holds_tasks(self) -> bool:
        return self.each is not None

    async def run(self, step: Step) -> Flow:
        hearing = await Hearing.begin(step, self.strategy, self.read)
        outputs: list[JSON] = []
        try:
            while (item := await hearing.next()) is not MISSING:
                if self.each is None:
                    outputs.append(item)
                    continue
                flow = await self.each.run(step, len(outputs), item)
                outputs.append(flow.output)
                if flow.then == "end":
                    return Flow(outputs, "end")
        finally:
            hearing.close()
        return Flow(outputs)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> ListenTask:
    listen = data["listen"]
    strategy = strategies.prepare(listen.get("to") or {}, join(reference, "listen", "to"), compiler.problem)
    return ListenTask(strategy, listen.get("read") or "data", prepare_each(data.get("foreach"), join(reference, "foreach"), compiler))


def prepare_each(data: Mapping[str, JSON] | None, reference: str, compiler: Compiler) -> Each | None:
    """Prepare a `foreach`, of a `listen` or of a subscription, that stands at *reference*."""
    if data is None:
        return None
    return Each(
        item=data.get("item") or "item",
        index=data.get("at") or "index",
        block=compiler.block(data.get("do") or [], join(reference, "do")),
        output=compiler.transform(data.get("output"), "as", join(reference, "output")),
        export=compiler.transform(data.get("export"), "as", join(reference, "export")),
    )
