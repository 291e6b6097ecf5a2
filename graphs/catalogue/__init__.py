"""The default catalogue: what `call: NAME:VERSION@default` can name, as data. The code behind an entry is in `graphs/functions`.

Installed packages add functions of their own through the entry point group `parley.functions`. An entry point names a module, or any
object, with `FUNCTION`, the entry as a mapping like those in `*.yaml` here, and `run`, its code::

    [project.entry-points."parley.functions"]
    ship = "acme_parley.ship"            # acme_parley/ship.py: FUNCTION = {"name": "acme-ship", …} and async def run(arguments, call)

Errors::

    BadFunction              a package's function cannot be used: which, and why
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from importlib import metadata, resources
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from dsl.catalogue import Function

GROUP = "parley.functions"


class BadFunction(Exception):
    """A function of an installed package cannot be used."""

    def __init__(self, entry_point: str, why: str) -> None:
        super().__init__(f"the function of the entry point {entry_point} cannot be used: {why}")


@lru_cache(maxsize=1)
def _entries() -> tuple[Function, ...]:
    files = sorted((file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple(Function.model_validate(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)) for file in files)


def load() -> dict[str, Function]:
    """Return every function by its key, `notify:1.0.0`; a package's function that cannot be used is left out (see `installed`)."""
    return own() | {key: function for key, (function, _) in installed().functions.items()}


def own() -> dict[str, Function]:
    """Return the functions that come with Parley, by key."""
    return {function.key: function for function in _entries()}


def own_code(key: str) -> Callable[..., Any] | None:
    """Return the code of a function that an installed package brought, None when none did."""
    found = installed().functions.get(key)
    return found[1] if found else None


class Installed(NamedTuple):
    """What installed packages bring."""

    functions: dict[str, tuple[Function, Callable[..., Any]]]  # by key, with their code
    unusable: list[str]  # what is wrong with the others, a sentence each


@lru_cache(maxsize=1)
def installed() -> Installed:
    found = Installed({}, [])
    taken = {function.key for function in _entries()}
    for point in entry_points():
        try:
            function, run = _loaded(point, taken | found.functions.keys())
        except BadFunction as bad:
            found.unusable.append(str(bad))
        else:
            found.functions[function.key] = (function, run)
    return found


def entry_points() -> Iterable[metadata.EntryPoint]:
    """Return the entry points of functions, by name."""
    return sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)


def _loaded(point: metadata.EntryPoint, taken: Collection[str]) -> tuple[Function, Callable[..., Any]]:
    named = f"{point.name} = {point.value}"
    try:
        module = point.load()
    except (ImportError, AttributeError) as error:
        raise BadFunction(named, f"it cannot be imported ({error})") from error
    described, run = getattr(module, "FUNCTION", None), getattr(module, "run", None)
    if not isinstance(described, Mapping) or not callable(run):
        raise BadFunction(named, "it needs FUNCTION, the entry as a mapping, and run, its code")
    try:
        function = Function.model_validate(described)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadFunction(named, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if function.key in taken:
        raise BadFunction(named, f"there is a function {function.key} already")
    return function, run
