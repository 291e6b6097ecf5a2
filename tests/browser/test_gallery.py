"""Every card in every state can be drawn, in both themes and on a phone; the pictures are in `.artifacts/gallery`."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import ARTIFACTS, SOON_MS, Chat
from tests.browser.gallery import cards

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """The address of the gallery."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.browser.gallery", str(port)], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 1280), ("light", 390)], ids=["light", "dark", "phone"])
def test_all_cards_draw(gallery: str, chromium: Browser, look: str, width: int, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    chat = Chat.open(chromium, gallery, scheme=look, width=width, height=2200)
    chat.page.goto(gallery)
    chat.ready()

    chat.say("all")

    drawn = chat.page.locator(".pl-card")
    expect(drawn).to_have_count(len(cards()), timeout=SOON_MS)
    chat.page.wait_for_timeout(800)
    (ARTIFACTS / "gallery").mkdir(parents=True, exist_ok=True)
    for place in range(drawn.count()):
        card = drawn.nth(place)
        card.screenshot(path=str(ARTIFACTS / "gallery" / f"{name}-{place:02d}.png"))
        too_wide = card.evaluate("(one) => one.scrollWidth > one.clientWidth + 1")
        assert not too_wide, f"card {place} is wider than the window"
    chat.close()


def test_an_action_that_is_refused_says_why_on_the_card(gallery: str, chromium: Browser) -> None:
    chat = Chat.open(chromium, gallery)
    chat.page.goto(gallery)
    chat.ready()
    chat.say("proposal open")
    chat.sees("proposal")

    chat.press("proposal", "Approve")

    chat.sees("proposal", "This is a gallery: nothing happens here.")
    chat.close()


def test_a_half_typed_text_survives_an_update_of_the_page(gallery: str, chromium: Browser) -> None:
    """The chat compiles a card again on every change around it; its state must not go with it."""
    chat = Chat.open(chromium, gallery)
    chat.page.goto(gallery)
    chat.ready()
    chat.say("task approve")
    chat.sees("task")
    comment = chat.card("task").get_by_role("textbox")
    comment.fill("looks ri")

    chat.say("run waiting")
    chat.sees("run")

    expect(comment).to_have_value("looks ri")
    chat.close()
