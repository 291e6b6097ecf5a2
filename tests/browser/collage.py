"""The README's picture: a conversation's wish, proposal, run and decision side by side, made from the real cards."""

from __future__ import annotations

from base64 import b64encode

from playwright.sync_api import Browser, Locator

from tests.browser.chat import ARTIFACTS, Chat

WIDTH = 767  # the widest window without a sidebar
PAGE = """<body style="margin:0;padding:22px;background:#fbfaf8;width:1160px;display:grid;grid-template-columns:1fr 1fr;gap:22px;
align-items:start;box-sizing:border-box">{columns}</body>"""


def collage(chat: Chat, browser: Browser) -> None:
    """Write `.artifacts/story.png` from a conversation that has come to its end."""
    chat.page.set_viewport_size({"width": WIDTH, "height": 4200})
    chat.page.add_style_tag(content=".pl-picture { background-image: none !important }")  # dots make a large file
    chat.page.wait_for_timeout(800)
    wish = chat.page.locator("[data-step-type=user_message]").first
    left, right = [wish, chat.card("proposal")], [chat.card("run"), chat.card("task")]
    columns = "".join(f"<div>{''.join(map(_image, cards))}</div>" for cards in (left, right))
    page = browser.new_page(viewport={"width": 1160, "height": 900})
    page.set_content(PAGE.format(columns=columns))
    page.screenshot(path=str(ARTIFACTS / "story.png"), full_page=True)
    page.close()


def _image(card: Locator) -> str:
    data = b64encode(card.screenshot()).decode()
    return f'<img src="data:image/png;base64,{data}" style="width:100%;display:block;margin-bottom:22px">'
