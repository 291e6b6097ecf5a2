"""A model's edits on the current definition, by `dsl.apply`; and the proof that nothing else moved.

Edits name tasks as the definition was when they were asked for; since an added or removed task shifts the numbers in later
references, each one is looked up again by its names before it is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dsl
from dsl.pointer import MISSING, get, join, split
from dsl.walk import steps
from graphs.design.replies import Operation


class ChangeRefused(Exception):
    """Edits that cannot be done as asked; nothing was changed."""


def change(text: str, operations: Sequence[Operation]) -> dsl.Applied:
    """
    Return *text* with the edits done.

    Raises:
        ChangeRefused: an edit names nothing, or tasks outside the footprint would change.
    """
    before = dsl.read(text)
    footprint: list[str] = []
    for operation in operations:
        for plain in _plain(text, operation, footprint):
            try:
                applied = dsl.apply(text, [plain])
            except dsl.DslError as exc:
                raise ChangeRefused(str(exc)) from exc
            text = applied.text
            footprint += [name for name in _names(applied.footprint) if name not in footprint]
    after = dsl.read(text)
    prove(before, after, footprint)
    return dsl.Applied(text, tuple(footprint), tuple(name for name in texts(after) if name not in footprint))


def prove(before: dsl.Source, after: dsl.Source, footprint: Sequence[str]) -> None:
    """Raise ChangeRefused unless every task outside *footprint* (name paths, "/approve") is byte for byte the same in both texts."""
    old, new = texts(before), texts(after)
    for name, body in old.items():
        if any(name == one or name.startswith(f"{one}/") or one.startswith(f"{name}/") for one in footprint):
            continue
        if new.get(name) != body:
            raise ChangeRefused(f"the task {name.rsplit('/', 1)[-1]!r} would change although nobody asked for that")


def texts(source: dsl.Source) -> dict[str, str]:
    """Return the source text of every task by its name path ("/loop/post")."""
    return {
        _path(step.reference): source.text[source.spans[step.reference].start : source.spans[step.reference].end].rstrip()
        for step in steps(source.data)
        if step.reference in source.spans
    }


def _names(references: Sequence[str]) -> list[str]:
    """Return references as name paths: `/do/2/approve` → `/approve`; the document is ""."""
    return [_path(reference) for reference in references if reference.startswith("/do/")]


def _path(reference: str) -> str:
    return "".join(f"/{part}" for part in _task_names(reference))


def _task_names(reference: str) -> list[str]:
    parts = split(reference)
    return [part for at, part in enumerate(parts) if at and parts[at - 1].isdigit()]


def _plain(text: str, operation: Operation, footprint: list[str]) -> list[dict[str, Any]]:
    """Translate one edit into `dsl.apply` operations, with references of *text* as it is now."""
    data = dsl.read(text).data
    if operation.reference in ("", "/"):
        if operation.op != "set-field" or not operation.field.startswith(
            ("/schedule", "/document", "/input", "/output", "/use", "/timeout")
        ):
            raise ChangeRefused(f"{operation.op} {operation.field or '/'} is not an edit of the document")
        return [_set(data, "", operation)]
    reference = locate(data, operation.reference)
    if operation.op == "set-field":
        return [_set(data, reference, operation)]
    if operation.op == "replace":
        return [{"op": "replace", "reference": reference, "value": _body(operation)}]
    if operation.op == "remove":
        return [{"op": "remove", "reference": reference}]
    if not operation.name:
        raise ChangeRefused(f"{operation.op} needs the new task's name")
    return [
        {
            "op": "add",
            "reference": reference,
            "name": operation.name,
            "value": _body(operation),
            "position": operation.op.removeprefix("add-"),
        }
    ]


def _body(operation: Operation) -> dict[str, Any]:
    """Return a task's body; `{name: body}` is taken as meant."""
    value = operation.value
    if (
        isinstance(value, dict)
        and len(value) == 1
        and isinstance(next(iter(value.values())), dict)
        and next(iter(value)) not in ("set", "wait", "emit", "listen", "raise", "run", "for", "fork")
    ):
        value = next(iter(value.values()))
    if not isinstance(value, dict):
        raise ChangeRefused(f"{operation.op} {operation.reference} needs the task's body")
    return value


def _set(data: Any, reference: str, operation: Operation) -> dict[str, Any]:
    """Return the operation that sets or removes a field; parents that are missing are made."""
    field = operation.field if operation.field.startswith("/") else f"/{operation.field}"
    parts = split(field)
    value, owner = operation.value, get(data, reference)
    if operation.value is None:
        if get(data, reference + field) is MISSING:
            raise ChangeRefused(f"there is nothing at {reference}{field} to remove")
        return {"op": "remove", "reference": reference + field}
    for at, part in enumerate(parts[:-1]):
        inner = (
            owner.get(part)
            if isinstance(owner, dict)
            else owner[int(part)]
            if isinstance(owner, list) and part.isdigit() and int(part) < len(owner)
            else None
        )
        if inner is None:
            for name in reversed(parts[at + 1 :]):
                value = {name: value}
            return {"op": "set-field", "reference": reference, "field": join("", *parts[: at + 1]), "value": value}
        owner = inner
    return {"op": "set-field", "reference": reference, "field": field, "value": value}


def locate(data: Any, reference: str) -> str:
    """Return the reference that a task has now; a bare name is found when it is unique. Raises ChangeRefused."""
    wanted = _task_names(reference) or [reference.strip("/")]
    known = {_path(step.reference): step.reference for step in steps(data)}
    exact = known.get("".join(f"/{name}" for name in wanted))
    if exact:
        return exact
    last = [found for path, found in known.items() if path.rsplit("/", 1)[-1] == wanted[-1]]
    if len(last) == 1:
        return last[0]
    raise ChangeRefused(f"there is no task at {reference}")
