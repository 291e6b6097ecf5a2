"""Text as the page shows it."""

from __future__ import annotations

import pytest

from app.web.chat_store import clean
from app.web.conversation import markdown


class TestColons:
    def test_a_word_after_a_colon_is_no_directive(self) -> None:
        assert markdown("set openai:NAME") == r"set openai\:NAME"

    @pytest.mark.parametrize("text", ["at 9:30", "https://example.org:8080/x", "`openai:NAME`", "```yaml\na:b\n```", "note: this", r"a\:b"])
    def test_everything_else_stays(self, text: str) -> None:
        assert markdown(text) == text


class TestClean:
    def test_what_the_database_cannot_hold_is_replaced_deep_inside(self) -> None:
        assert clean({"a\x00": ["x\x00", {"b": "\ud800"}]}) == {"a\ufffd": ["x\ufffd", {"b": "?"}]}
