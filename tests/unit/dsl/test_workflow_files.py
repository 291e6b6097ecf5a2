"""Every definition under `tests/data/workflows`: valid ones have no problem, each invalid one has exactly those written beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dsl import examine, load, read, render
from tests.unit.dsl.definitions import CATALOGUE, DATA, WORKFLOWS

VALID = sorted((DATA / "valid").glob("*.yaml"))
INVALID = sorted(path for path in (DATA / "invalid").glob("*.yaml") if not path.stem.endswith(".problems"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_definition_has_no_problem_and_becomes_a_tree_that_gives_the_same_data_back(path: Path) -> None:
    examined = examine(path.read_text(), CATALOGUE, workflows=WORKFLOWS)

    assert examined.problems == ()
    assert load(examined.data).to_json() == examined.data


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_what_render_writes_is_read_as_the_same_data(path: Path) -> None:
    data = read(path.read_text()).data

    assert read(render(data)).data == data


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_definition_has_exactly_the_problems_written_beside_it(path: Path) -> None:
    expected = yaml.safe_load(path.with_suffix(".problems.yaml").read_text())

    found = [problem.to_json() for problem in examine(path.read_text(), CATALOGUE, workflows=WORKFLOWS).problems]

    assert found == expected


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_one_mistake_gives_one_problem_of_the_code_the_file_is_named_after_with_a_hint(path: Path) -> None:
    [problem] = examine(path.read_text(), CATALOGUE, workflows=WORKFLOWS).problems

    assert path.stem.startswith(problem.code)
    assert problem.line > 0
    assert problem.column > 0
    assert problem.hint
