"""Definitions broken at random: everything still answers, and what has no error can be loaded, told, drawn and written."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl import effects, examine, load, mermaid, outline, picture, read, render, svg
from tests.cases import cases
from tests.unit.dsl.definitions import CATALOGUE, DATA, WORKFLOWS

BASES = [read(path.read_text()).data for path in sorted((DATA / "valid").glob("*.yaml"))]
WORDS = """do set switch for fork branches try catch retry raise error wait call with emit event listen to one any run workflow
if then when in each at while
input output export from as schema document use secrets schedule cron every on metadata parley title timeout"""
TEXTS = ["", "x", "end", "${ .a }", "${ . | }", ".a", "PT1S", "http", "notify:1.0.0@default", "https://example.com", "*"]
KEYS = st.sampled_from(WORDS.split())
SCALARS = st.sampled_from([None, True, 0, -1, 2.5, *TEXTS])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) in *value*."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(value, key) for key, _ in items] + [place for _, item in items for place in _places(item)]


@st.composite
def _broken(draw: st.DrawFn) -> Any:
    data = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(data)
        owner, key = places[draw(st.integers(0, len(places) - 1))] if places else (data, "do")
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                owner[key] = draw(VALUES)
            case "remove":
                del owner[key]
            case _ if isinstance(owner, dict):
                owner[draw(KEYS)] = draw(VALUES)
            case _:
                owner.insert(0, draw(VALUES))
    return data


FOUND = sorted((DATA / "fuzzed").glob("*.yaml"))  # what once raised or took for ever


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_random_changes_found_stays_answered(path: Path) -> None:
    _works(read(path.read_text("utf-8")).data)


@settings(max_examples=cases(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=_broken())
def test_nothing_raises_and_what_is_valid_works(data: Any) -> None:
    _works(data)


def _works(data: Any) -> None:
    examined = examine(data, CATALOGUE, workflows=WORKFLOWS)

    assert examined.valid == (examined.digest is not None)
    assert svg(picture(data)).endswith("</svg>\n")
    assert mermaid(data)
    assert isinstance(outline(data, CATALOGUE), list)
    assert isinstance(effects(data, CATALOGUE, {"test/child/1.0.0": data}), list)
    assert read(render(data)).data == data or data is None
    if examined.valid:
        assert load(data).to_json() == data
