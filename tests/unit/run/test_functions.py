"""The default catalogue: every entry is complete, and its code does what it says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

import dsl
from graphs import catalogue
from graphs.functions import FUNCTIONS
from tests.unit.run.harness import Runs, definition


def task(name: str, **arguments: Any) -> dict[str, Any]:
    return {"call": f"{name}:1.0.0@default", "with": arguments}


def test_every_entry_has_code_and_every_code_an_entry() -> None:
    assert set(catalogue.load()) == set(FUNCTIONS)


@pytest.mark.parametrize("key", sorted(FUNCTIONS))
def test_an_entrys_schemas_are_valid_and_its_examples_fit(key: str) -> None:
    function = catalogue.load()[key]

    Draft202012Validator.check_schema(function.input)
    Draft202012Validator.check_schema(function.output)
    literal = [{k: v for k, v in example.items() if not str(v).startswith("${")} for example in function.examples]
    known = set(function.input["properties"])
    assert function.examples and function.words and function.summary
    assert all(set(example) <= known for example in literal)


async def test_input_that_does_not_fit_is_a_validation_error(runs: Runs) -> None:
    outcome = await runs.start([{"n": task("notify", channel="pigeon")}], {})

    assert outcome.error is not None
    assert (
        outcome.error["detail"]
        == 'the input of notify:1.0.0 does not fit: \'channel\' must be one of "chat", "email", "webhook", "slack", and is "pigeon"'
    )


class TestSummarize:
    TEXT = "The sales rose. The sales of the shops in the north rose most of all sales. It rained. Shops in the north sold bread."

    async def test_picks_the_sentences_that_say_most_in_their_order(self, runs: Runs) -> None:
        outcome = await runs.start([{"s": task("summarize", text=self.TEXT, sentences=2)}], {})

        assert outcome.output["by"] == "extractive"
        assert outcome.output["summary"].startswith("The sales of the shops in the north")
        assert "It rained." not in outcome.output["summary"]

    async def test_of_nothing_is_nothing(self, runs: Runs) -> None:
        assert (await runs.start([{"s": task("summarize", items=[])}], {})).output == {"summary": "", "by": "extractive"}


@pytest.mark.parametrize(
    ("text", "label", "keywords"),
    [
        ("I was charged twice, refund please", "billing", ["charged", "refund"]),
        ("It crashed", "fault", ["crash"]),
        ("Hello", "general", []),
    ],
)
async def test_classify_takes_the_label_with_most_keywords(runs: Runs, text: str, label: str, keywords: list[str]) -> None:
    labels = {"billing": ["refund", "charged", "invoice"], "fault": ["crash", "error"]}

    outcome = await runs.start([{"c": task("classify", text=text, labels=labels, otherwise="general")}], {})

    assert (outcome.output["label"], sorted(outcome.output["keywords"])) == (label, sorted(keywords))


def test_a_misspelt_channel_gives_one_clear_error() -> None:
    """The name that is wrong, and nothing that only another channel would need."""
    tasks = [{"tell": {"call": "notify:1.0.0@default", "with": {"chanel": "chat", "text": "done"}}}]

    problems = dsl.examine(definition(tasks), catalogue.load()).problems

    assert [(problem.code, problem.message) for problem in problems if problem.severity == "error"] == [
        ("unknown-argument", "'notify' takes no 'chanel'"),
    ]
