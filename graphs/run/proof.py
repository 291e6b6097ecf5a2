"""`metadata.parley.proof`: an expression or a call that must hold before the task counts as done.

An expression is evaluated on the task's output (after `output.as`), which is the input of a call, too; both know `$input` and `$output`.
A call holds unless it gives `false` or `null`, or is answered with 404 or 410. The effect is journaled before its proof is sought, so that
a kill in between does not make it unknown. A call is also how *check* answers whether an effect took place of which nobody knows; its
`$output` is null then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.step import Flow, Step
from graphs.run.templates import Expr
from graphs.run.tree import Task

ABSENT = (404, 410)


@dataclass(frozen=True, slots=True)
class Proof:
    """One of the two."""

    expression: Expr | None = None
    call: Task | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call for proof said: it took place, it did not, or (None) that cannot be told, and why."""

    happened: bool | None
    output: JSON = None
    why: str = ""


async def perform(step: Step) -> Flow:
    """Run the body of a task that has a proof; what it gave is in the journal afterwards, at `PATH/effect`."""
    known = _done_before(step)
    if known is not None:
        return Flow(known.output, known.then)
    flow = await step.perform()
    row = Row(
        path=f"{step.path}/effect",
        attempt=step.attempt,
        kind="step",
        reference=f"{step.reference}/effect",
        status="finished",
        output=flow.output,
        then=flow.then,
        ended_at=step.engine.deps.clock.now(),
    )
    step.engine.deps.journal.write(row)
    return flow


def _done_before(step: Step) -> Row | None:
    """Return the effect of this attempt; or of the one before, when only its proof could not be had and a person tried again."""
    book, path = step.engine.book, f"{step.path}/effect"
    for attempt in range(step.attempt, 0, -1):
        row = book.result(path, attempt)
        if row is not None:
            return row
        proved = book.result(f"{step.path}/proof", attempt - 1)
        if proved is None or proved.status != "faulted":
            return None
    return None


async def demand(step: Step, proof: Proof) -> None:
    """Raise WorkflowError unless the proof of what *step* has just done holds."""
    if proof.expression is not None:
        holds = await step.holds(proof.expression, step.output)
    else:
        try:
            holds = _true((await _call(step, proof, f"{step.path}/proof", step.output)).output)
        except WorkflowError as error:
            if not _absent(error):
                raise
            holds = False
    if not holds:
        raise WorkflowError.of("runtime", "the task ended, but its proof (metadata.parley.proof) does not hold", title="Proof Failed")


async def check(step: Step, proof: Proof, asked: str) -> Verdict:
    """Ask the proof's call whether an effect took place; *asked* is the path of the wait that this answers."""
    try:
        flow = await _call(step, proof, f"{asked}/checked", None)
    except WorkflowError as error:
        return Verdict(False) if _absent(error) else Verdict(None, why=f"{error.title}: {error.detail}")
    return Verdict(True, flow.output) if _true(flow.output) else Verdict(False)


async def _call(step: Step, proof: Proof, path: str, output: JSON) -> Flow:
    assert proof.call is not None
    known: Mapping[str, JSON] = {**step.frame.variables, "input": step.data, "output": output}
    return await step.engine.step(proof.call, path, output, replace(step.frame, variables=known), step.moment)


def _true(value: JSON) -> bool:
    return value is not None and value is not False


def _absent(error: WorkflowError) -> bool:
    return error.type.rpartition("/")[2] == "communication" and error.status in ABSENT
