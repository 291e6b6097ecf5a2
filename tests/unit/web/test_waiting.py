"""A database that goes away while somebody waits for an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.store.errors import DatabaseAway
from app.web import waiting
from app.web.conversation import Conversation
from tests.unit.web.fakes import ADA, FakeStore


class Page(Conversation):
    """Keeps what is said, also what is only shown."""

    async def say(self, text: str, *, message_id: str | None = None, error: bool = False, kept: bool = True) -> str:
        assert not kept, "the database is away: nothing can be kept"
        SAID.append(text)
        return ""


SAID: list[str] = []


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Conversation:
    SAID.clear()
    monkeypatch.setattr(waiting, "SOON_S", 0.01)
    store: Any = FakeStore()
    return Page(store, ADA, "c1")


def away(times: int) -> Any:
    """Return work that finds no database *times* times."""
    left = iter(range(times))

    async def work() -> str:
        await asyncio.sleep(0)
        if next(left, None) is not None:
            raise DatabaseAway("connection refused")
        return "done"

    return work


async def test_it_is_waited_for_and_said_so(page: Conversation) -> None:
    assert await waiting.reach(page, away(2)) == "done"
    assert SAID == ["The database does not answer yet. I wait for it, then go on: nothing is lost."]


async def test_one_that_stays_away_is_a_plain_refusal_with_what_to_do(page: Conversation) -> None:
    assert await waiting.reach(page, away(1000), patience_s=0.2) is None
    assert "The database does not answer." in SAID[-1]
    assert "parley doctor" in SAID[-1]


async def test_one_that_answers_is_not_mentioned(page: Conversation) -> None:
    assert await waiting.reach(page, away(0)) == "done"
    assert SAID == []
