"""From a wish to a workflow that ran, as a person lives it, with a reload in the middle."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import SOON_MS, Chat
from tests.browser.collage import collage
from tests.browser.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]
LARGE = [
    {"id": "A-17", "customer": "Meyer & Sons", "total": 240.5},
    {"id": "A-21", "customer": "Olga Petrova", "total": 118},
    {"id": "A-30", "customer": "Bäckerei Zum Löwen", "total": 1999.99},
]


def wish(address: str) -> str:
    return f"Every weekday at 9 fetch {address}/orders, keep the ones above 100 euro, ask me to approve, then post them to {address}/report"


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)], ids=["light", "dark phone"])
def test_the_whole_story(parley: Parley, chromium: Browser, shop: tuple[World, str], look: str, width: int) -> None:
    """Log in, wish, answer, approve, run, reload, decide, read the result; the shop got exactly the large orders."""
    world, address = shop
    name = look if width > 500 else f"{look}-phone"
    chat = Chat.open(chromium, parley.address, scheme=look, width=width, height=844 if width < 500 else 900)
    chat.page.goto(parley.address)
    expect(chat.page.locator("#email")).to_be_visible(timeout=SOON_MS)
    chat.shot(f"story-{name}-1-login")
    chat.sign_in("admin", parley.password)
    expect(chat.page.get_by_text("built-in offline author")).to_be_visible(timeout=SOON_MS)
    chat.shot(f"story-{name}-2-welcome")

    chat.say(wish(address))
    chat.sees("questions", "Which field holds the amount?")
    chat.shot(f"story-{name}-3-question")
    chat.card("questions").get_by_role("button", name="total", exact=True).click()
    chat.press("questions", "Continue")

    chat.sees("proposal", "Waiting for your decision")
    expect(chat.card("proposal").get_by_test_id("effects")).to_contain_text(f"POST {address}/report")
    chat.shot(f"story-{name}-4-proposal", whole=True)
    chat.press("proposal", "Approve")
    chat.sees("proposal", "Approved by admin")
    chat.press("proposal", "Run now")

    chat.sees("task", "Waiting for you")
    chat.run_is("waiting")
    expect(chat.card("run").locator("[data-node$='fetchTheOrders'], [data-status='done']").first).to_be_visible()
    chat.shot(f"story-{name}-5-waiting", whole=True)

    chat.reload()
    chat.sees("questions", "total")
    chat.sees("proposal", "Approved by admin")
    chat.run_is("waiting")
    chat.sees("task", "Waiting for you")
    assert world.saw("POST /report").bodies == []

    chat.press("task", "Approve")
    chat.sees("task", "Approved by admin")
    chat.run_is("completed")
    chat.shot(f"story-{name}-6-completed", whole=True)
    chat.shot(f"story-{name}-7-run", card="run")

    assert world.saw("POST /report").bodies == [LARGE]
    chat.reload()
    chat.run_is("completed")
    chat.sees("task", "Approved by admin")
    if name == "light":
        collage(chat, chromium)
    chat.close()


def test_the_first_starter_by_keyboard_alone(parley: Parley, chromium: Browser) -> None:
    """Nothing outside is needed: a form to fill in, a decision, and a message from the workflow in the chat. Tab, Enter and letters do."""
    chat = Chat.open(chromium, parley.address)
    told = chat.page.get_by_role("article").get_by_text("News about the chairs")
    chat.page.goto(parley.address)
    expect(chat.page.locator("#email")).to_be_focused(timeout=SOON_MS)
    chat.type("admin")
    chat.tab_to("Password")
    chat.type(parley.password)
    chat.page.keyboard.press("Enter")
    chat.ready()
    chat.tab_to("Try it here: order chairs", press=True)
    chat.sees("proposal", "Waiting for your decision")
    chat.tab_to("Approve and run", press=True)

    chat.sees("task", "A question for you")
    expect(chat.card("task")).to_be_in_viewport(timeout=SOON_MS)
    chat.shot("starter-form")
    chat.tab_to("chairs")
    chat.type("40")
    chat.tab_to("Send", press=True)
    expect(chat.page.get_by_test_id("task-card")).to_have_count(2, timeout=SOON_MS)
    expect(chat.page.get_by_test_id("task-card").first).to_contain_text("Answered by admin", timeout=SOON_MS)
    chat.sees("task", "Your decision")
    chat.tab_to("Approve", press=True)

    chat.run_is("completed")
    expect(told).to_be_visible(timeout=SOON_MS)
    chat.shot("starter-done", whole=True)
    chat.reload()
    expect(told).to_have_count(1, timeout=SOON_MS)
    chat.close()
