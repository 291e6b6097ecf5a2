"""Outlines, effects and functions as text."""

from __future__ import annotations

import pytest
import yaml

from app.cli.functions import page
from app.cli.reading import effect_lines, outline_lines
from graphs import catalogue

CATALOGUE = catalogue.load()


def test_an_outline_says_below_a_title_what_the_task_does() -> None:
    lines = [
        {"number": "1", "depth": 0, "text": "Get the orders", "detail": "Fetch https://a.example/orders"},
        {"number": "1.1", "depth": 1, "text": "Wait 2 seconds", "detail": ""},
    ]

    assert outline_lines(lines) == ["1 Get the orders", "  Fetch https://a.example/orders", "  1.1 Wait 2 seconds"]


def test_an_effect_says_how_often_after_whose_decision_and_with_which_secret() -> None:
    effect = {"kind": "write", "target": "POST https://a.example", "how_often": "once", "decided_before": True, "by": "bella"}

    assert effect_lines([{**effect, "secrets": ["token"], "reference": "/do/0/post"}]) == [
        "write        POST https://a.example",
        "             once; after a decision by bella; with the secret token; /do/0/post",
    ]


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_every_function_has_a_page_with_its_fields_and_an_example_that_is_yaml(key: str) -> None:
    entry = CATALOGUE[key]

    text = page(entry, 100)

    assert text.startswith(f"{entry.title}    call: {key}@default")
    assert all(f"\n  {name} " in text for name in entry.input["properties"])
    [task] = yaml.safe_load(text.split("For example\n")[1])
    assert next(iter(task.values())) == {"call": f"{key}@default", "with": dict(entry.examples[0])}


def test_descriptions_of_the_catalogue_are_whole_sentences() -> None:
    """A comma in an unquoted YAML value of `{…}` cuts it off and adds a key that nobody meant."""
    for entry in CATALOGUE.values():
        for part in entry.input["properties"].values():
            assert None not in part.values(), part
