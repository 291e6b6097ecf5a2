"""Which names may stand at a place of a definition, from the models themselves: for hints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, RootModel

from dsl.model.base import to_dsl_name
from dsl.model.tasks import BaseTask, is_a

JSON = Any


def fields_at(model: type[BaseModel], value: JSON, path: Sequence[str | int]) -> list[str]:
    """Return the names that the object at *path* of *value*, which should be a *model*, may hold, in the order of the models."""
    kinds = list(_concrete(model, value))
    for part in path:
        value = value[part]
        kinds = [inner for kind in kinds for inner in _below(kind, part, value)]
    names = [to_dsl_name(name) for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel) for name in kind.model_fields]
    return list(dict.fromkeys(names))


def _below(kind: Any, part: str | int, value: JSON) -> Iterator[Any]:
    """Yield the types of what stands under *part* of a *kind*; *value* is what is there."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name in kind.model_fields:
            if to_dsl_name(name) == part:
                yield from _concrete(_hints(kind)[name], value)
    elif get_origin(kind) is list and isinstance(part, int):
        yield from _concrete(get_args(kind)[0], value)
    elif get_origin(kind) is dict:
        yield from _concrete(get_args(kind)[1], value)


@cache
def _hints(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotations with names of later classes resolved, which pydantic leaves for its own time."""
    return get_type_hints(model, include_extras=True)


def _concrete(annotation: Any, value: JSON) -> Iterator[Any]:
    """Yield the models, lists and mappings that *annotation* allows for *value*: of tasks only the kind that it is."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _concrete(get_args(annotation)[0], value)
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _concrete(option, value)
    elif isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from _concrete(annotation.model_fields["root"].annotation, value)
    elif isinstance(annotation, type) and issubclass(annotation, BaseTask):
        if is_a(annotation, value):
            yield annotation
    elif annotation is not NoneType and (origin in (list, dict) or (isinstance(annotation, type) and issubclass(annotation, BaseModel))):
        yield annotation
