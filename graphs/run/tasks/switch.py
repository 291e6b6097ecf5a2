"""`switch`: takes the first case that holds, else the case without `when`, else goes on; its data passes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Expr

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Case:
    when: Expr | None
    then: str


@dataclass(frozen=True, slots=True)
class SwitchTask:
    cases: tuple[Case, ...]

    async def run(self, step: Step) -> Flow:
        otherwise = None
        for case in self.cases:
            if case.when is None:
                otherwise = case.then
            elif await step.holds(case.when):
                return Flow(step.data, case.then)
        return Flow(step.data, otherwise)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, siblings: Mapping[str, int]) -> SwitchTask:
    cases = []
    for position, item in enumerate(data["switch"]):
        for name, case in item.items():
            where = join(reference, "switch", position, str(name), "then")
            when = case.get("when")
            cases.append(Case(None if when is None else compiler.condition(when), compiler.directive(case.get("then"), where, siblings)))
    return SwitchTask(tuple(cases))
