"""What an operation means on the data: which values come, go, move and follow. Knows no text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.canonical import canonical
from dsl.edit.follow import (
    FUNCTIONS,
    Tasks,
    callers,
    in_list,
    leading_to,
    refuse_foreign_targets,
    refuse_locked,
    refuse_locked_around,
    tasks_of,
    without,
)
from dsl.edit.result import EditRefused
from dsl.pointer import MISSING, get, join, last, parent, split
from dsl.problems import DslError
from dsl.walk import Step, is_directive

JSON = Any
Kind = str  # put, drop, add, move, rename

OPERATIONS: Final = ("set-field", "replace", "add", "remove", "move", "rename")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the data. Pointers are those before the plan it belongs to."""

    kind: Kind
    pointer: str  # what changes; of an add, the list
    value: JSON = None
    to: str = ""  # of a move, the list
    index: int = 0  # of an add or a move, before which entry
    after: bool = False  # it was asked for after the entry before that
    name: str = ""  # of a rename


@dataclass(slots=True)
class Plan:
    edits: list[Edit] = field(default_factory=list)  # the last one may shift numbers
    footprint: list[str] = field(default_factory=list)  # references of what changes, as it is called before
    new: str = ""  # the reference of an added task
    left: str = ""  # the list that a task leaves
    followed: list[str] = field(default_factory=list)  # references of tasks whose `then` follows
    task: str = ""  # the task that a value stands in, "" for one of the document


def plan(data: JSON, operation: Mapping[str, JSON], *, locks: bool = True) -> Plan:
    """
    Return what *operation* does to *data*; without *locks*, to locked tasks too.

    Raises:
        EditRefused: it names nothing, holds a locked task, or leaves a `then` without its target.
    """
    reference = operation.get("reference") if isinstance(operation, Mapping) else None
    if not isinstance(reference, str):
        raise EditRefused("an operation needs a `reference`")
    steps = tasks_of(data, locks=locks)
    match operation.get("op"):
        case "set-field":
            return _set_field(data, steps, reference, operation)
        case "replace":
            return _replace(data, steps, reference, operation)
        case "add":
            return _add(data, steps, reference, operation)
        case "remove":
            return _remove(data, steps, reference)
        case "move":
            return _move(data, steps, reference, operation)
        case "rename":
            return _rename(data, steps, reference, operation)
    raise EditRefused(f"the operation '{operation.get('op')}' is not known: use {', '.join(OPERATIONS[:-1])} or {OPERATIONS[-1]}")


def perform(data: JSON, edits: list[Edit]) -> JSON:
    """Do *edits* on *data*, in place, and return it (another object when all of it is replaced)."""
    for edit in edits:
        if edit.kind == "put" and not edit.pointer:
            data = edit.value
            continue
        owner: Any = get(data, parent(edit.pointer)) if edit.kind != "add" else None
        key: Any = int(last(edit.pointer)) if isinstance(owner, list) else last(edit.pointer)
        match edit.kind:
            case "put":
                owner[key] = edit.value
            case "drop":
                del owner[key]
            case "add":
                get(data, edit.pointer).insert(edit.index, edit.value)
            case "move":
                target = get(data, edit.to)
                moved = owner.pop(key)
                target.insert(edit.index - (target is owner and key < edit.index), moved)
            case "rename":
                items = [(edit.name if name == key else name, value) for name, value in owner.items()]
                owner.clear()
                owner.update(items)
    return data


def _value(operation: Mapping[str, JSON]) -> JSON:
    """Return a copy of the operation's value. Raises EditRefused: it is no JSON."""
    try:
        canonical(operation.get("value"))
    except DslError as error:
        raise EditRefused(f"the `value` cannot stand in a definition: {error}") from error
    return json.loads(json.dumps(operation.get("value")))


def _existing(data: JSON, reference: str) -> str:
    if get(data, reference) is MISSING or (reference and not reference.startswith("/")):
        raise EditRefused(f"there is nothing at {reference or 'the document'}")
    return reference


def _footprint(steps: Tasks, pointer: str) -> str:
    """Return the reference of the task that *pointer* stands in, else *pointer*."""
    at = pointer
    while at:
        if at in steps:
            return at
        at = parent(at)
    return pointer


