"""A pasted secret is masked where a message arrives."""

from __future__ import annotations

from app.web.masking import masked, masked_message

KEY = "sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcd"


def test_a_message_arrives_masked_and_says_what_was_in_it() -> None:
    sent = {"message": {"id": "m", "output": f"use {KEY} please", "metadata": {"location": "x"}}, "fileReferences": []}

    found = masked_message(sent)["message"]

    assert found == {"id": "m", "output": "use [secret removed] please", "metadata": {"location": "x", "masked": ["API_KEY"]}}


def test_other_messages_are_as_they_were_and_cannot_claim_a_mask() -> None:
    sent = {"message": {"id": "m", "output": "hello", "metadata": {"masked": ["X"]}}}

    assert masked_message(sent)["message"] == {"id": "m", "output": "hello", "metadata": {}}


def test_masking_twice_changes_nothing() -> None:
    once = masked(f"https://x.example/?key={KEY}&a=1 password is hunter22 Bearer abcdefghijkl {KEY}")

    assert masked(once) == once
    assert "&a=1" in once
