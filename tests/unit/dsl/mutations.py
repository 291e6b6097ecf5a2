"""Definitions with one random change, of the kinds that people and models make."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.unit.dsl import official
from tests.unit.dsl.from_schema import JUNK

JSON = Any

_WORDS = """
    all any as at authentication await branches call catch correlate cron data delay do document each emit endpoint error errors event
    every export extensions for foreach fork format from functions if in input item limit listen metadata method name namespace on one
    output query raise read resource retries retry return run schedule schema secrets set status switch then timeout timeouts title to
    try type until uri use username version wait when while with foo
"""
WORDS = _WORDS.split()


def places(value: JSON, path: tuple[str | int, ...] = ()) -> list[tuple[Any, str | int, tuple[str | int, ...]]]:
    """Return (container, key, path) of every value inside *value*."""
    items: list[tuple[Any, Any]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key, (*path, key)) for key, _ in items] + [found for key, item in items for found in places(item, (*path, key))]


@st.composite
def mutated(draw: st.DrawFn, bases: Sequence[JSON]) -> JSON:
    """Return one of *bases* with one change somewhere."""
    data = copy.deepcopy(draw(st.sampled_from(bases).map(_hidden)).value)
    found = places(data)
    owner, key, _ = found[draw(st.integers(0, len(found) - 1))]
    kinds = ["replace", "remove", "retype", "swap"] + (["rename", "insert", "copy"] if isinstance(owner, dict) else ["repeat", "grow"])
    match draw(st.sampled_from(kinds)):
        case "replace":
            owner[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        case "remove":
            del owner[key]
        case "retype":
            owner[key] = draw(st.sampled_from(_retyped(owner[key])))
        case "swap":
            other, other_key, _ = found[draw(st.integers(0, len(found) - 1))]
            there = copy.deepcopy(other[other_key])
            other[other_key] = copy.deepcopy(owner[key])
            owner[key] = there
        case "rename":
            owner[draw(st.sampled_from(_misspelled(str(key))))] = owner.pop(key)
        case "insert":
            owner[draw(st.sampled_from(WORDS))] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        case "copy":
            owner[draw(st.sampled_from(WORDS))] = copy.deepcopy(owner[key])
        case "repeat":
            owner.append(copy.deepcopy(owner[key]))
        case "grow":
            owner.append(copy.deepcopy(draw(st.sampled_from(JUNK))))
    return data


def _retyped(value: JSON) -> list[JSON]:
    """Return *value* in other types, as quotes and missing dashes make them."""
    if isinstance(value, dict):
        return [[value], [{name: item} for name, item in value.items()], list(value), str(value)]
    if isinstance(value, list):
        return [value[0] if value else None, {str(index): item for index, item in enumerate(value)}, {}, str(value)]
    if isinstance(value, str):
        return [[value], {value: None}, f" {value}", f"{value}\n", value.upper(), f"${{ {value} }}", f"{value}x", None, 1]
    if isinstance(value, bool):
        return [str(value), int(value), None]
    return ["", [], {}, 0] if value is None else [str(value), [value], value + 0.0, value + 0.5, -value, None]


def _misspelled(key: str) -> list[str]:
    return [key.upper(), f"{key}s", key[:-1], f" {key}", f"{key}_", *WORDS]


class _Hidden:
    """Keeps a large value out of hypothesis's messages."""

    def __init__(self, value: JSON) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "one of the bases"


def _hidden(value: JSON) -> _Hidden:
    return _Hidden(value)


DEEPEST = 40  # levels of a definition that the official schema can be asked about


def bases(*folders: Any) -> list[JSON]:
    """Return the data of the official examples and of every definition below *folders*, save what `jsonschema` is too recursive for."""
    from dsl import looks_like_definition, read

    found = [read(path.read_text()).data for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    kept = [data for data in found if looks_like_definition(data) and _depth(data) <= DEEPEST]
    return [*(read(path.read_text()).data for path in official.files("examples")), *kept]


def _depth(data: JSON) -> int:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + max(map(_depth, inner), default=0)