def _set_field(data: JSON, steps: Tasks, reference: str, operation: Mapping[str, JSON]) -> Plan:
    name = operation.get("field")
    if not isinstance(name, str) or not name:
        raise EditRefused("set-field needs a `field`")
    pointer = reference + name if name.startswith("/") else join(reference, name)
    if "value" not in operation:
        return _remove(data, steps, pointer)
    value = _value(operation)
    while get(data, parent(pointer)) is MISSING and len(parent(pointer)) > len(reference) and not last(pointer).isdigit():
        pointer, value = parent(pointer), {last(pointer): value}  # mappings that are not there yet are made
    if not isinstance(get(data, parent(pointer)), dict) and get(data, pointer) is MISSING:
        raise EditRefused(f"there is nothing at {parent(pointer) or 'the document'} that '{last(pointer)}' could be a field of")
    return _put(data, steps, pointer, value)


def _replace(data: JSON, steps: Tasks, reference: str, operation: Mapping[str, JSON]) -> Plan:
    if "value" not in operation:
        raise EditRefused("replace needs a `value`, the new task or part")
    return _put(data, steps, _existing(data, reference), _value(operation))


def _put(data: JSON, steps: Tasks, pointer: str, value: JSON) -> Plan:
    touched = _footprint(steps, pointer)
    refuse_locked(steps, touched)
    for step in steps.values():
        if in_list(data, step) and parent(step.reference) == pointer and not (isinstance(value, dict) and step.name in value):
            for holder, _ in leading_to(step, itself=False):
                raise EditRefused(f"'{holder.name}' goes on with '{step.name}': rename the task, or change that `then` first")
        if step.siblings.pointer == FUNCTIONS == pointer and not (isinstance(value, dict) and step.name in value):
            _refuse_lost_callers(data, step)
    return Plan([Edit("put", pointer, value)], [touched], task=touched if touched in steps else "")


def _add(data: JSON, steps: Tasks, reference: str, operation: Mapping[str, JSON]) -> Plan:
    name = operation.get("name")
    value = _value(operation)
    if not isinstance(name, str) or not name or not isinstance(value, dict):
        raise EditRefused("add needs a `name` and a `value`, the new task")
    position = operation.get("position", "after")
    where, index = _target(data, steps, _existing(data, reference), position, "add")
    _refuse_taken(data, where, name)
    refuse_locked_around(steps, where)
    edit = Edit("add", where, {name: value}, index=index, after=position in ("after", "last"))
    return Plan([edit], new=join(where, index, name))


def _remove(data: JSON, steps: Tasks, reference: str) -> Plan:
    step = _task(data, steps, _existing(data, reference))
    if not reference:
        raise EditRefused("the document cannot be removed")
    if step is None:
        touched = _footprint(steps, reference)
        refuse_locked(steps, touched)
        pointer = parent(reference) if _is_case(data, reference) else reference
        return Plan([Edit("drop", pointer)], [touched], task=touched if touched in steps else "")
    refuse_locked(steps, step.reference)
    if step.siblings.pointer == FUNCTIONS:
        _refuse_lost_callers(data, step)
    if not in_list(data, step):
        return Plan([Edit("drop", step.reference)], [step.reference], left=parent(step.reference))
    _refuse_only(step)
    return _left(steps, step, Edit("drop", parent(step.reference)))


def _move(data: JSON, steps: Tasks, reference: str, operation: Mapping[str, JSON]) -> Plan:
    step = _task(data, steps, _existing(data, reference))
    to, position = operation.get("to"), operation.get("position", "after")
    if step is None or not in_list(data, step):
        raise EditRefused(f"{reference} is no task of a list, so it cannot be moved")
    if not isinstance(to, str):
        raise EditRefused("move needs `to`: a task, and before or after; or a list, and first or last")
    refuse_locked(steps, step.reference)
    where, index = _target(data, steps, _existing(data, to), position, "move")
    if where.startswith(step.reference + "/"):
        raise EditRefused(f"'{step.name}' cannot be moved into itself")
    edit = Edit("move", parent(step.reference), to=where, index=index, after=position in ("after", "last"))
    if where == step.siblings.pointer:
        return Plan([edit] if index not in (step.index, step.index + 1) else [], [step.reference], left=where)
    refuse_locked_around(steps, where)
    _refuse_taken(data, where, step.name)
    _refuse_only(step)
    refuse_foreign_targets(step, [next(iter(item), "") for item in get(data, where) if isinstance(item, dict)])
    return _left(steps, step, edit)


