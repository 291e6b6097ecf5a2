"""Which edges a task list has: where every task leads, and under which condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dsl.jq_words import plainly
from dsl.phrases import brief_condition, case_words
from dsl.walk import Step, TaskBlock, is_directive, switch_cases

JSON = Any


@dataclass(frozen=True, slots=True)
class Way:
    source: str
    target: str
    label: str = ""
    full_label: str = ""


def ways(block: TaskBlock, *, at_top: bool) -> Iterator[Way]:
    """Yield the edges of a list, several between the same two as one."""
    if block.parallel:
        return
    found: dict[tuple[str, str], dict[str, str]] = {}  # the labels with their full words
    if at_top:
        first = block.steps[0].reference if block.steps else "end"
        found["start", first] = {}
    by_name = {step.name: step.reference for step in block.steps}
    for step in block.steps:
        for then, label, full in _leads(step):
            target = _target(then, step, by_name, at_top=at_top)
            found.setdefault((step.reference, target), {}).update({label: full} if label else {})
    pills = {target for _, target in found if target not in by_name.values() and target != "end"}
    plain = {pair for pair, labels in found.items() if pair[1] in pills and not labels}
    if not at_top and pills == {f"{block.pointer}/exit"} and len([pair for pair in found if pair[1] in pills]) == len(plain) == 1:
        found = {pair: labels for pair, labels in found.items() if pair not in plain}  # one plain way out needs no sign
    for (source, target), labels in found.items():
        yield Way(source, target, " or ".join(labels), " or ".join(labels.values()))


def _leads(step: Step) -> Iterator[tuple[JSON, str, str]]:
    """Yield (then, label, full label) of every way out of a task."""
    if "if" in step.task and step.task.get("then") not in (None, "continue"):
        yield "continue", "skipped", "skipped"
    if step.kind == "raise":
        if "if" in step.task:
            yield "continue", "", ""
        return
    if step.kind != "switch":
        yield step.task.get("then"), "", ""
        return
    cases = switch_cases(step)
    for case in cases:
        when = case.get("when")
        short = brief_condition(when) if isinstance(when, str) else "otherwise"
        yield case.get("then"), short.removeprefix("the "), plainly(case_words(case)) if short != "a condition holds" else case_words(case)
    if all("when" in case for case in cases):
        yield step.task.get("then"), "otherwise", "otherwise"


def _target(then: JSON, step: Step, by_name: dict[str, str], *, at_top: bool) -> str:
    if isinstance(then, str) and then in by_name and not is_directive(then):
        return by_name[then]
    block = step.siblings
    following = block.steps[block.steps.index(step) + 1 :]
    if following and (then is None or then == "continue"):
        return following[0].reference
    if at_top:
        return "end"
    return f"{block.pointer}/{'end' if then == 'end' else 'exit'}"
