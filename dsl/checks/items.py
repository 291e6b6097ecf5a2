"""Items of a list of tasks or cases that are not `- NAME: {…}`: the name as a field, no name, nothing indented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dsl.checks import vocabulary
from dsl.kinds import KINDS, kind_of
from dsl.pointer import join
from dsl.problems import Problem

JSON = Any

_NAMING: Final = ("name", "id", "task", "step")
_OF_CASES: Final = frozenset({"when", "then", "condition", "if", "default", "transition"})


def item_problems(items: list[JSON], pointer: str, *, cases: bool) -> Iterator[tuple[Problem, tuple[str, ...]]]:
    """Yield (problem, the items that have it) for a list; the same mistake in several items is one."""
    together: dict[str, tuple[Problem, list[str]]] = {}
    for index, item in enumerate(items):
        here = join(pointer, index)
        problem = _item(item, here, cases) if isinstance(item, dict) and item else None
        if problem:
            together.setdefault(problem.message if problem.code != "two-in-one-item" else problem.code, (problem, []))[1].append(here)
    for problem, places in together.values():
        yield problem, tuple(places)


def _item(item: dict[str, JSON], here: str, cases: bool) -> Problem | None:
    if len(item) == 1:
        return _unnamed(item, here, cases)
    what = "case" if cases else "task"
    name = next((item[key] for key in _NAMING if isinstance(item.get(key), str)), None)
    if name is not None and vocabulary.is_old_task_item(item):
        message = "this item is an older DSL 0.8 state or action"
        return _problem("old-vocabulary", here, message, f"write `- {_short(name)}:` and below it `call:`, `set:` …")
    if name is not None:
        message = f"the name of a {what} is the key of its item, not a field"
        return _problem("two-in-one-item", here, message, f"write `- {_short(name)}:` and below it, indented, the rest")
    first = next(iter(item))
    if item[first] is None:
        message = f"what '{first}' does stands beside it"
        return _problem("two-in-one-item", here, message, f"indent the lines below `- {first}:` by two more spaces")
    if (cases and _OF_CASES & item.keys()) or (not cases and _does_something(item)):
        return _problem("two-in-one-item", here, f"this {what} has no name", "write `- NAME:` and below it, indented, the rest")
    return None


def _unnamed(item: dict[str, JSON], here: str, cases: bool) -> Problem | None:
    key, value = next(iter(item.items()))
    if (isinstance(value, str) and key in ("then", "when")) if cases else (key in KINDS and kind_of(value) is None and value is not None):
        what = "case" if cases else "task"
        below = f"{{{key}: {value}}}" if isinstance(value, str) and len(value) < 40 else f"{{{key}: …}}"
        return _problem("unnamed-item", join(here, key), f"this {what} has no name", f"write `- NAME: {below}`")
    return None


def _does_something(item: dict[str, JSON]) -> bool:
    kind = kind_of(item)
    return kind is not None and kind_of(item[kind]) is None


def _short(name: str) -> str:
    return name if len(name) <= 40 else "NAME"


def _problem(code: str, reference: str, message: str, hint: str) -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint)
