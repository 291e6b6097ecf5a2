"""The examples of the specification are valid, and what it calls invalid is refused."""

from __future__ import annotations

import copy
import os
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl import Problem, examine, mermaid, outline, picture, read, render, svg
from dsl.checks.structure import structure

FOLDER = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")


def _files(kind: str) -> list[Path]:
    return sorted((FOLDER / kind).glob("*.yaml"))


@pytest.fixture(autouse=True)
def _folder() -> None:
    if not _files("examples"):
        reason = f"the conformance folder is not at {FOLDER}: set PARLEY_CONFORMANCE"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def test_the_folder_has_the_examples_of_the_specification() -> None:
    assert len(_files("examples")) >= 66
    assert len(_files("invalid")) >= 3


@pytest.mark.parametrize("path", _files("examples"), ids=lambda path: path.stem)
def test_an_example_is_valid(path: Path) -> None:
    assert [str(problem) for problem in examine(path.read_text()).problems if problem.severity != "advice"] == []


@pytest.mark.parametrize("path", _files("examples"), ids=lambda path: path.stem)
def test_an_example_can_be_told_drawn_and_written(path: Path) -> None:
    data = read(path.read_text()).data

    assert outline(data)
    assert svg(picture(data)).startswith("<svg")
    assert mermaid(data).startswith("flowchart TD")
    assert read(render(data)).data == data


@pytest.mark.parametrize("path", _files("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused(path: Path) -> None:
    assert not examine(path.read_text()).valid


A_TASK = {"x": {"wait": "PT1S"}}
WRONG = [
    None,
    True,
    0,
    -1,
    "",
    "x",
    "end",
    "${ .a }",
    "PT1S",
    "https://example.com",
    {},
    [],
    {"a": 1},
    [1],
    {"x": {"wait": "PT1S"}},
    [{"x": {"wait": "PT1S"}}],
]
KEYS = ["foo", "then", "if", "with", "timeout", "until", "use", "do", "metadata"]


def _mutated(rng: random.Random, data: Any) -> Any:
    """Return a copy of *data* with one value replaced, removed or added somewhere."""
    changed = copy.deepcopy(data)
    owner, key = rng.choice(_places(changed))
    kind = rng.choice(["replace", "remove", "add"])
    if kind == "remove":
        del owner[key]
    elif kind == "add" and isinstance(owner, dict):
        owner[rng.choice(KEYS)] = copy.deepcopy(rng.choice(WRONG))
    else:
        owner[key] = copy.deepcopy(rng.choice(WRONG))
    return changed


def _places(value: Any) -> list[tuple[Any, Any]]:
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(value, key) for key, _ in items] + [place for _, item in items for place in _places(item)]


def _listed(problem: Problem) -> bool:
    """Tell whether the README lists this as something the schema leaves open and we refuse."""
    owner = problem.reference.rpartition("/")[0]
    open_objects = (
        owner == "" or owner.endswith(("/errors/with", "/emit/event", "/authentication")) or owner.startswith("/use/authentications/")
    )
    if problem.code == "missing-property":
        return problem.reference.endswith("/emit/event")
    if problem.code == "unknown-property" and owner.endswith(
        ("/with", "/endpoints", "/stdio", "/http", "/transport", "/client", "/request")
    ):
        return True
    return problem.code == "empty-schedule" or (open_objects and problem.code in ("unknown-property", "old-vocabulary"))


def test_the_structure_layer_agrees_with_the_official_schema_save_for_the_listed_differences() -> None:
    """Every example with one random change: both accept it or both refuse it, or we refuse it for a listed reason."""
    schema = Draft202012Validator(read((FOLDER / "workflow.schema.yaml").read_text()).data)
    bases = [read(path.read_text()).data for path in _files("examples")]
    rng = random.Random(20261120)
    differences = []
    for _ in range(400):
        data = _mutated(rng, rng.choice(bases))
        problems = structure(data)
        ours = [problem for problem in problems if not _listed(problem)]
        if schema.is_valid(data) == bool(ours) and not (problems and not ours):
            differences.append((data, problems))

    assert differences == []
