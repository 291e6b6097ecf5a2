"""Whatever happens to a document, importing gives functions that can be used and problems that can be found; never an exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dsl import Function, read
from dsl.imports import Imported, from_agent_card, from_mcp, from_openapi
from dsl.pointer import MISSING, get, join, parent, split
from tests.cases import cases
from tests.unit.dsl.definitions import DATA

FILES = DATA.parent / "imports"
DOCUMENTS = {path.name: read(path.read_text(encoding="utf-8")).data for path in sorted(FILES.iterdir())}
APIS = sorted(name for name in DOCUMENTS if name.startswith("shop"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, at: str = "") -> Iterator[str]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, join(at, key))


def changed(data: Any, draw: st.DataObject) -> Any:
    """Return *data* with one place changed: removed, replaced by anything, by another part of it, or by a `$ref` to such a part."""
    data = copy.deepcopy(data)
    known = list(places(data))
    at, other = draw.draw(st.sampled_from(known)), draw.draw(st.sampled_from(known))
    way = draw.draw(st.sampled_from(["remove", "anything", "part", "reference", "rename"]))
    value = {
        "anything": lambda: draw.draw(_JSON),
        "part": lambda: copy.deepcopy(get(data, other)),
        "reference": lambda: {"$ref": f"#{other}"},
    }
    if not at:
        return data if way in ("remove", "rename") else value[way]()
    above, last = get(data, parent(at)), split(at)[-1]
    key: Any = int(last) if isinstance(above, list) else last
    if way == "remove" or (way == "rename" and isinstance(above, list)):
        del above[key]
    elif way == "rename":
        above[draw.draw(st.text(max_size=5) | st.sampled_from(["$ref", "type", "items", "schema", "allOf"]))] = above.pop(key)
    else:
        above[key] = value[way]()
    return data


def judge(found: Imported, data: Any) -> None:
    for function in found.functions:
        for schema in (function.input, function.output):
            Draft202012Validator.check_schema(schema)
            names = {at.rpartition("/")[0] for at in places(schema) if at.endswith("/$ref")}
            for at in names:
                reference = get(schema, at).get("$ref")
                assert not isinstance(reference, str) or not _is_reference(at) or get(schema, reference[1:]) is not MISSING, (at, reference)
        for value in ({}, *function.examples):
            list(Draft202012Validator(function.input).iter_errors(value))
        assert Function.model_validate(json.loads(function.model_dump_json())) == function
    assert len({function.key for function in found.functions}) == len(found.functions)
    for problem in found.problems:
        assert any(get(data, at) is not MISSING for at in (problem.reference, parent(problem.reference))), problem
        assert problem.message and "\n" not in problem.message


def _is_reference(at: str) -> bool:
    """Whether the mapping at *at* is a schema, and no example or default that happens to hold a `$ref`, nor a map of properties."""
    parts = split(at)
    return not set(parts) & {"examples", "default", "const", "enum"} and (not parts or parts[-1] not in ("properties", "$defs"))


@pytest.mark.parametrize("name", APIS)
@settings(max_examples=cases(60))
@given(draw=st.data(), times=st.integers(1, 6))
def test_a_changed_api_never_breaks_the_import(name: str, draw: st.DataObject, times: int) -> None:
    data = DOCUMENTS[name]
    for _ in range(times):
        data = changed(data, draw)

    judge(from_openapi(data), data)


@settings(max_examples=cases(60))
@given(draw=st.data(), times=st.integers(1, 6), trusted=st.booleans())
def test_changed_tools_and_cards_never_break_the_import(draw: st.DataObject, times: int, trusted: bool) -> None:
    tools, card = DOCUMENTS["tools.json"], DOCUMENTS["agent.json"]
    for _ in range(times):
        tools, card = changed(tools, draw), changed(card, draw)

    judge(from_mcp(tools, trusted=trusted), tools)
    judge(from_agent_card(card), card)


@settings(max_examples=cases(60))
@given(name=st.sampled_from(sorted(DOCUMENTS)), draw=st.data(), inserted=st.text(max_size=3))
def test_a_text_that_is_cut_or_spoilt_never_breaks_the_import(name: str, draw: st.DataObject, inserted: str) -> None:
    text = (FILES / name).read_text(encoding="utf-8")
    start = draw.draw(st.integers(0, len(text)))
    spoilt = text[:start] + inserted + text[start + draw.draw(st.integers(0, 40)) :]

    for found in (from_openapi(spoilt), from_mcp(spoilt), from_agent_card(spoilt)):
        assert found.functions or found.problems or "paths" in spoilt or "tools" in spoilt or "skills" in spoilt


@settings(max_examples=cases(100))
@given(_JSON)
def test_anything_at_all_is_refused_in_words(data: Any) -> None:
    for take in (from_openapi, from_agent_card):
        assert [problem.severity for problem in take(data).problems][:1] == ["error"]
