"""Change a definition's text by operations on references; every byte outside the operations' footprint stays as it is.

Four operations now: set-field, replace, add, remove. Each is one splice of the text along the parser's places; the result is read
again and must be what was asked, or nothing is changed.

    DslError
      EditRefused        the operation names nothing, holds a locked task, or would leave a `then` without its target
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dsl.pointer import MISSING, get, join, last, parent, split
from dsl.problems import DslError
from dsl.settings import parley_of
from dsl.source import Source, Span, read
from dsl.walk import Step, steps, targets_of

JSON = Any


class EditRefused(DslError):
    """Nothing was changed; the message says which operation and why."""


@dataclass(frozen=True, slots=True)
class Applied:
    text: str
    footprint: tuple[str, ...]  # references of the tasks that changed, came or went (numbers of the text they stand in)
    untouched: tuple[str, ...]  # references, in the new text, of all other tasks


def apply(text: str, operations: Sequence[Mapping[str, JSON]]) -> Applied:
    """
    Return *text* with *operations* done in their order.

    Args:
        operations: Objects with `op` and `reference`, and
            set-field: `field` (a name or a JSON Pointer below the task or part) and `value`;
            replace: `value`, the whole new task or part; add: `name`, `value` and optionally `position` ("before", default "after", of
            the task `reference`; "first" or "last" of the list `reference`); remove: nothing more.

    Raises:
        EditRefused: nothing was changed.
    """
    footprint: list[str] = []
    for operation in operations:
        text = _one(text, operation, footprint)
    data = _readable(text).data
    names = [step.reference for step in steps(data)]
    return Applied(text, tuple(footprint), tuple(name for name in names if not _touched(name, footprint)))


def _one(text: str, operation: Mapping[str, JSON], footprint: list[str]) -> str:
    source = _readable(text)
    kind, reference = operation.get("op"), operation.get("reference")
    if not isinstance(reference, str):
        raise EditRefused("an operation needs a `reference`")
    match kind:
        case "set-field":
            pointer = _field(reference, operation.get("field"))
            _refuse_locked(source.data, reference)
            changed = _set(source, pointer, operation.get("value"))
            footprint.append(reference)
        case "replace":
            _refuse_locked(source.data, reference)
            changed = _set(source, _existing(source, reference), operation.get("value"))
            footprint.append(reference)
        case "add":
            changed = _add(source, reference, operation, footprint)
        case "remove":
            _refuse_locked(source.data, reference)
            _refuse_lost_targets(source.data, reference)
            changed = _remove(source, _existing(source, reference))
            footprint.append(reference)
        case _:
            raise EditRefused(f"the operation '{kind}' is not known: use set-field, replace, add or remove")
    _verify(source.data, changed, operation)
    return changed


def _verify(data: JSON, changed: str, operation: Mapping[str, JSON]) -> None:
    """Raise unless *changed* says exactly what was asked (an alias, or a place that cannot be spliced, would say something else)."""
    what = f"'{operation.get('op')}' on {operation.get('reference')}"
    result = read(changed)
    if result.problems:
        raise EditRefused(f"{what} would give a text that cannot be read: {result.problems[0].message}")
    if result.data != _expected(json.loads(json.dumps(data)), operation):
        raise EditRefused(f"{what} would change something else as well: write aliases out, or replace the whole task")


def _expected(data: JSON, operation: Mapping[str, JSON]) -> JSON:
    """Return *data* with *operation* done on it."""
    kind, reference, value = operation["op"], operation["reference"], operation.get("value")
    if kind == "add":
        where, index = _target_list(data, reference, operation.get("position", "after"))
        get(data, where).insert(index, {operation["name"]: value})
        return data
    pointer = _field(reference, operation.get("field")) if kind == "set-field" else reference
    if kind == "remove" and _is_task(data, pointer):
        pointer = parent(pointer)
    owner, key = get(data, parent(pointer)), last(pointer)
    place: Any = int(key) if isinstance(owner, list) else key
    if kind == "remove":
        del owner[place]
    else:
        owner[place] = value
    return data


def _is_task(data: JSON, pointer: str) -> bool:
    return split(pointer)[-2:-1] != [] and split(pointer)[-2].isdigit() and isinstance(get(data, parent(parent(pointer))), list)


def _target_list(data: JSON, reference: str, position: JSON) -> tuple[str, int]:
    """Return the list an `add` means, and where in it."""
    if position in ("first", "last"):
        tasks = get(data, reference)
        return reference, 0 if position == "first" or not isinstance(tasks, list) else len(tasks)
    if position not in ("before", "after") or not _is_task(data, reference):
        raise EditRefused("add needs a task and before or after, or a list and first or last")
    return parent(parent(reference)), int(split(reference)[-2]) + (position == "after")


def _readable(text: str) -> Source:
    source = read(text)
    if source.problems or source.data is None:
        raise EditRefused(f"the definition cannot be read: {source.problems[0]}")
    return source


def _existing(source: Source, reference: str) -> str:
    if get(source.data, reference) is MISSING:
        raise EditRefused(f"there is nothing at {reference}")
    if reference not in source.spans:
        raise EditRefused(f"{reference} is written by an alias elsewhere: write it out first")
    return reference


def _field(reference: str, field: JSON) -> str:
    if not isinstance(field, str) or not field:
        raise EditRefused("set-field needs a `field`")
    return reference + field if field.startswith("/") else join(reference, field)


def _refuse_locked(data: JSON, reference: str) -> None:
    """Raise when the footprint holds a locked task: the task itself, one around it or one inside it."""
    for step in steps(data):
        if parley_of(step.task).get("locked") is not True:
            continue
        if step.reference == reference or reference.startswith(step.reference + "/") or step.reference.startswith(reference + "/"):
            raise EditRefused(f"the task '{step.name}' is locked: unlock it first (`metadata.parley.locked`)")


def _refuse_locked_around(data: JSON, where: str) -> None:
    """Raise when the list *where* stands inside a locked task; locked tasks in it stay as they are."""
    for step in steps(data):
        if parley_of(step.task).get("locked") is True and where.startswith(step.reference + "/"):
            raise EditRefused(f"the task '{step.name}' is locked: unlock it first (`metadata.parley.locked`)")


def _refuse_lost_targets(data: JSON, reference: str) -> None:
    gone = next((step for step in steps(data) if step.reference == reference), None)
    if gone is None:
        return
    for other in gone.siblings.steps:
        if other.reference != reference and gone.name in _targets(other):
            raise EditRefused(f"'{other.name}' goes on with '{gone.name}': change its `then` first")
    if len(gone.siblings.names) == 1:
        raise EditRefused(f"'{gone.name}' is the only task of its list: remove what holds the list, or replace it")


def _targets(step: Step) -> set[str]:
    return set(targets_of(step))


def _touched(name: str, footprint: Sequence[str]) -> bool:
    return any(name == one or name.startswith(one + "/") or one.startswith(name + "/") for one in footprint)


def _set(source: Source, pointer: str, value: JSON) -> str:
    """Return the text with *value* at *pointer*, which exists or is a new key of an existing mapping."""
    if get(source.data, pointer) is not MISSING:
        span = source.spans.get(pointer)
        if span is None:
            raise EditRefused(f"{pointer} is written by an alias elsewhere: write it out first")
        return _replaced(source, pointer, span, value)
    owner = get(source.data, parent(pointer))
    if not isinstance(owner, dict) or parent(pointer) not in source.spans:
        raise EditRefused(f"there is nothing at {parent(pointer)} that '{last(pointer)}' could be a field of")
    return _inserted_key(source, parent(pointer), last(pointer), value)


def _replaced(source: Source, pointer: str, span: Span, value: JSON) -> str:
    text, start, end = source.text, span.start, _end(source.text, span)
    key = source.keys.get(pointer)
    if _in_flow(source, pointer) or key is None:
        if key is None and not _in_flow(source, pointer):
            return text[:start] + _block_text(value, span.column - 1).lstrip(" ") + text[end:]
        return text[:start] + _flow_text(value) + text[end:]
    after_colon = text.index(":", key.end) + 1
    return text[:after_colon] + _after_key(value, key.column - 1) + text[max(end, after_colon) :]


def _inserted_key(source: Source, owner: str, key: str, value: JSON) -> str:
    text, span = source.text, source.spans[owner]
    name = _flow_text(key)
    end = _end(text, span)
    if text[span.start] == "{":
        comma = ", " if get(source.data, owner) else ""
        return text[: end - 1].rstrip() + f"{comma}{name}: {_flow_text(value)}" + text[end - 1 :]
    line_end = _line_end(text, end)
    return text[:line_end] + f"\n{' ' * (span.column - 1)}{name}:{_after_key(value, span.column - 1)}" + text[line_end:]


def _add(source: Source, reference: str, operation: Mapping[str, JSON], footprint: list[str]) -> str:
    name, value = operation.get("name"), operation.get("value")
    if not isinstance(name, str) or not isinstance(value, dict):
        raise EditRefused("add needs a `name` and a `value`, the new task")
    _existing(source, reference)
    where, index = _target_list(source.data, reference, operation.get("position", "after"))
    tasks = get(source.data, where)
    if not isinstance(tasks, list) or not tasks or source.text[source.spans[where].start] == "[":
        raise EditRefused(f"{where} is no list of tasks in block style, so nothing can be added to it")
    if any(name in item for item in tasks if isinstance(item, dict)):
        raise EditRefused(f"the list already has a task named '{name}'")
    _refuse_locked_around(source.data, where)
    footprint.append(join(where, index, name))
    indent = source.spans[where].column - 1
    item = f"- {_block_text({name: value}, indent + 2).lstrip(' ')}"
    if index < len(tasks):
        dash = source.text.rindex("-", 0, source.spans[join(where, index)].start)
        return source.text[:dash] + item + f"\n{' ' * indent}" + source.text[dash:]
    line_end = _line_end(source.text, _end(source.text, source.spans[join(where, index - 1)]))
    return source.text[:line_end] + f"\n{' ' * indent}{item}" + source.text[line_end:]


def _remove(source: Source, reference: str) -> str:
    """Return the text without the task or field at *reference*, its own lines only."""
    text = source.text
    is_item = _is_task(source.data, reference)
    pointer = parent(reference) if is_item else reference
    span, key = source.spans[pointer], source.keys.get(pointer)
    if _in_flow(source, pointer):
        raise EditRefused(f"{reference} stands in a one-line list or mapping: replace the whole of it")
    start = key.start if key else text.rindex("-", 0, span.start)
    owner = get(source.data, parent(pointer))
    if len(owner) == 1:
        raise EditRefused(f"{reference} is the only entry there: remove what holds it")
    line_start = text.rfind("\n", 0, start) + 1
    line_end = _line_end(text, max(_end(text, span), key.end if key else 0))
    if text[line_start:start].strip():  # the first key of a list item shares its line with the dash
        following = text.index(next(iter(name for name in owner if name != last(pointer))), line_end)
        return text[:start] + text[following:]
    return text[:line_start] + text[min(line_end + 1, len(text)) :]


def _in_flow(source: Source, pointer: str) -> bool:
    """Tell whether *pointer* stands inside `{…}` or `[…]`."""
    while pointer:
        pointer = parent(pointer)
        span = source.spans.get(pointer)
        if span and source.text[span.start : span.start + 1] in ("{", "["):
            return True
    return False


def _end(text: str, span: Span) -> int:
    """Return where a node really ends: libyaml counts the blank and comment lines after a block as part of it."""
    end = span.end
    while end > span.start:
        line_start = text.rfind("\n", 0, end) + 1
        line = text[max(line_start, span.start) : end]
        if line.strip() and not (line_start > span.start and line.lstrip().startswith("#")):
            return max(line_start, span.start) + len(line.rstrip())
        end = line_start - 1
    return span.start


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found


def _after_key(value: JSON, indent: int) -> str:
    if isinstance(value, dict | list) and value:
        return "\n" + _block_text(value, indent + 2)
    return " " + _block_text(value, indent + 2).strip()


def _block_text(value: JSON, indent: int) -> str:
    """Return *value* as YAML lines, each after *indent* spaces, without the last line break."""
    from dsl.render import render

    lines = render(value, blocks=False).removesuffix("...\n").rstrip("\n").split("\n")
    return "\n".join(f"{' ' * indent}{line}" if line else "" for line in lines)


def _flow_text(value: JSON) -> str:
    """Return *value* on one line, as JSON, which YAML reads the same; plain words stay plain."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", value) and value.lower() not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=False)
