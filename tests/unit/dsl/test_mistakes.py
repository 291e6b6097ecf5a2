"""Mistakes that people and models make: each gives one problem, and doing literally what its hint says makes the definition valid."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dsl import examine
from tests.unit.dsl.definitions import CATALOGUE, DATA, WORKFLOWS

MISTAKES = yaml.safe_load((DATA.parent / "mistakes.yaml").read_text())
HEAD = "document: {dsl: 1.0.3, namespace: test, name: a-workflow, version: 1.0.0}\n"


def _definition(text: str) -> str:
    if text.startswith("-"):
        text = "do:\n" + indent(text, "  ")
    return text if text.startswith(("document:", "id:")) else HEAD + text


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_one_mistake_gives_one_problem_at_its_place_with_the_right_form_in_its_hint(mistake: dict[str, Any]) -> None:
    problems = examine(_definition(mistake["wrong"]), CATALOGUE, workflows=WORKFLOWS).problems

    assert [(problem.code, problem.reference) for problem in problems] == [(mistake["code"], mistake["at"])], "\n".join(map(str, problems))
    assert mistake["hint"] in problems[0].hint, str(problems[0])


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_what_the_hint_says_is_valid(mistake: dict[str, Any]) -> None:
    assert examine(_definition(mistake["right"]), CATALOGUE, workflows=WORKFLOWS).problems == ()


IN_TASKS = [mistake for mistake in MISTAKES if mistake["wrong"].startswith("-")]


@given(one=st.sampled_from(IN_TASKS), other=st.sampled_from(IN_TASKS))
def test_two_mistakes_do_not_hide_each_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    branches = "".join(
        f"      - {name}:\n          do:\n{indent(mistake['wrong'], ' ' * 12)}\n" for name, mistake in (("one", one), ("other", other))
    )

    problems = examine(_definition("- both:\n    fork:\n      branches:\n" + branches), CATALOGUE, workflows=WORKFLOWS).problems

    expected = [
        (one["code"], "/do/0/both/fork/branches/0/one" + one["at"]),
        (other["code"], "/do/0/both/fork/branches/1/other" + other["at"]),
    ]
    assert sorted((problem.code, problem.reference) for problem in problems) == sorted(expected), "\n".join(map(str, problems))
