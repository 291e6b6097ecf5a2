from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memory.passages import MOST, passages


def test_short_paragraphs_share_a_passage_and_long_ones_are_cut_between_sentences() -> None:
    text = "One.\n\nTwo.\n\n" + " ".join(f"Sentence {n} is here." for n in range(6))

    found = passages(text, length=50)

    assert found == [
        "One.\n\nTwo.",
        "Sentence 0 is here. Sentence 1 is here.",
        "Sentence 2 is here. Sentence 3 is here.",
        "Sentence 4 is here. Sentence 5 is here.",
    ]


def test_a_sentence_that_is_too_long_is_cut_anywhere() -> None:
    assert passages("x" * 25, length=10) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_document_has_a_bounded_number_of_passages() -> None:
    assert len(passages("ab\n\n" * 100_000, length=2)) == MOST


@given(st.text(max_size=400), st.integers(min_value=5, max_value=50))
def test_no_passage_is_empty_or_too_long_and_nothing_is_lost_but_space(text: str, length: int) -> None:
    found = passages(text, length=length)

    assert all(piece.strip() and len(piece) <= length for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())
