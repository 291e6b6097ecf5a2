"""The second layer: is the data shaped as the DSL wants it? pydantic finds out, this module puts it into words.

It accepts what the official JSON Schema accepts, save the differences listed in `dsl/README.md`. One mistake gives one problem:
unions are told apart by key or type before they are tried.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dsl.checks import vocabulary
from dsl.kinds import KINDS
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import join
from dsl.problems import MOST_PROBLEMS, Problem

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "an object (`key: value` lines)",
    "list_type": "a list (`- ` items)",
    "model_type": "an object (`key: value` lines)",
    "model_attributes_type": "an object (`key: value` lines)",
}
_TEXT_HINT = "put it in quotes"


def structure(data: Any) -> list[Problem]:
    """Return what is wrong with the shape of *data*."""
    if not isinstance(data, dict):
        return [_problem("wrong-type", "", f"a definition is an object, not {_named(data)}", "start with `document:` and `do:`")]
    if vocabulary.is_old_document(data):
        words = quoted(key for key in data if vocabulary.in_document(key))
        return [_problem("old-vocabulary", "", f"this is written in the older DSL 0.8 ({words})", vocabulary.document_hint(data))]
    from dsl.model import Definition  # built when the first definition is checked

    problems = shape(Definition, data, data, "")
    if not problems:
        return problems
    from dsl.checks.meant import understood

    return understood(data, problems)


def shape(model: type[BaseModel], value: Any, data: Any, pointer: str) -> list[Problem]:
    """Return what keeps *value*, which stands at *pointer*, from being a *model*."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        return [_translated(detail, value, pointer, model) for detail in error.errors(include_url=False)[: MOST_PROBLEMS + 1]]
    return []


def _translated(detail: ErrorDetails, value: Any, base: str, model: type[BaseModel]) -> Problem:
    path, found = _place(detail["loc"], value)
    reference, kind = join(base, *path), detail["type"]
    context: dict[str, Any] = detail.get("ctx") or {}
    if kind == "parley" and context["code"] == "empty-value" and path:
        return _problem("empty-value", reference, f"'{path[-1]}' has no value", context["hint"])
    if kind == "parley":
        return _problem(context["code"], reference, context["message"], context["hint"])
    if kind == "missing":
        return _missing(str(detail["loc"][-1]), reference, found)
    if kind == "extra_forbidden":
        return _unknown_property(str(path[-1]), reference, path, value, model)
    if kind == "no_task_kind":
        return _no_kind(found, reference, str(path[-1]) if path else "")
    if kind in ("greater_than_equal", "less_than_equal"):
        return _problem("invalid-value", reference, f"{_named(found)} is out of range", f"write {_bound(context)}")
    if kind in ("too_long", "too_short"):
        return _wrong_length(kind, reference, found, path)
    if kind == "literal_error":
        hint = did_you_mean(str(found), re.findall(r"'([^']+)'", context["expected"]), f"use one of: {context['expected']}")
        return _problem("invalid-value", reference, f"{_named(found)} is not allowed here", hint)
    wanted = _TYPES.get(kind, "something else")
    hint = _TEXT_HINT if wanted == "text" and isinstance(found, int | float) else _shape_hint(wanted, value, path, model)
    return _problem("wrong-type", reference, f"{_named(found)} stands where {wanted} is wanted", hint)


def _shape_hint(wanted: str, value: Any, path: list[str | int], model: type[BaseModel]) -> str:
    """Return how to write what is wanted at *path*: for an object the names that it can have."""
    from dsl.model.fields import fields_at

    if wanted.startswith("an object"):
        names = fields_at(model, value, path)
        return f"write it with {quoted(names, 12)}" if names else "write `NAME: value` lines below it"
    if wanted.startswith("a list"):
        return "write each entry on a line of its own, beginning with `- `"
    return {"text": "write one text", "true or false": "write true or false, without quotes"}.get(wanted, f"write {wanted}, without quotes")


def _bound(context: dict[str, Any]) -> str:
    return f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"


def _place(location: tuple[int | str, ...], value: Any) -> tuple[list[str | int], Any]:
    """Return the path of a pydantic location without its union tags, and the value there (or of the nearest parent)."""
    path: list[str | int] = []
    for part in location:
        if not _is_tag(part) and _holds(value, part):
            value = value[part]
            path.append(part)
    return path, value


