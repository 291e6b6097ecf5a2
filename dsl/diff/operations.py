"""The operations that lead from one definition to another: as few and as small as the pairs of tasks allow.

They are tried on the old data while they are made. Where fine ones do not lead there (names that stand twice, what is no task list),
whole values of the document are set instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dsl.diff.fields import field_changes, list_paths, own
from dsl.diff.matching import Matching
from dsl.diff.order import in_order
from dsl.edit.equal import same
from dsl.edit.follow import leading_to, thens
from dsl.edit.plan import perform, plan
from dsl.edit.result import EditRefused
from dsl.pointer import get, join, last, parent
from dsl.walk import Step, TaskBlock, blocks, is_directive, steps

JSON = Any
Operation = dict[str, JSON]


def operations(old: JSON, new: JSON, matching: Matching) -> tuple[Mapping[str, JSON], ...]:
    """Return operations that, done on *old*, give *new*."""
    if not matching.to_new:
        return coarse(old, new)
    with suppress(EditRefused, _Lost):
        tried = _Sync(old, new, matching)
        tried.run()
        if same(tried.data, new):
            return tuple(tried.done)
    return coarse(old, new)


def coarse(old: JSON, new: JSON) -> tuple[Mapping[str, JSON], ...]:
    """Return operations that set whole parts of the document."""
    if not isinstance(old, dict) or not isinstance(new, dict) or not new:
        return () if same(old, new) else ({"op": "replace", "reference": "", "value": new},)
    found: list[Operation] = [
        {"op": "set-field", "reference": "", "field": join("", key), "value": value}
        for key, value in new.items()
        if key not in old or not same(old[key], value)
    ]
    return (*found, *({"op": "set-field", "reference": "", "field": join("", key)} for key in old if key not in new))


class _Lost(Exception):
    """A task is not where it was expected."""


class _Sync:
    """Old data on its way to the new, and the operations that brought it there."""

    def __init__(self, old: JSON, new: JSON, matching: Matching) -> None:
        self.data = json.loads(json.dumps(old))
        self.new = new
        self.done: list[Operation] = []
        self._places: dict[int, Step] = {}  # the tasks of `data` by their items
        self._matching = matching
        items = {step.reference: get(self.data, parent(step.reference)) for step in steps(self.data)}
        fresh = {step.reference for step in self._fresh()}
        # the new definition's tasks, each with the item of the old data that becomes it
        self._items = {now: items[was] for now, was in matching.to_old.items() if now not in fresh}
        self._going = [item for name, item in items.items() if name not in matching.to_new or matching.to_new[name] in fresh]

    def run(self) -> None:
        for step in self._kept():
            if self._at(step).name != step.name:
                self._do({"op": "rename", "reference": self._at(step).reference, "name": step.name})
        self._set_document()
        for step in self._kept():
            self._set_fields(step)
        kept = {step.reference for step in self._kept()}  # what is added comes complete
        for block in blocks(self.new):
            if block.owner is None or (block.owner.reference in kept and self._had(block.owner, block.pointer)):
                self._arrange(block)
        self._remove()
        for step in self._kept():
            self._set_fields(step)

    def _do(self, operation: Operation) -> None:
        self.data = perform(self.data, plan(self.data, operation, locks=False).edits)
        self._places = {}
        self.done.append(operation)

    def _fresh(self) -> Iterator[Step]:
        """Yield the new definition's tasks that come with another one: they stand in an added task, or in a list that is new."""
        added: set[str] = set()
        for step in self._matching.new.values():
            if step.parent is not None and (step.parent.reference in added or not self._had(step.parent, step.siblings.pointer)):
                added.add(step.reference)
                yield step
            elif step.reference not in self._matching.to_old:
                added.add(step.reference)

    def _had(self, owner: Step, pointer: str) -> bool:
        """Tell whether the list at *pointer* of the new definition is there already, in the task that becomes its *owner*."""
        was = self._matching.to_old.get(owner.reference)
        return was is not None and pointer[len(owner.reference) :] in list_paths(self._matching.old[was])

    def _kept(self) -> list[Step]:
        return [step for name, step in self._matching.new.items() if name in self._items]

    def _at(self, step: Step) -> Step:
        """Return where the task that becomes *step* stands now."""
        return self._of(self._items[step.reference])

    def _of(self, item: JSON) -> Step:
        if not self._places:
            self._places = {id(get(self.data, parent(step.reference))): step for step in steps(self.data)}
        found = self._places.get(id(item))
        if found is None:
            raise _Lost
        return found

    def _set_document(self) -> None:
        old, new = ({key: value for key, value in data.items() if not _tasks(key, value)} for data in (self.data, self.new))
        self._set("", old, new)

    def _set_fields(self, step: Step) -> None:
        """Set what differs in a task outside the lists of tasks that it has before and after."""
        here = self._at(step)
        paths = list_paths(here) & list_paths(step)
        self._set(here.reference, own(here.task, paths), own(step.task, paths))

    def _set(self, reference: str, old: dict[str, JSON], new: dict[str, JSON]) -> None:
        changes = list(field_changes(old, new))
        for change in sorted(changes, key=lambda one: one.kind == "removed"):
            operation = {"op": "set-field", "reference": reference, "field": change.pointer}
            self._do(operation if change.kind == "removed" else {**operation, "value": change.new})

    def _where(self, block: TaskBlock) -> str:
        """Return where the list that becomes *block* stands now."""
        if block.owner is None:
            return block.pointer
        return self._at(block.owner).reference + block.pointer[len(block.owner.reference) :]

    def _arrange(self, block: TaskBlock) -> None:
        """Bring the tasks of a list into their order, and those that are missing into it; a list that is new is complete."""
        tasks = get(self.data, self._where(block))
        if not isinstance(tasks, list):
            raise _Lost
        wanted = [self._items.get(step.reference) for step in block.steps]
        there = [
            (number, position) for number, item in enumerate(wanted) if item is not None and (position := _index(tasks, item)) is not None
        ]
        still = in_order([position for _, position in there])
        fixed = {number for index, (number, _) in enumerate(there) if index in still}
        before: Step | None = None
        for number, step in enumerate(block.steps):
            if number not in fixed:
                self._place(step, wanted[number], before, block)
            before = step

    def _place(self, step: Step, item: JSON, before: Step | None, block: TaskBlock) -> None:
        anchor = {"position": "first"} if before is None else {"position": "after"}
        where = self._where(block) if before is None else self._at(before).reference
        if item is not None:
            self._free(self._of(item), block)
            where = self._where(block) if before is None else self._at(before).reference
            self._do({"op": "move", "reference": self._of(item).reference, "to": where, **anchor})
            return
        self._do({"op": "add", "reference": where, "name": step.name, "value": step.task, **anchor})
        self._items[step.reference] = get(self.data, parent(self._added(step, where, anchor["position"])))

    def _free(self, step: Step, block: TaskBlock) -> None:
        """Let nothing lead to a task that leaves its list, nor it to a task that its new list does not have yet, for the moment."""
        if step.siblings.pointer == self._where(block):
            return
        own_ones = [pointer for pointer, target in thens(step) if not is_directive(target) and target != step.name]
        for pointer in [*own_ones, *(pointer for _, pointer in leading_to(step, itself=False))]:
            self._do({"op": "set-field", "reference": "", "field": pointer, "value": "exit"})

    def _added(self, step: Step, where: str, position: str) -> str:
        if position == "first":
            return join(where, 0, step.name)
        owner = parent(where)
        return join(parent(owner), int(last(owner)) + 1, step.name)

    def _remove(self) -> None:
        """Take out what is left over: first what no other task leads to, so that nothing has to follow."""
        while going := [found for item in self._going if (found := self._standing(item)) is not None]:
            names = {step.reference for step in going}
            outer = [step for step in going if not any(step.reference.startswith(f"{name}/") for name in names)]
            free = [step for step in outer if next(leading_to(step, itself=False), None) is None]
            step = (free or outer)[0]
            for _, pointer in [] if free else list(leading_to(step, itself=False)):  # for the moment, whoever goes or not
                self._do({"op": "set-field", "reference": "", "field": pointer, "value": "exit"})
            self._do({"op": "remove", "reference": step.reference})

    def _standing(self, item: JSON) -> Step | None:
        with suppress(_Lost):
            return self._of(item)
        return None


def _tasks(key: str, value: JSON) -> bool:
    return key == "do" and isinstance(value, list)


def _index(tasks: list[JSON], item: JSON) -> int | None:
    return next((index for index, one in enumerate(tasks) if one is item), None)
