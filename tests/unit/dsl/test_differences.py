"""The structure layer accepts exactly what the official JSON Schema accepts, save the differences that are listed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.cases import cases
from tests.unit.dsl import differences, official
from tests.unit.dsl.definitions import DATA
from tests.unit.dsl.from_schema import definitions
from tests.unit.dsl.mutations import bases, mutated

JSON = Any

BASES = bases(DATA, DATA.parents[2] / "examples") if official.files("examples") else []


@pytest.fixture(autouse=True)
def _folder() -> None:
    official.must_be_there()


@settings(max_examples=cases(110))
@given(data=definitions())
def test_a_random_definition_is_judged_as_the_official_schema_judges_it(data: JSON) -> None:
    assert differences.unlisted(data) == []


@settings(max_examples=cases(200))
@given(data=mutated(BASES))
def test_a_definition_with_one_random_change_is_judged_as_the_official_schema_judges_it(data: JSON) -> None:
    assert differences.unlisted(data) == []
