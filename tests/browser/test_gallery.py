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

from tests.browser.chat import SOON_MS, Chat
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


LOOKS = {"light": ("Light Theme", 1280), "dark": ("Dark Theme", 1280), "phone": ("Light Theme", 390)}
TOO_WIDE = "(cards) => cards.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute('aria-label'))"

NAMELESS = """(cards) => cards.flatMap((card) => [...card.querySelectorAll('input, select, textarea, button, [role=region], [role=tab]')])
    .filter((one) => !(one.getAttribute('aria-label') || [...(one.labels || [])].map((label) => label.innerText).join('') || one.innerText))
    .map((one) => one.outerHTML)"""


def test_all_cards_draw_in_both_themes_and_on_a_phone(gallery: str, chromium: Browser) -> None:
    chat = Chat.open(chromium, gallery)
    chat.visit()

    chat.say("all")

    drawn = chat.page.locator(".pl-card")
    expect(drawn).to_have_count(len(cards()), timeout=SOON_MS)
    assert drawn.evaluate_all(NAMELESS) == [], "nothing tells what it is"
    for name, (look, width) in LOOKS.items():
        chat.page.get_by_role("button", name="Toggle theme").click()
        chat.page.get_by_role("menuitem", name=look, exact=True).click()
        chat.page.set_viewport_size({"width": width, "height": 2000})
        assert drawn.evaluate_all(TOO_WIDE) == [], f"wider than the window: {name}"
        chat.shot(f"gallery-{name}", whole=True)
    chat.close()


CUT_OFF = """(tables) => tables.flatMap((table) => {
    const edge = table.parentElement.getBoundingClientRect().right + 1
    return [...table.querySelectorAll('th:last-child, td:last-child')].filter((cell) => cell.getBoundingClientRect().right > edge)
}).map((cell) => cell.innerText)"""


def test_who_decides_is_in_sight_beside_what_cannot_be_undone(gallery: str, chromium: Browser) -> None:
    chat = Chat.open(chromium, gallery, width=1280, height=900)
    chat.visit()

    chat.say("proposal notifies")

    chat.sees("proposal", "cannot be undone")
    chat.shot("effects", card="proposal")
    assert chat.card("proposal").get_by_test_id("effects").evaluate_all(CUT_OFF) == []
    chat.close()


SPILLED = """(svg) => [...svg.querySelectorAll('.pl-node')].filter((node) => {
    const box = node.querySelector('rect').getBBox()
    const inside = (own) => own.x >= box.x && own.x + own.width <= box.x + box.width + 1 && own.y >= box.y - 1 &&
        own.y + own.height <= box.y + box.height + 1
    return ![...node.querySelectorAll(':scope > text')].every((text) => inside(text.getBBox()))
}).map((node) => node.getAttribute('aria-label'))"""


def test_odd_text_is_only_text_and_stays_in_its_place(gallery: str, chromium: Browser) -> None:
    """HTML in names does nothing; long, right-to-left and emoji titles stay inside their boxes; a title never stands alone."""
    chat = Chat.open(chromium, gallery)
    chat.visit()
    for text in ("odd titles", "two hundred rows", "task odd"):
        chat.say(text)
        chat.sees("task" if text == "task odd" else "run" if "rows" in text else "proposal")

    assert chat.page.title() == "Parley"
    assert chat.page.locator(".pl-card :is(script, img, iframe)").count() == 0
    expect(chat.card("proposal").locator(".pl-detail").first).to_contain_text('Set said to "Reconcile the ledger')
    assert [chat.card(kind).locator(".pl-picture-scroll svg[role=group]").evaluate(SPILLED) for kind in ("proposal", "run")] == [[], []]
    chat.press("run", "Show all 200 rows")
    expect(chat.card("run").locator("tbody tr")).to_have_count(200)
    chat.close()


def test_the_step_at_work_is_in_sight_in_a_long_picture(gallery: str, chromium: Browser) -> None:
    chat = Chat.open(chromium, gallery)
    chat.visit()

    chat.say("forty tasks run")

    chat.sees("run", "task")
    expect(chat.card("run").locator("[data-node='/do/30/task30']")).to_be_in_viewport(timeout=SOON_MS)
    chat.close()


def test_an_action_that_is_refused_says_why_on_the_card(gallery: str, chromium: Browser) -> None:
    chat = Chat.open(chromium, gallery)
    chat.visit()
    chat.say("proposal open")
    chat.sees("proposal")

    chat.press("proposal", "Approve")

    chat.sees("proposal", "This is a gallery: nothing happens here.")
    chat.close()


def test_a_half_typed_text_survives_an_update_of_the_page(gallery: str, chromium: Browser) -> None:
    """The chat compiles a card again on every change around it; its state must not go with it."""
    chat = Chat.open(chromium, gallery)
    chat.visit()
    chat.say("task approve")
    chat.sees("task")
    comment = chat.card("task").get_by_role("textbox")
    comment.fill("looks ri")

    chat.say("run waiting")
    chat.sees("run")

    expect(comment).to_have_value("looks ri")
    chat.close()
