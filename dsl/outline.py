"""A definition in plain words, for people who do not write code; made from the definition alone, never by a model.

A title is what somebody (or a model) called a task, so it never stands alone: `detail` says what the task does, in words derived from it.
Scopes are followed by what stands inside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from dsl.catalogue import Catalogue
from dsl.phrases import SCOPES, Lead, failure_words, lead
from dsl.pointer import get
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, inner_blocks, is_directive, top_block
from dsl.words import duration_words, schedule_words

JSON = Any


@dataclass(frozen=True, slots=True)
class OutlineLine:
    """One line of the outline."""

    number: str  # "2.1"; "" for lines between tasks
    depth: int  # 0 for the top
    reference: str  # of the task; "" for triggers and lines between tasks
    text: str  # the task's title if it has one, else derived words; always with its condition and where it leads
    detail: str = ""  # derived words, "" when `text` has them: a soft second line

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def outline(data: JSON, catalogue: Catalogue | None = None) -> list[OutlineLine]:
    """Return the lines in reading order: triggers first, then the tasks."""
    if not isinstance(data, dict):
        return []
    lines = [
        OutlineLine(str(number), 0, "", text)
        for number, text in enumerate(schedule_words(data.get("schedule"), str(parley_of_document(data).get("timezone") or "UTC")), start=1)
    ]
    top = top_block(data)
    if top is not None:
        numbers = _numbers(top, "", len(lines))
        lines.extend(_block(top, 0, numbers, data, catalogue or {}))
    limit = get(data, "/timeout/after")
    if isinstance(limit, str | dict):
        lines.append(OutlineLine("", 0, "", f"All of it must be done within {duration_words(limit)}"))
    return lines


def _numbers(block: TaskBlock, prefix: str, offset: int) -> dict[str, str]:
    """Return the number of every task inside *block*, by reference, so that lines can point at each other."""
    found: dict[str, str] = {}
    for position, step in enumerate(block.steps, start=1 + offset):
        number = f"{prefix}{position}"
        found[step.reference] = number
        inner_offset = len(step.task["switch"]) if step.kind == "switch" and isinstance(step.task["switch"], list) else 0
        for inner in inner_blocks(step):
            found |= _numbers(inner, f"{number}.", inner_offset)
            inner_offset += len(inner.steps)
    return found


def _block(block: TaskBlock, depth: int, numbers: dict[str, str], data: JSON, catalogue: Catalogue) -> Iterator[OutlineLine]:
    for step in block.steps:
        said = lead(step, data, catalogue)
        yield OutlineLine(
            numbers[step.reference], depth, step.reference, _closed(said.text, _then(step, block, numbers), step), said.detail
        )
        yield from _cases(step, said, depth + 1, numbers)
        for inner in inner_blocks(step):
            if inner.pointer.endswith("/catch/do") and inner.steps:
                yield OutlineLine("", depth + 1, "", f"{failure_words(step.task)}:")
            yield from _block(inner, depth + 1, numbers, data, catalogue)


def _cases(step: Step, said: Lead, depth: int, numbers: dict[str, str]) -> Iterator[OutlineLine]:
    for position, (condition, target) in enumerate(said.cases, start=1):
        text = f"{condition}: {_target(target, step.siblings, numbers, step)}"
        yield OutlineLine(f"{numbers[step.reference]}.{position}", depth, step.reference, text[:1].upper() + text[1:])


def _then(step: Step, block: TaskBlock, numbers: dict[str, str]) -> str:
    then = step.task.get("then")
    if not isinstance(then, str) or then == "continue" or _is_next(then, step) or (step.kind == "raise" and "if" not in step.task):
        return ""
    if step.kind == "switch":
        return f" (otherwise {_target(then, block, numbers, step)})"
    if step.kind in SCOPES:
        return "" if _ends_anyway(then, step) else f" (afterwards {_target(then, block, numbers, step)})"
    return "" if _ends_anyway(then, step) else f", then {_target(then, block, numbers, step)}"


def _ends_anyway(then: str, step: Step) -> bool:
    return then == "exit" and step.index == len(step.siblings.steps) - 1


def _closed(text: str, then: str, step: Step) -> str:
    """Return the line with where it leads, and a colon where something stands below, save after a question."""
    whole = text + then
    return whole + (":" if step.kind in SCOPES and not whole.endswith(("?", ":", ".", "!")) else "")


def _target(then: str, block: TaskBlock, numbers: dict[str, str], step: Step) -> str:
    if then == "end":
        return "end here"
    if then == "exit":
        return "leave this part" if step.depth else "end here"
    if then == "continue" or is_directive(then) or _is_next(then, step):
        return "go on"
    found = next((other for other in block.steps if other.name == then), None)
    if found is None:
        return f"go to '{then}'"
    back = "go back to" if found.index <= step.index else "go to"
    return f"{back} {numbers[found.reference]}"


def _is_next(then: str, step: Step) -> bool:
    names = step.siblings.names
    return step.index + 1 < len(names) and names[step.index + 1] == then
