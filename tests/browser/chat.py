"""The chat as a person uses it: what can be seen, typed and pressed. Fails when the page asks another host for anything."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, WebSocket, expect

ARTIFACTS = Path(__file__).parents[2] / ".artifacts"
SOON_MS = 20_000
# What has the focus: its name for assistive programs, and whether the focus can be seen.
FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one)
    const name = one.getAttribute('aria-label') || [...(one.labels || [])].map((label) => label.innerText).join(' ') || one.innerText || ''
    return {name: name.trim(), seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none'}
}"""
TABS = 80
# Chainlit asks who is signed in before anybody is, and says so in the console.
EXPECTED_ERRORS = ("401", "Unauthorized")


class Chat:
    """One browser context with one page."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.page: Page = context.new_page()
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.connections = 0
        self.page.on("request", self._note_request)
        self.page.on("websocket", self._note_socket)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    def open(
        cls, browser: Browser, address: str, *, scheme: Any = "light", width: int = 1280, height: int = 900, session: Any = None
    ) -> Chat:
        """Open a window of its own; *session* (Playwright's storage state) is somebody who has signed in before."""
        size: Any = {"width": width, "height": height}
        place = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}
        return cls(browser.new_context(viewport=size, color_scheme=scheme, storage_state=session, **place), address)

    def close(self) -> None:
        """Close the browser window. Fails when a script broke or another host was asked."""
        self.context.close()
        assert self.foreign == []
        assert self.errors == []

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto(self.address)
        self.page.fill("#email", name)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.ready()

    def visit(self, path: str = "/") -> None:
        self.page.goto(f"{self.address}{path}")
        self.ready()

    def ready(self, *, connections: int = 1) -> None:
        """Wait until something can be said: the socket connects a moment after the page shows."""
        expect(self.composer).to_be_visible(timeout=SOON_MS)
        give_up = time.monotonic() + SOON_MS / 1000
        while self.connections < connections:
            assert time.monotonic() < give_up, "the page does not connect"
            self.page.wait_for_timeout(20)

    @property
    def composer(self) -> Locator:
        return self.page.locator("#chat-input")

    @property
    def conversation(self) -> str:
        """The id in the address."""
        self.page.wait_for_url("**/thread/*", timeout=SOON_MS)
        return urlsplit(self.page.url).path.rpartition("/")[2]

    def say(self, text: str) -> None:
        self.composer.click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    @property
    def answer(self) -> Locator:
        """What Parley said last."""
        return self.page.locator("[data-step-type=assistant_message]").last

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        self.page.keyboard.type(text)

    def tab_to(self, name: str, *, press: bool = False) -> None:
        """Press Tab until something with this name has the focus, which must be seen; with *press* then Enter."""
        passed = []
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(FOCUSED)
            passed.append(here["name"])
            if name == here["name"] or (not press and name in here["name"]):
                assert here["seen"], f"the focus on {name!r} cannot be seen"
                if press:
                    self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"Tab does not lead to {name!r}, only to {passed}")

    def card(self, kind: str) -> Locator:
        """Return the newest card of this kind: questions, proposal, run, task, secret."""
        return self.page.get_by_test_id(f"{kind}-card").last

    def press(self, kind: str, name: str) -> None:
        """Press a button of the newest card of this kind."""
        self.card(kind).get_by_role("button", name=name, exact=True).click()

    def sees(self, kind: str, text: str = "") -> None:
        """Wait for a card, and for *text* in it."""
        expect(self.card(kind)).to_be_visible(timeout=SOON_MS)
        if text:
            expect(self.card(kind)).to_contain_text(text, timeout=SOON_MS)

    def reload(self) -> None:
        before = self.connections
        self.page.reload()
        self.ready(connections=before + 1)

    def run_is(self, status: str) -> None:
        expect(self.card("run").get_by_test_id("run-status")).to_have_attribute("data-status", status, timeout=SOON_MS)

    def shot(self, name: str, *, card: str = "", whole: bool = False) -> None:
        """Keep a picture in `.artifacts/`; with *whole* the window grows until the conversation fits."""
        ARTIFACTS.mkdir(exist_ok=True)
        size = self.page.viewport_size
        if whole and size:
            height = self.page.evaluate("Math.max(...[...document.querySelectorAll('.overflow-y-auto')].map((one) => one.scrollHeight))")
            self.page.set_viewport_size({"width": size["width"], "height": min(16000, int(height) + 260)})
        self.page.wait_for_timeout(500)  # transitions
        target: Any = self.card(card) if card else self.page
        target.screenshot(path=str(ARTIFACTS / f"{name}.png"))
        if whole and size:
            self.page.set_viewport_size(size)

    def action(self, name: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Call a card's action as a forger would: by hand, with this browser's session. Returns status and body."""
        script = """async ([name, payload]) => {
            const reply = await fetch('/project/action', {method: 'POST', headers: {'Content-Type': 'application/json'},
                body: JSON.stringify({sessionId: window.__session, action: {name, payload}})})
            return [reply.status, await reply.text()]
        }"""
        status, body = self.page.evaluate(script, [name, payload])
        return int(status), json.loads(body)

    def watch_session(self) -> None:
        """Keep the socket's session id in the page; call before it connects."""
        self.context.add_init_script(
            """const send = window.fetch; window.fetch = function (url, options) {
                if (String(url).includes('/set-session-cookie')) window.__session = JSON.parse(options.body).session_id
                return send.apply(this, arguments)
            }"""
        )

    def _note_socket(self, socket: WebSocket) -> None:
        def received(frame: str | bytes) -> None:
            self.connections += frame[:2] in ("40", b"40")  # socket.io: connected

        socket.on("framereceived", received)

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.address).netloc:
            self.foreign.append(request.url)
