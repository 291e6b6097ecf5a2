"""What `parley author` says beside the definition."""

from __future__ import annotations

from typing import Any

from app.cli.author import notes

ASKED: dict[str, Any] = {"text": "Which field?", "options": ["created_at", "date"], "default": "created_at"}
NOTHING: dict[str, Any] = {"definition": "", "problems": [], "assumptions": [], "questions": [], "understood": ["Fetch the orders"]}


def test_a_question_offers_the_default_with_the_option_that_takes_it() -> None:
    assert notes({**NOTHING, "questions": [ASKED]}) == [
        "understood: Fetch the orders",
        "question: Which field?\n  say it in the wish, for example: created_at, date; or take “created_at” with --yes-to-defaults",
    ]


def test_whoever_took_the_defaults_is_not_told_to_take_them() -> None:
    assert notes({**NOTHING, "questions": [ASKED]}, yes_to_defaults=True)[1] == (
        "question: Which field?\n  say it in the wish, for example: created_at, date"
    )
