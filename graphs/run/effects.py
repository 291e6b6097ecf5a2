"""What stands between a step and the outside world, so that nothing happens twice and nothing unknown is called known.

Before any effect all earlier results are made durable. Before one that must not be repeated a row says that it is about to happen
(kind `intent`); found after a kill without a result, it means that nobody can know, and a person is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from graphs.run import paths, proof
from graphs.run.ports import JSON, Row
from graphs.run.step import Flow, Step
from graphs.run.tree import Task


async def before_effect(step: Step, *, repeatable: bool, what: str) -> Flow | None:
    """
    Return when the effect may happen, or the task's raw output when a person said that it did already.

    Args:
        repeatable: Doing it twice is the same as doing it once; it is simply repeated after a kill.
        what: What is about to be done, in words: "POST https://example.org/orders".
    """
    engine = step.engine
    if repeatable:
        await engine.deps.journal.flush()
        await engine.deps.fence()
        return None
    last = engine.book.last_intent(step.path)
    count = last.count if last else 0
    if last and last.attempt == step.attempt:
        answer = await _settled(step, paths.again(step.path, count), what)
        if answer.get("happened"):
            return Flow(answer.get("output"))
    engine.deps.journal.write(
        Row(
            path=paths.again(step.path, count + 1),
            attempt=step.attempt,
            kind="intent",
            reference=step.reference,
            status="started",
            output=engine.redactor.text(what),
            started_at=engine.deps.clock.now(),
        )
    )
    await engine.deps.journal.flush()
    await engine.deps.fence()
    return None


async def _settled(step: Step, path: str, what: str) -> Mapping[str, JSON]:
    """Ask until somebody knows: a person, or the proof that a person let look."""
    asked, number, why = path, 1, ""
    while True:
        answer = await _ask(step, asked, what, why)
        if not answer.get("check") or step.task.proof is None or step.task.proof.call is None:
            return answer
        verdict = await proof.check(step, step.task.proof, asked)
        if verdict.happened is not None:
            return {"happened": verdict.happened, "output": verdict.output}
        number, why = number + 1, verdict.why
        asked = f"{path}/check" + (f"#{number - 1}" if number > 2 else "")


async def _ask(step: Step, path: str, what: str, why: str) -> Mapping[str, JSON]:
    what = step.engine.redactor.text(what)
    form: dict[str, JSON] = {
        "title": f"Did '{_title(step.task)}' happen?",
        "message": f"The work stopped after '{what}' was begun and before its result was stored. "
        "Look where it would show, then say whether it happened: if not, it is done now.",
    }
    if step.task.proof is not None and step.task.proof.call is not None:
        form["check"] = True
        form["message"] += f" Its proof could not tell: {why}." if why else " Or let its proof look (check)."
    delivery = await step.receive("outcome-unknown", exact_path=path, form=form)
    answer: Mapping[str, JSON] = delivery.payload or {}
    return answer


def idempotency_key(step: Step) -> str:
    """Return a key that is the same whenever this attempt of this step is repeated, and differs for all others (32 hex digits)."""
    text = f"{step.engine.run_id} {step.path} {step.attempt}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def declared_idempotent(task: Mapping[str, JSON]) -> bool:
    """Tell whether the definition's author says so in `metadata.parley.idempotent`."""
    return bool(_own(task).get("idempotent"))


def _title(task: Task) -> str:
    return str(_own(task.definition).get("title") or task.name)


def _own(task: Mapping[str, JSON]) -> Mapping[str, JSON]:
    own: Mapping[str, JSON] = (task.get("metadata") or {}).get("parley") or {}
    return own