def _left(steps: Tasks, step: Step, edit: Edit) -> Plan:
    """Return the plan for a task that leaves its list by *edit*: whatever leads to it follows."""
    done = Plan(footprint=[step.reference], left=step.siblings.pointer)
    for holder, pointer, target in without(step):
        _follow(steps, done, holder, Edit("put", pointer, target), step)
    done.edits.append(edit)
    return done


def _rename(data: JSON, steps: Tasks, reference: str, operation: Mapping[str, JSON]) -> Plan:
    step, name = _task(data, steps, _existing(data, reference)), operation.get("name")
    if step is None:
        raise EditRefused(f"{reference} is no task, so it cannot be renamed")
    if not isinstance(name, str) or not name:
        raise EditRefused("rename needs a `name`, the new one")
    if is_directive(name):
        raise EditRefused(f"'{name}' is a word of the language: `then: {name}` would not mean the task")
    refuse_locked(steps, step.reference)
    if name == step.name:
        return Plan(footprint=[step.reference])
    if parent(step.reference).endswith("/proof") or (not in_list(data, step) and step.siblings.pointer != FUNCTIONS):
        raise EditRefused(f"{reference} has no name of its own")
    _refuse_taken(data, step.siblings.pointer, name)
    done = Plan(footprint=[step.reference])
    for holder, pointer in leading_to(step, itself=True):
        _follow(steps, done, holder, Edit("put", pointer, name), step)
    for caller in callers(data, step):
        _follow(steps, done, caller, Edit("put", join(caller.reference, "call"), name), step)
    done.edits.append(Edit("rename", step.reference, name=name))
    return done


def _follow(steps: Tasks, done: Plan, holder: Step, edit: Edit, step: Step) -> None:
    if holder.reference != step.reference:
        refuse_locked(steps, holder.reference, f", and it leads to '{step.name}'")
    done.edits.append(edit)
    done.footprint += [holder.reference] if holder.reference not in done.footprint else []
    done.followed += [holder.reference] if holder.reference not in done.followed else []


def _task(data: JSON, steps: Tasks, reference: str) -> Step | None:
    """Return the task at *reference*; that of a list item when its number is the last part."""
    if reference in steps:
        return steps[reference]
    item = get(data, reference)
    return steps.get(join(reference, next(iter(item), ""))) if isinstance(item, dict) and len(item) == 1 else None


def _is_case(data: JSON, pointer: str) -> bool:
    """Tell whether *pointer* names the only key of an item of a list whose items have a name: a case of a `switch`, an extension."""
    parts = split(pointer)
    if len(parts) < 3 or parts[-3] not in ("switch", "extensions") or not isinstance(get(data, parent(parent(pointer))), list):
        return False
    return len(get(data, parent(pointer))) == 1


def _target(data: JSON, steps: Tasks, reference: str, position: JSON, what: str) -> tuple[str, int]:
    """Return the list an `add` or a `move` means, and before which of its items."""
    found = get(data, reference)
    if position in ("first", "last") and isinstance(found, list):
        return reference, 0 if position == "first" else len(found)
    step = _task(data, steps, reference)
    if position not in ("before", "after") or step is None or not in_list(data, step):
        if not (position in ("before", "after") and _is_case(data, reference) and what == "add"):
            raise EditRefused(f"{what} needs a task and before or after, or a list and first or last")
        return parent(parent(reference)), int(split(reference)[-2]) + (position == "after")
    return step.siblings.pointer, step.index + (position == "after")


def _refuse_taken(data: JSON, where: str, name: str) -> None:
    found = get(data, where)
    names = [key for item in found if isinstance(item, dict) for key in item] if isinstance(found, list) else list(found)
    if name in names:
        raise EditRefused(f"the list already has a task named '{name}'")


def _refuse_only(step: Step) -> None:
    if len(step.siblings.names) == 1:
        raise EditRefused(f"'{step.name}' is the only task of its list: remove what holds the list, or replace it")


def _refuse_lost_callers(data: JSON, step: Step) -> None:
    for caller in callers(data, step):
        if not caller.reference.startswith(step.reference + "/"):
            raise EditRefused(f"'{caller.name}' calls the function '{step.name}': change it first")
