"""A definition in plain words, for people who do not write code; made from the definition alone, never by a model.

A title is what somebody (or a model) called a task, so it never stands alone: `detail` says what the task does, in words derived from it.
Scopes are followed by what stands inside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from string import ascii_uppercase
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.extending import extended_words, extensions
from dsl.failure_phrases import failure_words
from dsl.jq_words import condition_words, field_words
from dsl.phrases import SCOPES, Lead, lead, timeout_of
from dsl.pointer import get
from dsl.protocol_phrases import resource_of
from dsl.settings import parley_of_document
from dsl.targets import place
from dsl.walk import Step, TaskBlock, declared_blocks, inner_blocks, is_directive, settings_blocks, top_block
from dsl.words import duration_words, joined, schedule_words, shortened

JSON = Any

_FIELDS: Final = 8  # of a schema are named
_LINE, _NAME = 400, 60  # characters of a line, of a name


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
    """
    Return the lines in reading order.

    First what starts it and what it is given, then the tasks, the time limit and the result, and last, under letters, what extensions do
    around the tasks and own functions with several tasks.
    """
    if not isinstance(data, dict):
        return []
    zone = str(parley_of_document(data).get("timezone") or "UTC")
    starts = schedule_words(data.get("schedule"), zone)
    lines = [OutlineLine(str(number), 0, "", shortened(text, _LINE)) for number, text in enumerate(starts, start=1)]
    lines += _fitting("Its input", get(data, "/input/schema"))
    teller, top = _Teller(data, catalogue or {}), top_block(data)
    if top is not None:
        lines.extend(teller.told(top, "", len(starts)))
    limit = timeout_of(data, data)
    if isinstance(limit, str | dict):
        lines.append(OutlineLine("", 0, "", f"All of it must be done within {duration_words(limit)}"))
    lines += _fitting("Its result", get(data, "/output/schema"))
    for letter, (reference, block, text) in zip(_letters(), _declared(data), strict=False):
        lines.append(OutlineLine(letter, 0, reference, f"{text}:"))
        lines.extend(teller.told(block, f"{letter}.", 0, depth=1))
    return lines


def _fitting(what: str, schema: JSON) -> list[OutlineLine]:
    """Return a line on what a schema asks for: "Its input has id, and may have limit"."""
    document, resource = get(schema, "/document"), resource_of(get(schema, "/resource"))
    if resource:
        return [OutlineLine("", 0, "", f"{what} fits the schema at {place(resource)}")]
    properties = document.get("properties") if isinstance(document, dict) else None
    required = document.get("required") if isinstance(document, dict) else None
    names = [str(name) for name in properties] if isinstance(properties, dict) else []
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set[str]()
    has, may = [name for name in names if name in needed], [name for name in names if name not in needed]
    told = [f"has {_fields(has)}"] * bool(has) + [f"may have {_fields(may)}"] * bool(may)
    return [OutlineLine("", 0, "", f"{what} {', and '.join(told)}")] if told else []


def _fields(names: list[str]) -> str:
    told = [field_words(shortened(name, _NAME)) for name in names[:_FIELDS]]
    return joined([*told, f"{len(names) - _FIELDS} more"] if len(names) > _FIELDS else told)


def _declared(data: JSON) -> Iterator[tuple[str, TaskBlock, str]]:
    """Yield (reference, list, when it happens) of `use`: every side of an extension, and functions with tasks inside."""
    for extension in extensions(data):
        when = f", if {condition_words(extension.when)}" if extension.when else ""
        none = "" if extension.extended else " (there is none)"
        side = "After" if extension.after else "Before"
        yield extension.block.pointer, extension.block, f"{side} {extended_words(extension.kind)}{when}{none}"
    for block in declared_blocks(data):
        function = block.steps[0] if block.pointer == "/use/functions" and block.steps else None
        if function is not None and function.kind in SCOPES:
            inner = inner_blocks(function)
            yield function.reference, inner[0] if function.kind == "do" and inner else block, f"The function {function.name}"


def _letters() -> Iterator[str]:
    """Yield A, B, … Z, AA, AB, …"""
    length = 1
    while True:
        for letters in product(ascii_uppercase, repeat=length):
            yield "".join(letters)
        length += 1


class _Teller:
    """Tells the tasks of one definition."""

    def __init__(self, data: JSON, catalogue: Catalogue) -> None:
        self._data, self._catalogue = data, catalogue
        self._numbers: dict[str, str] = {}  # by reference, so that lines can point at each other
        self._back = {  # by task: what takes it back
            block.owner.reference: block
            for block in settings_blocks(data)
            if block.owner is not None and block.pointer == f"{block.owner.reference}/metadata/parley/compensate"
        }

    def told(self, block: TaskBlock, prefix: str, offset: int, *, depth: int = 0) -> Iterator[OutlineLine]:
        """Yield the lines of *block*, numbered after *prefix* from *offset* + 1."""
        self._number(block, prefix, offset)
        yield from self._block(block, depth)

    def _number(self, block: TaskBlock, prefix: str, offset: int) -> None:
        for position, step in enumerate(block.steps, start=1 + offset):
            number = self._numbers[step.reference] = f"{prefix}{position}"
            count = len(step.task["switch"]) if step.kind == "switch" and isinstance(step.task["switch"], list) else 0
            for below in self._below(step):
                self._number(below, f"{number}.", count)
                count += len(below.steps)

    def _below(self, step: Step) -> list[TaskBlock]:
        """Return the lists that are told below *step*: those inside it, and what takes it back."""
        back = self._back.get(step.reference)
        return [*inner_blocks(step), back] if back else inner_blocks(step)

    def _block(self, block: TaskBlock, depth: int) -> Iterator[OutlineLine]:
        ways = _Ways(block, self._numbers)
        for step in block.steps:
            said, below = lead(step, self._data, self._catalogue), self._below(step)
            colon = step.kind in SCOPES or bool(below and below[0].pointer.endswith("/foreach/do"))
            text = _closed(said.text + ways.after(step, scope=colon), colon=colon)
            yield OutlineLine(self._numbers[step.reference], depth, step.reference, text, said.detail)
            yield from self._cases(step, said, depth + 1, ways)
            for inner in below:
                if inner.pointer.endswith("/catch/do") and inner.steps:
                    yield OutlineLine("", depth + 1, "", f"{failure_words(step.task)}:")
                if inner is self._back.get(step.reference) and inner.steps:
                    yield OutlineLine("", depth + 1, "", "To take it back if the run fails or is cancelled later:")
                yield from self._block(inner, depth + 1)

    def _cases(self, step: Step, said: Lead, depth: int, ways: _Ways) -> Iterator[OutlineLine]:
        for position, (condition, target) in enumerate(said.cases, start=1):
            text = f"{condition}: {ways.to(target, step)}"
            yield OutlineLine(f"{self._numbers[step.reference]}.{position}", depth, step.reference, text[:1].upper() + text[1:])


class _Ways:
    """Where tasks of one list lead, in words."""

    def __init__(self, block: TaskBlock, numbers: dict[str, str]) -> None:
        self._block, self._numbers = block, numbers
        self._named = {step.name: step for step in reversed(block.steps)}

    def after(self, step: Step, *, scope: bool) -> str:
        then = step.task.get("then")
        if not isinstance(then, str) or then == "continue" or self._is_next(then, step) or step.kind == "raise":
            return ""
        if step.kind == "switch":
            return f" (otherwise {self.to(then, step)})"
        if then == "exit" and step.index == len(self._block.steps) - 1 and not self._extends():
            return ""  # it is left anyway
        return f" (afterwards {self.to(then, step)})" if scope else f", then {self.to(then, step)}"

    def to(self, then: str, step: Step) -> str:
        if then == "end":
            return "end here"
        if then == "exit":
            return "skip the task itself" if self._extends() else "leave this part" if step.depth or self._block.owner else "end here"
        if then == "continue" or is_directive(then) or self._is_next(then, step):
            return "go on"
        found = self._named.get(then)
        if found is None:
            return f"go to '{shortened(then, 60)}'"
        return f"{'go back to' if found.index <= step.index else 'go to'} {self._numbers[found.reference]}"

    def _extends(self) -> bool:
        """Tell whether this is what an extension does before a task, which `exit` then leaves out (DSL reference, "Extension")."""
        return self._block.owner is None and self._block.pointer.startswith("/use/extensions/") and self._block.pointer.endswith("/before")

    def _is_next(self, then: str, step: Step) -> bool:
        names = self._block.names
        return step.index + 1 < len(names) and names[step.index + 1] == then


def _closed(text: str, *, colon: bool) -> str:
    """Return a line with a colon where something stands below, save after a question."""
    return text + (":" if colon and not text.endswith(("?", ":", ".", "!")) else "")
