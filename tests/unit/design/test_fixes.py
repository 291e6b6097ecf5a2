"""Mistakes with one sensible correction are corrected without a model."""

from __future__ import annotations

from typing import Any

import pytest

import dsl
from graphs.design.dialect import modern
from graphs.design.drafting import signature, unfenced
from graphs.design.facts import explain
from graphs.design.fixes import mend
from tests.unit.design.scripted import CATALOGUE, Talk, model

DOCUMENT = {"dsl": "1.0.3", "namespace": "default", "name": "x", "version": "0.1.0"}


def mended(data: dict[str, Any]) -> tuple[Any, list[str]]:
    problems = [problem for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"]
    return mend(data, problems, CATALOGUE)


def errors(data: Any) -> list[str]:
    return [problem.code for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"]


class TestFixes:
    @pytest.mark.parametrize(
        "do",
        [
            [{"a": {"call": "notify", "with": {"channel": "chat", "text": "x"}}}],
            [{"a": {"call": "notify:1.0.0", "with": {"channel": "chat", "text": "x"}}}],
            [{"a": {"set": {"x": 1}, "then": "bee"}}, {"be": {"set": {"x": 1}}}],
            [{"a": {"title": "A", "set": {"x": 1}}}],
        ],
        ids=["bare function", "function without catalogue", "nearest task", "title of a task"],
    )
    def test_leave_no_error_and_say_what_they_did(self, do: list[Any]) -> None:
        data = {"document": DOCUMENT, "do": do}
        assert errors(data)

        fixed, done = mended(data)

        assert errors(fixed) == []
        assert done

    def test_leave_the_given_definition_alone(self) -> None:
        data = {"document": DOCUMENT, "do": [{"a": {"call": "notify", "with": {"channel": "chat", "text": "x"}}}]}

        mended(data)

        assert data["do"][0]["a"]["call"] == "notify"

    def test_complete_a_document_that_lacks_its_fixed_parts(self) -> None:
        fixed, done = mended({"document": {"name": "My Flow", "version": 1.0}, "do": [{"a": {"set": {"x": 1}}}]})

        assert fixed["document"] == {"name": "my-flow", "version": "1.0.0", "dsl": "1.0.3", "namespace": "default"}
        assert len(done) == 4

    def test_invent_no_function(self) -> None:
        fixed, _ = mended({"document": DOCUMENT, "do": [{"a": {"call": "sendEmail", "with": {}}}]})

        assert fixed["do"][0]["a"]["call"] == "sendEmail"


class TestOlderDialect:
    def test_states_become_tasks_and_transitions_become_then(self) -> None:
        old = {
            "id": "Old One",
            "version": "1.0",
            "states": [
                {
                    "name": "check",
                    "type": "switch",
                    "dataConditions": [{"condition": "${ .a }", "transition": "nap"}],
                    "defaultCondition": {"end": True},
                },
                {"name": "nap", "type": "sleep", "duration": "PT5S", "transition": "put"},
                {"name": "put", "type": "inject", "data": {"b": 1}, "transition": "loop"},
                {
                    "name": "loop",
                    "type": "foreach",
                    "inputCollection": "${ .l }",
                    "iterationParam": "i",
                    "actions": [{"functionRef": "f"}],
                    "end": True,
                },
            ],
            "functions": [{"name": "f", "operation": "post https://a.example.com/x"}],
        }

        data = modern(old)

        assert data["document"]["name"] == "old-one"
        assert [next(iter(task)) for task in data["do"]] == ["check", "nap", "put", "loop"]
        assert data["do"][0]["check"]["switch"] == [{"case-1": {"when": "${ .a }", "then": "nap"}}, {"otherwise": {"then": "end"}}]
        assert data["do"][3]["loop"]["do"] == [
            {"loop-step": {"call": "http", "with": {"method": "post", "endpoint": "https://a.example.com/x"}}}
        ]
        assert errors(data) == []


class TestRepair:
    async def test_is_bounded_even_when_the_problems_differ_each_time(self) -> None:
        plan = {"title": "T", "name": "t", "steps": [{"id": "a", "text": "A", "uses": "set"}]}
        bad = [
            {
                "definition": f"document: {{dsl: 1.0.3, namespace: a, name: b, version: 0.1.0}}\ndo:\n  - a{n}: {{call: 'nothing{n}:1.0.0@default'}}\n"  # noqa: E501
            }
            for n in range(9)
        ]
        replies = [("design/classify", {"intent": "design", "confidence": 1}), ("design/outline", plan), ("design/draft", bad[0])]
        talk = Talk(model(*replies, *(("design/repair", reply) for reply in bad[1:]))[0])

        (event,) = await talk.say("something")

        assert "after 3 repairs" in event["text"]
        assert (talk.drafts, (await talk.state())["outcome"]) == ([], "unrepaired")

    def test_the_same_problems_in_other_words_are_the_same(self) -> None:
        first = [{"code": "a", "reference": "/x", "message": "one"}, {"code": "b", "reference": "", "message": "two"}]

        assert signature(first) == signature([{**first[1], "message": "zwei"}, first[0]])

    def test_a_markdown_fence_is_taken_away(self) -> None:
        assert unfenced("```yaml\na: 1\n```") == "a: 1\n"


class TestExplanations:
    STORY = "Every weekday at 9 fetch http://a/orders, keep the ones where total is above 100 euro, ask me to approve, then post them to http://a/report with the secret SHOP_TOKEN"  # noqa: E501

    @pytest.mark.parametrize(
        ("question", "words"),
        [
            ("explain step 2", "Step 2: Fetch the orders"),
            ("what does the last step do?", "It writes: POST http://a/report"),
            ("what does post-report do?", "with the secret SHOP_TOKEN"),
            ("what does it change outside?", "POST http://a/report"),
            ("when does it start?", "Every weekday at 09:00"),
            ("who approves?", "- Ask ada to approve: ada"),
            ("which secrets does it use?", "SHOP_TOKEN"),
            ("show me the yaml", "```yaml\ndocument:"),
            ("what did you assume?", "time zone Europe/Berlin"),
            ("what does it do?", "This is what it does:"),
        ],
    )
    async def test_come_from_the_definition(self, question: str, words: str) -> None:
        talk = Talk()
        await talk.say(self.STORY)

        (event,) = await talk.say(question)

        assert words in event["text"]

    def test_say_so_when_nobody_is_asked_and_nothing_changes(self) -> None:
        data = {"document": DOCUMENT, "do": [{"a": {"set": {"x": 1}}}]}

        assert explain("who decides?", data, "", CATALOGUE, []).startswith("Nobody is asked")
        assert explain("what does it change outside?", data, "", CATALOGUE, []) == "It changes nothing outside."
        assert explain("what did you assume?", data, "", CATALOGUE, []).startswith("Nothing was assumed")
