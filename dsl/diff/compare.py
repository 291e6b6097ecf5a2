"""Compare two definitions in terms of their tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.diff.changes import Diff, DocumentChange, FieldChange, TaskChange, TaskKind
from dsl.diff.fields import field_changes, list_paths, own
from dsl.diff.matching import Matching, match
from dsl.diff.operations import coarse, operations
from dsl.diff.order import in_order
from dsl.diff.words import document_words, summary, task_words
from dsl.edit.equal import same
from dsl.edit.follow import thens
from dsl.problems import DslError, InvalidDefinition
from dsl.source import Source, read
from dsl.walk import Step

JSON = Any

_MOST_WORK: Final = 200_000  # tasks that come, go or move, times all tasks; beyond, the list of tasks is set as a whole


def compare(old: str | Mapping[str, JSON], new: str | Mapping[str, JSON], catalogue: Catalogue) -> Diff:
    """Return what differs from *old* to *new*: see `dsl.diff`."""
    before, after = data_of(old), data_of(new)
    if same(before, after):
        names = tuple(match(after, after).new)
        return Diff(equal=True, words="Nothing differs", tasks=(), document=(), untouched=names, operations=())
    matching = match(before, after)
    tasks = tuple(_told(change, matching, before, after, catalogue) for change in _task_changes(matching))
    document = tuple(DocumentChange(field=field, words=document_words(field, before, after)) for field in _document_changes(before, after))
    named = {change.reference for change in tasks}
    untouched = tuple(name for name in matching.new if name not in named)
    elsewhere = sum(task.kinds not in (("changed",), ("follows",)) for task in tasks)
    found = operations(before, after, matching) if elsewhere * len(matching.old) <= _MOST_WORK else coarse(before, after)
    if isinstance(old, str) and "&" in old and "*" in old:
        found = _for_text(old, found, before, after)
    return Diff(
        equal=False,
        words=summary(tasks, document, len(untouched)),
        tasks=tasks,
        document=document,
        untouched=untouched,
        operations=found,
    )


def data_of(definition: str | Mapping[str, JSON]) -> JSON:
    if not isinstance(definition, str):
        return definition
    source: Source = read(definition)
    if source.problems or source.data is None:
        raise InvalidDefinition(source.problems)
    return source.data


def _for_text(text: str, found: tuple[Mapping[str, JSON], ...], before: JSON, after: JSON) -> tuple[Mapping[str, JSON], ...]:
    """Return the finest operations that can be done on a *text* with aliases, whose parts cannot all be changed alone."""
    from dsl.edit import apply

    for operations_ in (found, coarse(before, after)):
        try:
            if same(read(apply(text, operations_).text).data, after):
                return operations_
        except DslError as error:
            if "locked" in str(error):
                return found
    return ({"op": "replace", "reference": "", "value": after},)


def _task_changes(matching: Matching) -> Iterator[TaskChange]:
    old, _ = matching.left()
    for step in old:
        yield TaskChange(kinds=("removed",), name=step.name, reference=None, was=step.reference)
    moved = _moved(matching)
    for reference, step in matching.new.items():
        was = matching.to_old.get(reference)
        if was is None:
            yield TaskChange(kinds=("added",), name=step.name, reference=reference, was=None)
            continue
        change = _pair_change(matching, matching.old[was], step, moved=reference in moved)
        if change is not None:
            yield change


def _pair_change(matching: Matching, old: Step, new: Step, *, moved: bool) -> TaskChange | None:
    kinds: list[TaskKind] = []
    if old.name != new.name:
        kinds.append("renamed")
    if moved:
        kinds.append("moved")
    fields = tuple(field_changes(own(old.task, list_paths(old)), own(new.task, list_paths(new))))
    if fields:
        kinds.append("follows" if all(_follows(matching, old, new, field) for field in fields) else "changed")
    return TaskChange(kinds=tuple(kinds), name=new.name, reference=new.reference, was=old.reference, fields=fields) if kinds else None


def _follows(matching: Matching, old: Step, new: Step, field: FieldChange) -> bool:
    """Tell whether a `then` leads to the task it led to, by that one's new name."""
    if not field.pointer.endswith("/then") or field.kind != "changed":
        return False
    if old.reference + field.pointer not in {pointer for pointer, _ in thens(old)}:
        return False
    was = next((step.reference for step in old.siblings.steps if step.name == field.old), "")
    now = next((step.reference for step in new.siblings.steps if step.name == field.new), None)
    return matching.to_new.get(was) == now


def _moved(matching: Matching) -> set[str]:
    """Return the new references of tasks that stand in another list, or elsewhere in the order of their list."""
    lists: dict[str, list[tuple[int, str]]] = {}
    moved = set()
    for old, new in matching.pairs():
        home = new.parent.reference if new.parent is not None else None
        was = matching.to_new.get(old.parent.reference, "") if old.parent is not None else None
        path = old.siblings.pointer[len(old.parent.reference) :] if old.parent is not None else old.siblings.pointer
        here = new.siblings.pointer[len(new.parent.reference) :] if new.parent is not None else new.siblings.pointer
        if home != was or path != here:
            moved.add(new.reference)
        else:
            lists.setdefault(new.siblings.pointer, []).append((old.index, new.reference))
    for items in lists.values():
        still = in_order([index for index, _ in items])
        moved |= {reference for number, (_, reference) in enumerate(items) if number not in still}
    return moved


def _document_changes(before: JSON, after: JSON) -> Iterator[FieldChange]:
    """Yield what differs outside the task list under `do`."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield from field_changes(before, after)
        return
    lists = all(isinstance(data.get("do"), list) for data in (before, after))
    old, new = ({key: value for key, value in data.items() if key != "do" or not lists} for data in (before, after))
    yield from field_changes(old, new)


def _told(change: TaskChange, matching: Matching, before: JSON, after: JSON, catalogue: Catalogue) -> TaskChange:
    old = matching.old[change.was] if change.was is not None else None
    new = matching.new[change.reference] if change.reference is not None else None
    return replace(change, words=task_words(change, old, new, before, after, catalogue))
