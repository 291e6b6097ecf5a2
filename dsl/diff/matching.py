"""Which task of the old definition is which of the new: by name in the same list, then by what it does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.diff.fields import leaves
from dsl.walk import Step, TaskBlock, inner_blocks, steps, top_block

JSON = Any

_NEARLY: Final = 0.75  # share of equal values from which two tasks of one kind are the same one, renamed
_MOST_COMPARED: Final = 10_000  # pairs of tasks; beyond, only equal ones are recognised
_MOST_ALIKE: Final = 20  # equal tasks that one is compared with


@dataclass(slots=True)
class Matching:
    """The pairs found, by reference in both directions."""

    old: dict[str, Step]
    new: dict[str, Step]
    to_new: dict[str, str] = field(default_factory=dict)
    to_old: dict[str, str] = field(default_factory=dict)

    def pair(self, old: Step, new: Step) -> None:
        self.to_new[old.reference] = new.reference
        self.to_old[new.reference] = old.reference

    def pairs(self) -> list[tuple[Step, Step]]:
        """Return the pairs in the order of the new definition."""
        return [(self.old[self.to_old[name]], step) for name, step in self.new.items() if name in self.to_old]

    def left(self) -> tuple[list[Step], list[Step]]:
        """Return the tasks of the old and of the new definition that have no partner."""
        old = [step for name, step in self.old.items() if name not in self.to_new]
        return old, [step for name, step in self.new.items() if name not in self.to_old]


def match(old: JSON, new: JSON) -> Matching:
    """Return which tasks under `do` are the same."""
    found = Matching({step.reference: step for step in steps(old)}, {step.reference: step for step in steps(new)})
    tops = top_block(old), top_block(new)
    if tops[0] is not None and tops[1] is not None:
        _match_lists(found, tops[0], tops[1])
    _match_equal(found, elsewhere=False)
    _match_equal(found, elsewhere=True)
    _match_like(found)
    return found


def _match_lists(found: Matching, old: TaskBlock, new: TaskBlock) -> None:
    """Pair the tasks of two lists by name, and those in them."""
    names = {step.name: step for step in old.steps if step.reference not in found.to_new}
    for step in new.steps:
        partner = names.pop(step.name, None)
        if partner is not None and step.reference not in found.to_old:
            _pair(found, partner, step)


def _pair(found: Matching, old: Step, new: Step) -> None:
    found.pair(old, new)
    inner = {block.pointer[len(old.reference) :]: block for block in inner_blocks(old)}
    for block in inner_blocks(new):
        partner = inner.get(block.pointer[len(new.reference) :])
        if partner is not None:
            _match_lists(found, partner, block)


def _match_equal(found: Matching, *, elsewhere: bool) -> None:
    """Pair tasks that do exactly the same, in the same list or anywhere."""
    old, new = found.left()
    alike: dict[str, list[Step]] = {}
    for step in old:
        alike.setdefault(_text(step), []).append(step)
    candidates = [
        (one.name != other.name, abs(one.index - other.index), other.reference, one.reference)
        for one in new
        for other in alike.get(_text(one), [])[:_MOST_ALIKE]
        if elsewhere or _same_list(found, other, one)
    ]
    _take(found, candidates)


def _match_like(found: Matching) -> None:
    """Pair tasks of one kind in the same list that do nearly the same."""
    old, new = found.left()
    if len(old) * len(new) > _MOST_COMPARED:
        return
    values = {id(step): _values(step) for step in (*old, *new)}
    candidates = []
    for one in new:
        for other in old:
            if other.kind == one.kind and _same_list(found, other, one):
                mine, its = values[id(one)], values[id(other)]
                share = 2 * len(mine & its) / (len(mine) + len(its))
                if share >= _NEARLY:
                    candidates.append((-share, abs(one.index - other.index), other.reference, one.reference))
    _take(found, candidates)


def _take(found: Matching, candidates: Sequence[tuple[Any, ...]]) -> None:
    """Pair the best first; each task once."""
    for *_, was, now in sorted(candidates):
        if was not in found.to_new and now not in found.to_old:
            _pair(found, found.old[was], found.new[now])


def _same_list(found: Matching, old: Step, new: Step) -> bool:
    if (old.parent is None) != (new.parent is None):
        return False
    if old.parent is None or new.parent is None:
        return True
    if found.to_new.get(old.parent.reference) != new.parent.reference:
        return False
    return old.siblings.pointer[len(old.parent.reference) :] == new.siblings.pointer[len(new.parent.reference) :]


def _text(step: Step) -> str:
    return json.dumps(step.task, sort_keys=True)


def _values(step: Step) -> set[tuple[str, str]]:
    return {(pointer, f"{type(value).__name__}:{value}") for pointer, value in leaves(step.task)}
