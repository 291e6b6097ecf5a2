"""The condition that ends a listening: it sees all events so far, after each of them, and must not cost more for each.

What is most often written needs only a part of them, and is told from that part: how many there are (`length >= 3`), what the last is
(`.[-1].done == true`), whether any fits (`any(.temperature > 38)`: those before did not). Any other condition sees everything, for many
events in one evaluation; it costs as much as there is to see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from graphs.run.ports import JSON
from graphs.run.step import Step
from graphs.run.templates import Expr

_LENGTH = re.compile(r"\(?\s*(?:\.\s*\|\s*)?length\s*\)?\s*(==|>=|>)\s*(\d{1,9})")
_LAST = re.compile(r"(?:\.\[-1\]|last)(?:\.[A-Za-z_]\w*)*(?:\s*(?:==|!=|<|<=|>|>=)\s*(?:\"[^\"\\]*\"|-?\d+(?:\.\d+)?|true|false|null))?")
_ANY = re.compile(r"(?:\.\s*\|\s*)?any\s*\((.*)\)", re.DOTALL)
_MOST_SEEN = 100_000  # items in one evaluation, about 0.4 s


async def first_end(step: Step, condition: Expr, seen: Sequence[JSON], fresh: Sequence[JSON]) -> int | None:
    """
    Return the first position in *fresh* up to which *seen* and *fresh* together meet *condition*; with *seen* alone it did not hold.

    Raises:
        WorkflowError: expression, when it fails before it holds.
    """
    source = condition.source.strip()
    counted = _LENGTH.fullmatch(source)
    if counted:
        return _counted(counted[1], int(counted[2]), len(seen), len(fresh))
    if _LAST.fullmatch(source) or _is_any(source):
        seen = ()
    begin = 0
    while begin < len(fresh):
        end = min(len(fresh), begin + max(1, _MOST_SEEN // (len(seen) + len(fresh))))
        found = await _first(step, condition, [*seen, *fresh[:end]], len(seen) + begin)
        if found is not None:
            return found - len(seen)
        begin = end
    return None


def _counted(operator: str, number: int, had: int, more: int) -> int | None:
    position = number + (operator == ">") - had - 1
    if position < 0:
        return None if operator == "==" or not more else 0
    return position if position < more else None


def _is_any(source: str) -> bool:
    """Tell whether *source* is `any(CONDITION)` and nothing else."""
    match = _ANY.fullmatch(source)
    if match is None or any(character in match[1] for character in '";#'):
        return False
    depth = 1
    for character in match[1]:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return False
    return depth == 1


async def _first(step: Step, condition: Expr, items: list[JSON], begin: int) -> int | None:
    """Return the first position from *begin* on with which, and all before it, *condition* holds."""
    if begin == len(items) - 1:
        return begin if await step.holds(condition, items) else None
    tested = f"$__seen[:$__n] | select((\n{condition.source}\n)) | $__n"
    source = f". as $__seen | first((range({begin + 1}; {len(items) + 1}) as $__n | {tested}), null)"
    found = await step.evaluate(replace(condition, source=source), items)
    return None if found is None else int(found) - 1
