from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.words import LONGEST, telling, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Große Shops", ["grosse", "shops"]),
        ("Crème brûlée, 2 × 4,50 €", ["creme", "brulee", "2", "4", "50"]),
        ("high-value_orders:1.0.0", ["high", "value", "orders", "1", "0", "0"]),
        ("ΜΕΓΆΛΟΣ Ёлка", ["μεγαλοσ", "елка"]),
        ("每天发送报告", ["每天", "天发", "发送", "送报", "报告"]),
        ("SKU4711を送る", ["sku4711", "を送", "送る"]),
        ("주문 확인", ["주문", "확인"]),
        ("!! …", []),
    ],
)
def test_words_have_no_case_no_accents_and_pairs_where_nothing_is_spaced(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_question_is_asked_with_the_words_that_say_something() -> None:
    assert telling("Which is the shop, and which shop is not?") == ["shop"]
    assert telling("Und wer ist das?") == ["und", "wer", "ist", "das"]


@given(st.text(max_size=300))
def test_whatever_the_text_words_are_bounded_and_finding_them_again_changes_nothing(text: str) -> None:
    found = words(text)

    assert all(0 < len(word) <= LONGEST for word in found)
    assert all(not character.isspace() for word in found for character in word)
