"""What happens while nobody looks, in another tab, or while the server is down."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.chat import SOON_MS, Chat
from tests.browser.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


def waiting_run(chat: Chat, address: str) -> None:
    """Bring the conversation to a run that waits for a person."""
    chat.say(f"Fetch {address}/orders, ask me to approve, then post them to {address}/report")
    chat.sees("proposal", "Waiting for your decision")
    chat.press("proposal", "Approve and run")
    chat.sees("task", "Waiting for you")
    chat.run_is("waiting")


def test_a_decision_in_one_tab_shows_in_the_other(chat: Chat, chromium: Browser, admin: Any, shop: tuple[World, str]) -> None:
    waiting_run(chat, shop[1])
    second = Chat.open(chromium, chat.address, session=admin)
    second.visit(f"/thread/{chat.conversation}")
    second.sees("task", "Waiting for you")

    second.press("task", "Approve")

    chat.sees("task", "Approved by admin")
    chat.run_is("completed")
    second.run_is("completed")
    second.close()


def test_a_press_the_server_cannot_place_yet_is_made_again_by_the_card_and_counts_once(chat: Chat, shop: tuple[World, str]) -> None:
    """Twice the page's session is one that the server does not know, as just after a reload; nobody notices."""
    waiting_run(chat, shop[1])
    answers: list[int] = []

    def mislead(route: Route) -> None:
        request = route.request.post_data_json
        route.continue_(post_data=json.dumps({**request, "sessionId": "gone"}) if len(answers) < 2 else None)

    chat.page.route("**/project/action", mislead)
    chat.page.on("response", lambda answer: answers.append(answer.status) if answer.url.endswith("/project/action") else None)

    chat.press("task", "Approve")

    chat.sees("task", "Approved by admin")
    chat.run_is("completed")
    assert answers == [409, 409, 200]
    assert len(shop[0].saw("POST /report").bodies) == 1


def test_an_open_page_finds_its_way_back_after_the_server_died(chat: Chat, parley: Parley, shop: tuple[World, str]) -> None:
    """The web process is killed while a person is asked; the page reconnects by itself and the answer counts."""
    waiting_run(chat, shop[1])
    web, before = parley.process("serve"), chat.connections

    web.kill()

    _wait_for_another(web.pid, parley)
    chat.ready(connections=before + 1)  # a page tries again after at most five seconds
    expect(chat.page.locator("#session-error")).to_be_hidden(timeout=SOON_MS)
    chat.sees("task", "Waiting for you")
    chat.press("task", "Approve")
    chat.run_is("completed")
    assert len(shop[0].saw("POST /report").bodies) == 1


def _wait_for_another(pid: int, parley: Parley) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError, StopIteration, psutil.Error):
            if parley.process("serve").pid != pid and urllib.request.urlopen(f"{parley.address}/api/health", timeout=2).status == 200:
                return
        time.sleep(0.2)
    raise AssertionError("the web process did not come back")


def test_a_failure_says_what_where_why_and_what_next_and_can_be_retried(chat: Chat, shop: tuple[World, str]) -> None:
    world, address = shop
    chat.say(f"Fetch {address}/orders, then post them to {address}/broken")
    chat.sees("proposal", "Waiting for your decision")

    chat.press("proposal", "Approve and run")

    chat.run_is("faulted")
    for word in ("Where", "Why", "What next", "500"):
        chat.sees("run", word)
    chat.shot("failure", card="run")
    chat.press("run", "Retry the failed step")
    chat.run_is("faulted")
    world.wait_for("POST /broken", times=2)


def test_a_run_can_be_cancelled(chat: Chat, shop: tuple[World, str]) -> None:
    waiting_run(chat, shop[1])

    chat.press("run", "Cancel")

    chat.run_is("cancelled")
    chat.sees("task", "No longer waiting")
    assert shop[0].saw("POST /report").bodies == []


def test_a_proposal_can_be_changed_and_the_old_one_is_closed(chat: Chat, shop: tuple[World, str]) -> None:
    chat.say(f"Fetch {shop[1]}/orders, keep the ones where total is above 100, then post them to {shop[1]}/report")
    chat.sees("proposal", "Waiting for your decision")

    chat.press("proposal", "Change…")
    chat.card("proposal").get_by_role("textbox").fill("use 200 instead of 100")
    chat.press("proposal", "Send the change")

    expect(chat.page.get_by_test_id("proposal-card")).to_have_count(2, timeout=SOON_MS)
    chat.sees("proposal", "200")
    expect(chat.page.get_by_test_id("proposal-card").first).to_contain_text("Replaced by a newer proposal", timeout=SOON_MS)


def test_rejecting_closes_the_proposal(chat: Chat, shop: tuple[World, str]) -> None:
    chat.say(f"Fetch {shop[1]}/orders, then post them to {shop[1]}/report")
    chat.sees("proposal", "Waiting for your decision")

    chat.press("proposal", "Reject")
    chat.press("proposal", "Reject")

    chat.sees("proposal", "Rejected by admin")


@pytest.mark.parametrize("label", ["Fetch and summarize", "Large orders, every weekday"])
def test_the_other_starters_lead_to_a_proposal_or_a_question(chat: Chat, label: str) -> None:
    chat.page.get_by_role("button", name=label).click()

    expect(chat.page.locator("[data-testid=proposal-card], [data-testid=questions-card]").first).to_be_visible(timeout=SOON_MS)
