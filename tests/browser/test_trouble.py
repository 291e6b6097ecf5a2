"""What goes wrong around a wish is said in the chat: which model, why, what next; and a database that comes back loses nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from app.settings import Settings
from app.store import embedded
from tests.acceptance.serving import up
from tests.browser.chat import SOON_MS, Chat
from tests.browser.conftest import Parley, environment
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]
NOBODY = "http://127.0.0.1:9/v1"  # the discard port: connections are refused


@contextmanager
def without_model(parley: Parley, chromium: Browser, session: Any) -> Iterator[Chat]:
    """A second web process on the same data whose model is not there, and a window in it."""
    more = {"PARLEY_MODEL": "openai:x", "OPENAI_BASE_URL": NOBODY, "OPENAI_API_KEY": "unused", "PARLEY_MODEL_TIMEOUT_S": "5"}
    command = [sys.executable, "-P", "-m", "app", "serve"]
    with up(command, folder=parley.home.parent, environment=environment(parley.home) | more) as running:
        chat = Chat.open(chromium, running.wait_for("http://localhost:", timeout_s=60), session=session)
        chat.visit()
        yield chat
        chat.close()


def test_a_model_that_is_not_there_is_named_with_the_reason_and_the_way_out(parley: Parley, chromium: Browser, admin: Any) -> None:
    with without_model(parley, chromium, admin) as chat:
        chat.say("Every day at 9 fetch https://shop.example/orders")

        said = chat.answer
        expect(said).to_contain_text("No language model answered.", timeout=SOON_MS)
        for words in ("openai:x", "127.0.0.1:9", "PARLEY_MODEL", "offline"):
            expect(said).to_contain_text(words)
        chat.shot("model-away")
        assert chat.page.get_by_test_id("proposal-card").count() == 0


def test_a_wish_beyond_the_offline_author_says_what_it_does_understand(chat: Chat) -> None:
    chat.say("Make my company carbon neutral by optimising the supply chain")

    expect(chat.answer).to_contain_text("every weekday at 9", timeout=SOON_MS)
    chat.shot("beyond")
    assert chat.page.get_by_test_id("proposal-card").count() == 0


def test_what_is_said_while_the_database_is_down_is_answered_and_kept(chat: Chat, parley: Parley, shop: tuple[World, str]) -> None:
    """`parley up` starts it again."""
    chat.say("help")
    expect(chat.answer).to_contain_text("Tell me in your own words", timeout=SOON_MS)
    thread = chat.conversation
    server = embedded.start(Settings(home=parley.home).home_path)
    try:
        server.stop()
        chat.say(f"Fetch {shop[1]}/orders, then post them to {shop[1]}/report")

        chat.sees("proposal", "Waiting for your decision")
    finally:
        server.close()

    chat.press("proposal", "Approve and run")
    chat.run_is("completed")
    assert chat.conversation == thread
    chat.reload()
    for text in ("help", f"Fetch {shop[1]}/orders, then post"):
        expect(chat.page.locator("[data-step-type=user_message]").filter(has_text=text)).to_have_count(1)
    chat.run_is("completed")
