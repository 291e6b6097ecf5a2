"""Reading a model's answer: what is tolerated, and what is said when it cannot be used."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.design.replies import Change, Intent, Outline, Summary
from graphs.models import structured


class TestTolerated:
    @pytest.mark.parametrize(
        "text",
        [
            '{"text": "yes"}',
            'Sure!\n```json\n{"text": "yes"}\n```\nAnything else?',
            '```\n{"text": "yes"}\n```',
            'Here: {"text": "yes"} — done.',
            '<think>{"text": "no"}</think>{"text": "yes"}',
            '{"note": 1} {"text": "yes"}',
            '{"text": "yes", "extra": [1, {"a": 2}]}',
            'thinking aloud {"text": "no"} …</think>{"text": "yes"}',
            '{"text": "yes"}<think>was that right? {"text": "no"}',
            '{"text": "yes", "list": [1, 2,],}',
            'As in {a: b}: {"text": "yes"}',
            '```json\n{"text": "yes"}\n``` which is {"text": "yes"}',
            '{"text": "yes", "text": "yes"}',
        ],
    )
    def test_prose_fences_thoughts_and_extra_keys(self, text: str) -> None:
        assert structured.parse(text, Summary).text == "yes"

    def test_raw_line_breaks_inside_strings(self) -> None:
        assert structured.parse('{"text": "a\nb"}', Summary).text == "a\nb"


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("I would rather not.", "there is no JSON object"),
            ('{"intent": "design", "confid', "cut off"),
            ('{"intent": "dance", "confidence": 2}', "- intent: .*\n- confidence: "),
            ("{}", "- intent: Field required"),
            ("[1, 2]", "there is no JSON object"),
            ("{intent: design}", "no JSON"),
            ('{"intent": "help", "intent": "run", "confidence": 1}', "intent stands twice"),
            ('{"intent": "help", "confidence": 1} {"intent": "run", "confidence": 1}', "several objects that differ"),
            ('{"intent": "help", "confidence": NaN}', "no JSON"),
            ('{"intent": "help", "confidence": 1e999}', "no JSON"),
        ],
    )
    def test_in_words_that_a_model_can_mend(self, text: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            structured.parse(text, Intent)

    def test_a_piece_of_a_cut_plan_is_not_taken_for_the_plan(self) -> None:
        with pytest.raises(ValueError, match="cut off"):
            structured.parse('{"title": "T", "name": "t", "steps": [{"id": "a", "text": "A", "uses": "set"}', Outline)

    @pytest.mark.parametrize("text", ["{" * 50_000, "[" * 50_000 + "{", '{"a":' * 20_000, "x" * 400_001])
    def test_in_time_and_without_a_crash_whatever_its_size_and_depth(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"\S"):
            structured.parse(text, Summary)

    @given(st.text(alphabet='{}[]":,a1\\ \n`', max_size=60))
    def test_or_read_but_never_a_crash(self, text: str) -> None:
        try:
            assert structured.parse(text, Summary).text
        except ValueError as exc:
            assert str(exc)

    @pytest.mark.parametrize("text", ['{"text": "a\\u0000b"}', '{"text": "a\\ud83db"}', '{"text": "a\x00b"}'])
    def test_characters_that_no_database_takes_are_replaced(self, text: str) -> None:
        assert structured.parse(text, Summary).text == "a\ufffdb"

    def test_what_is_quoted_stays_as_it_is_when_commas_are_mended(self) -> None:
        assert structured.parse('{"text": "[1,] and {2, }",}', Summary).text == "[1,] and {2, }"

    def test_deep_nesting_inside_an_answer_is_refused(self) -> None:
        deep = '{"a":' * 100 + "1" + "}" * 100

        with pytest.raises(ValueError, match="levels deep"):
            structured.parse(f'{{"operations": [{{"op": "replace", "reference": "/do/0/a", "value": {deep}}}]}}', Change)


class TestWordsSoFar:
    @given(st.text(max_size=30), st.integers(0, 400))
    def test_are_a_beginning_of_the_words_to_come(self, text: str, cut: int) -> None:
        whole = json.dumps({"note": 1, "text": text, "more": "x"})

        assert text.startswith(structured.words_so_far(whole[:cut], "text"))
        assert "<think" in text or structured.words_so_far(whole, "text") == text

    def test_of_thoughts_are_not_shown(self) -> None:
        assert structured.words_so_far('<think>{"text": "no', "text") == ""
