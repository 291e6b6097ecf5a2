"""The examples of the specification are valid, and what it calls invalid is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl import examine, mermaid, outline, picture, read, render, svg
from tests.unit.dsl import official
from tests.unit.dsl.official import files


@pytest.fixture(autouse=True)
def _folder() -> None:
    official.must_be_there()


def test_the_folder_has_the_examples_of_the_specification() -> None:
    assert len(files("examples")) >= 66
    assert len(files("invalid")) >= 3


@pytest.mark.parametrize("path", files("examples"), ids=lambda path: path.stem)
def test_an_example_is_valid(path: Path) -> None:
    assert [str(problem) for problem in examine(path.read_text()).problems if problem.severity != "advice"] == []


@pytest.mark.parametrize("path", files("examples"), ids=lambda path: path.stem)
def test_an_example_can_be_told_drawn_and_written(path: Path) -> None:
    data = read(path.read_text()).data

    assert outline(data)
    assert svg(picture(data)).startswith("<svg")
    assert mermaid(data).startswith("flowchart TD")
    assert read(render(data)).data == data


@pytest.mark.parametrize("path", files("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused(path: Path) -> None:
    assert not examine(path.read_text()).valid
