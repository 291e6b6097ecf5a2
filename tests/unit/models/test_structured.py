"""Reading a model's answer: what is tolerated, and what is said when it cannot be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.design.replies import Intent, Outline, Summary
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
        ],
    )
    def test_in_words_that_a_model_can_mend(self, text: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            structured.parse(text, Intent)

    def test_a_piece_of_a_cut_plan_is_not_taken_for_the_plan(self) -> None:
        with pytest.raises(ValueError, match="Field required"):
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
