"""`use.extensions`: tasks that happen before and after every task of a kind.

Both see the extended task as `$task` (with its definition's own keys, `$task.call`, `$task.with`) and begin with its input or its output;
what they give is not passed on. Only `then: exit` in `before` speaks: the extended task is left out, and the output so far is its output.
The tasks of extensions are not extended themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsl.pointer import join
from graphs.run import paths, variables
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Expr
from graphs.run.tree import Block

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_COMPOSITE: Final = ("do", "fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    segment: str  # "extension/0/logging", below the path of the extended step
    extend: str
    when: Expr | None
    before: Block | None
    after: Block | None

    def extends(self, kind: str) -> bool:
        return self.extend in ("all", kind) or (self.extend == "composite" and kind in _COMPOSITE)


def prepare_extensions(items: JSON, compiler: Compiler) -> tuple[Extension, ...]:
    found = []
    for index, item in enumerate(items or ()):
        for name, data in item.items():
            where = join("/use/extensions", index, name)
            blocks = {part: compiler.block(data[part], f"{where}/{part}") if data.get(part) else None for part in ("before", "after")}
            when = compiler.condition(data["when"]) if "when" in data else None
            segment = f"extension/{index}/{paths.escape(name)}"
            found.append(Extension(segment=segment, extend=data["extend"], when=when, **blocks))
    return tuple(found)


async def applying(step: Step) -> list[Extension]:
    """Return the extensions whose `when` holds for this execution."""
    own = {"task": _described(step)}
    return [one for one in step.task.extensions if one.when is None or await step.holds(one.when, step.raw, own)]


async def before(step: Step, extensions: list[Extension]) -> Flow | None:
    """Run what comes before; return the output and the way on when it takes the task's place (`exit`, `end`), else None."""
    for one in extensions:
        if one.before is not None:
            flow = await _run(step, one, one.before, "before", step.raw)
            if flow.then is not None:
                return Flow(flow.output, "end" if flow.then == "end" else None, flow.at)
    return None


async def after(step: Step, extensions: list[Extension]) -> bool:
    """Run what comes after; tell whether it ends the workflow."""
    for one in extensions:
        if one.after is not None and (await _run(step, one, one.after, "after", step.output)).then == "end":
            return True
    return False


async def _run(step: Step, one: Extension, block: Block, part: str, data: JSON) -> Flow:
    frame = step.frame.extending({"task": _described(step)})
    flow = await step.engine.walk(block, f"{step.path}/{one.segment}/{part}", data, frame, step.moment)
    step.moment = flow.at or step.moment
    return flow


def _described(step: Step) -> Mapping[str, JSON]:
    described: Mapping[str, JSON] = variables.describe(step)
    return {**step.task.definition, **described}