def _is_tag(part: int | str) -> bool:
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def _holds(value: Any, part: int | str) -> bool:
    return part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int) and part < len(value)


def _missing(name: str, reference: str, found: Any) -> Problem:
    what = f"'{reference.rpartition('/')[2]}'" if reference else "the definition"
    near = did_you_mean(name, [key for key in found if key not in KINDS and key not in _names()]) if isinstance(found, dict) else ""
    in_task = isinstance(found, dict) and reference.rpartition("/")[0].rpartition("/")[2].isdigit()
    old = (
        next((f"'{key}' is older vocabulary: {vocabulary.in_task(key)}" for key in found if vocabulary.in_task(key)), "") if in_task else ""
    )
    return _problem("missing-property", reference, f"{what} needs '{name}'", old or near or f"add `{name}: …`")


def _unknown_property(key: str, reference: str, path: list[str | int], data: Any, model: type[BaseModel]) -> Problem:
    parent = data
    for part in path[:-1]:
        parent = parent[part]
    at_top = not path[:-1]
    is_task = len(path) >= 3 and isinstance(path[-3], int) and isinstance(parent, dict)
    old = vocabulary.in_document(key) if at_top else vocabulary.in_task(key) if is_task else None
    if old:
        return _problem("old-vocabulary", reference, f"'{key}' is not a word of DSL 1.0", old)
    if key == "<<":
        return _problem("unknown-property", reference, "merge keys (`<<`) are not part of YAML 1.2", "write the values out")
    if is_task and key in KINDS:
        hint = "give each its own item in the list, starting with `- `"
        return _problem("two-kinds", reference, f"a task does one thing, and this one has '{key}' as well", hint)
    from dsl.model.fields import fields_at

    present = set(parent) if isinstance(parent, dict) else set()
    known = [name for name in fields_at(model, data, path[:-1]) if name not in present]
    otherwise = f"remove it; there can be {quoted(known, 12)}" if known else "remove it"
    return _problem("unknown-property", reference, f"'{key}' is not known here", did_you_mean(key, known, otherwise))


@cache
def _names() -> frozenset[str]:
    """Return every name that is right somewhere: what is written so is no misspelling of another name."""
    from dsl.model.base import Node, to_dsl_name

    return frozenset(to_dsl_name(field) for model in Node.__subclasses__() for field in model.model_fields)


def _no_kind(task: Any, reference: str, name: str) -> Problem:
    if not isinstance(task, dict):
        return _problem(
            "wrong-type", reference, f"the task '{name}' is {_named(task)}", "write what it does below its name, for example `set: {…}`"
        )
    for key in task:
        if vocabulary.in_task(key):
            return _problem("old-vocabulary", join(reference, key), f"'{key}' is not a word of DSL 1.0", str(vocabulary.in_task(key)))
    common = {"if", "input", "output", "export", "timeout", "then", "metadata", "with", "catch", "while"}
    unknown = [key for key in task if key not in common]
    kinds = f"a task has one of: {', '.join(KINDS)}"
    if not unknown:
        return _problem("unknown-task", reference, f"nothing says what the task '{name}' does", kinds)
    return _problem(
        "unknown-task", join(reference, unknown[0]), f"'{unknown[0]}' is no kind of task", did_you_mean(unknown[0], KINDS, kinds)
    )


def _wrong_length(kind: str, reference: str, found: Any, path: list[str | int]) -> Problem:
    if not (path and isinstance(path[-1], int) and isinstance(found, dict)):
        return _problem("empty", reference, f"'{path[-1] if path else ''}' is empty", "write at least one entry")
    if kind == "too_short":
        return _problem("empty", reference, "the item is empty", "write a name and below it what it is, or remove the item")
    if vocabulary.is_old_task_item(found):
        return _problem(
            "old-vocabulary", reference, "this item is an older DSL 0.8 state or action", "write `- NAME:` and below it `call:`, `set:` …"
        )
    hint = "give each its own `- ` item; if one belongs to the other, indent it below"
    return _problem("two-in-one-item", reference, f"one item holds {quoted(found)}", hint)


def _named(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    shown = str(value)
    return f"'{shown}'" if len(shown) <= 60 else f"'{shown[:59]}…'"


def _problem(code: str, reference: str, message: str, hint: str = "") -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint)
