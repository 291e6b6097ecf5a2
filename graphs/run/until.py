"""The condition that ends a listening: it sees all events so far, after each of them, and must not cost more for each.

What is most often written needs only a part of them, and is told from that part: how many there are (`length >= 3`), what the last is
(`.[-1].done == true`), whether any fits (`any(.temperature > 38)`: those before did not), what they add up to (`(map(.total) | add) > 100`,
`(map(select(.ok)) | length) == 3`: the value so far is kept). Any other condition sees everything, for many events in one evaluation; it
costs as much as there is to see, so 4,000 events cost sixteen times what 1,000 do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphs.run.ports import JSON
from graphs.run.step import Step
from graphs.run.templates import Expr

_LENGTH = re.compile(r"\(?\s*(?:\.\s*\|\s*)?length\s*\)?\s*(==|>=|>)\s*(\d{1,9})")
_LAST = re.compile(r"(?:\.\[-1\]|last)(?:\.[A-Za-z_]\w*)*(?:\s*(?:==|!=|<|<=|>|>=)\s*(?:\"[^\"\\]*\"|-?\d+(?:\.\d+)?|true|false|null))?")
_ANY = re.compile(r"(?:\.\s*\|\s*)?any\s*\((.*)\)", re.DOTALL)
_FOLD = re.compile(r"(\(?)\s*map\s*\((.*)\)\s*\|\s*(add|length)\s*(\)?)\s*((?:==|!=|<=?|>=?)\s*-?\d+(?:\.\d+)?)", re.DOTALL)
_NEXT = {"add": "$__value + $__y", "length": "$__value + 1"}
_MOST_SEEN = 100_000  # items in one evaluation, about 0.4 s


class Ending:
    """The condition of one listening; it may be asked about other events than those it was told of last, and then looks at all again."""

    def __init__(self, condition: Expr) -> None:
        self._condition = condition
        self._source = condition.source.strip()
        self._counted = _LENGTH.fullmatch(self._source)
        self._brief = _LAST.fullmatch(self._source) is not None or _is_any(self._source)
        self._fold = _folded(self._source)
        self._value: JSON = None  # of the fold, over the first `_folded` events
        self._folded = 0

    async def first(self, step: Step, seen: Sequence[JSON], fresh: Sequence[JSON]) -> int | None:
        """
        Return the first position in *fresh* up to which *seen* and *fresh* together hold; with *seen* alone they did not.

        Raises:
            WorkflowError: expression, when it fails before it holds.
        """
        if self._counted:
            return _counted(self._counted[1], int(self._counted[2]), len(seen), len(fresh))
        if self._fold:
            return await self._first_folded(step, self._fold, seen, fresh)
        return await _first_of_all(step, self._condition, () if self._brief else seen, fresh)

    async def _first_folded(self, step: Step, fold: _Fold, seen: Sequence[JSON], fresh: Sequence[JSON]) -> int | None:
        known = self._folded == len(seen)
        items = fresh if known else [*seen, *fresh]
        given = {"value": self._value if known else fold.first, "items": items, "begin": len(items) - len(fresh)}
        found = await step.evaluate(replace(self._condition, source=fold.source), given)
        self._value, self._folded = found["value"], len(seen) + len(fresh)
        return None if found["at"] is None else int(found["at"]) - given["begin"]


@dataclass(frozen=True, slots=True)
class _Fold:
    first: JSON  # its value over nothing
    source: str  # {value, items, begin} -> {value, at}: the first position from `begin` on where it holds


def _folded(source: str) -> _Fold | None:
    """Return *source*, `(map(FILTER) | add) > 9` or the same with `length`, as a fold over the events; None when it is something else."""
    match = _FOLD.fullmatch(source)
    if match is None or bool(match[1]) != bool(match[4]) or not _is_closed(match[2]):
        return None
    following = f"reduce ($__in.items[$__n] | (\n{match[2]}\n)) as $__y (.value; . as $__value | {_NEXT[match[3]]})"
    held = f"$__n >= $__in.begin and (.value {match[5]})"
    each = f"if .at != null then . else .value = ({following}) | if {held} then .at = $__n else . end end"
    whole = f". as $__in | reduce range(0; .items | length) as $__n ({{value: .value, at: null}}; {each})"
    return _Fold(None if match[3] == "add" else 0, whole)


async def _first_of_all(step: Step, condition: Expr, seen: Sequence[JSON], fresh: Sequence[JSON]) -> int | None:
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
    return match is not None and _is_closed(match[1])


def _is_closed(inner: str) -> bool:
    """Tell whether *inner* is all of what stands between two parentheses, as far as that is plain to see."""
    if any(character in inner for character in '";#'):
        return False
    depth = 1
    for character in inner:
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
