"""`extract`, `classify`, `summarize` with a model, and what they do without one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.run.functions.model import offline, router
from tests.unit.run.harness import Runs

SCHEMA = {"type": "object", "required": ["total"], "additionalProperties": False, "properties": {"total": {"type": "number"}}}
LABELS = {"billing": ["refund"], "fault": ["crash"]}


def call(name: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"f": {"call": f"{name}:1.0.0@default", "with": arguments}}]


class TestExtract:
    async def test_gives_what_fits_the_schema_and_says_by_whom(self, runs: Runs) -> None:
        models, _ = router({"value": {"total": 12.5}})

        outcome = await runs.start(call("extract", text="12.50 all in all", schema=SCHEMA), {}, models=models)

        assert outcome.output == {
            "value": {"total": 12.5}, "by": "scripted:gpt", "usage": {"calls": 1, "input_tokens": 100, "output_tokens": 10},
        }  # fmt: skip

    async def test_an_answer_that_does_not_fit_is_mended_once(self, runs: Runs) -> None:
        models, chat = router({"value": {"total": "much"}}, {"value": {"total": 3}})

        outcome = await runs.start(call("extract", text="3", schema=SCHEMA), {}, models=models)

        assert outcome.output["value"] == {"total": 3}
        assert outcome.output["usage"]["calls"] == 2
        assert "'total' must be a number" in chat.asked[1]

    async def test_one_that_never_fits_is_an_error(self, runs: Runs) -> None:
        models, _ = router("no", "no")

        outcome = await runs.start(call("extract", text="3", schema=SCHEMA), {}, models=models)

        assert outcome.error is not None
        assert outcome.error["title"] == "Unusable Answer"

    async def test_a_schema_that_is_none_is_refused_before_anybody_is_asked(self, runs: Runs) -> None:
        models, chat = router()

        outcome = await runs.start(call("extract", text="3", schema={"type": "strin"}), {}, models=models)

        assert outcome.error is not None
        assert (outcome.error["type"].rpartition("/")[2], chat.asked) == ("validation", [])


@pytest.mark.parametrize("models", [None, offline()])
@pytest.mark.parametrize(
    "task",
    [call("extract", text="x", schema=SCHEMA), call("agent", instructions="x"), call("agent", instructions="x", model="openai:other")],
)
async def test_what_needs_a_model_says_so(runs: Runs, models: Any, task: list[dict[str, Any]]) -> None:
    outcome = await runs.start(task, {}, models=models)

    assert outcome.error is not None
    assert (outcome.error["type"].rpartition("/")[2], outcome.error["title"]) == ("configuration", "no-model")
    assert "PARLEY_MODEL" in outcome.error["detail"]


class TestClassify:
    @pytest.mark.parametrize(("label", "given"), [("fault", "fault"), (None, "general")])
    async def test_by_the_model(self, runs: Runs, label: str | None, given: str) -> None:
        models, _ = router({"label": label, "keywords": ["broke"]})

        outcome = await runs.start(call("classify", text="it broke", labels=LABELS, otherwise="general"), {}, models=models)

        assert (outcome.output["label"], outcome.output["by"]) == (given, "scripted:gpt")

    async def test_a_label_that_is_none_is_not_taken(self, runs: Runs) -> None:
        models, chat = router({"label": "anger"}, {"label": "fault"})

        outcome = await runs.start(call("classify", text="it broke", labels=LABELS), {}, models=models)

        assert outcome.output["label"] == "fault"
        assert len(chat.asked) == 2

    async def test_without_a_model_by_keywords(self, runs: Runs) -> None:
        outcome = await runs.start(call("classify", text="a crash", labels=LABELS), {}, models=offline())

        assert outcome.output == {"label": "fault", "keywords": ["crash"], "by": "keywords"}


class TestSummarize:
    async def test_by_the_model_and_without_one_extractive(self, runs: Runs) -> None:
        models, _ = router({"summary": "All well."})

        by_model = await runs.start(call("summarize", text="It is well. It is all well."), {}, models=models)
        without = await runs.start(call("summarize", text="It is well."), {}, models=offline())

        assert by_model.output == {"summary": "All well.", "by": "scripted:gpt"}
        assert without.output == {"summary": "It is well.", "by": "extractive"}


async def test_tokens_count_for_the_run(runs: Runs) -> None:
    models, _ = router({"summary": "a"}, {"summary": "b"})
    twice = [*call("summarize", text="x y."), {"g": call("summarize", text="x y.")[0]["f"]}]

    await runs.start(twice, {}, models=models)

    assert [(row.path, row.output["tokens"]) for row in runs.journal.rows if row.kind == "usage"] == [
        ("/do/0/f/usage", 110),
        ("/do/1/g/usage", 110),
    ]
