"""A worker killed after a request had left and before its answer was stored: nobody can know, and the card asks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat import SOON_MS, Chat
from tests.browser.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.chaos, pytest.mark.slow]


def status(card: Locator, name: str) -> None:
    expect(card.get_by_test_id("run-status")).to_have_attribute("data-status", name, timeout=SOON_MS)


def test_the_card_explains_it_and_both_answers_work(chat: Chat, parley: Parley, shop: tuple[World, str]) -> None:
    """Two runs have posted when the worker dies: one is said to have happened and goes on, the other not and posts again."""
    world, address = shop
    chat.say(f"Fetch {address}/orders, then post them to {address}/held")
    chat.sees("proposal", "Waiting for your decision")
    chat.press("proposal", "Approve and run")
    chat.sees("proposal", "Approved by admin")
    world.wait_held("POST /held")
    chat.press("proposal", "Run now")
    world.wait_for("POST /held", times=2)

    parley.process("worker").kill()

    world.release("door")
    runs = chat.page.get_by_test_id("run-card")
    first, second = runs.nth(0), runs.nth(1)
    for card in (first, second):
        expect(card).to_contain_text("happen?", timeout=2 * SOON_MS)
        expect(card).to_contain_text(f"POST {address}/held")
        expect(card).to_contain_text("begun and before its result was stored")
    chat.reload()
    expect(second).to_contain_text("happen?", timeout=SOON_MS)
    chat.shot("outcome-unknown", card="run")

    first.get_by_role("button", name="It happened").click()
    status(first, "completed")
    assert len(world.saw("POST /held")) == 2
    second.get_by_role("button", name="It did not").click()
    status(second, "completed")
    assert len(world.saw("POST /held")) == 3
