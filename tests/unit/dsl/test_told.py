"""What the outline and the effects say, compared with what a person has read; and that every definition can be told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from dsl import effects, outline
from dsl.phrases import aim, brief
from dsl.walk import all_steps, steps
from tests.cases import cases
from tests.unit.dsl import official, told
from tests.unit.dsl.definitions import CATALOGUE, DATA, a_workflow, get
from tests.unit.dsl.from_schema import definitions
from tests.unit.dsl.mutations import bases, mutated

EXPECTED = yaml.safe_load(told.GOLDEN.read_text())
BASES = bases(DATA, told.FOLDER) if official.files("examples") else []


@pytest.mark.parametrize("name", EXPECTED)
def test_a_definition_is_told_as_it_was_read(name: str) -> None:
    """`python -m tests.unit.dsl.told` writes what is expected anew: read the difference aloud."""
    if name not in told.paths():
        official.must_be_there()

    assert told.told(told.paths()[name]) == EXPECTED[name]


def test_every_definition_that_is_there_is_among_them() -> None:
    assert set(told.paths()) <= set(EXPECTED)


def _can_be_told(data: Any) -> None:
    found, lines = effects(data, CATALOGUE, {"test/child/1.0.0": data}), outline(data, CATALOGUE)

    assert all(effect.target and effect.how_often and effect.decided_before == bool(effect.by) for effect in found)
    assert all(line.text.strip() for line in lines)
    assert {step.reference for step in steps(data)} <= {line.reference for line in lines}
    for step in all_steps(data):
        assert brief(step, data, CATALOGUE)
        assert all(isinstance(part, str) for part in aim(step) or ())


@settings(max_examples=cases(100))
@given(data=definitions() if BASES else mutated([a_workflow(get("x"))]))
def test_a_random_definition_can_be_told(data: Any) -> None:
    _can_be_told(data)


@settings(max_examples=cases(100))
@given(data=mutated(BASES or [a_workflow(get("x"))]))
def test_a_definition_with_one_random_change_can_be_told(data: Any) -> None:
    _can_be_told(data)
