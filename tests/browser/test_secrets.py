"""A secret is asked for, written, used; and can be read nowhere."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg.sql import SQL, Identifier

from app.settings import Settings
from app.store import embedded
from tests.browser.chat import SOON_MS, Chat
from tests.browser.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]
VALUE = "s3cr3t-Xq7-value"


def test_the_form_takes_it_the_run_uses_it_and_nothing_shows_it(chat: Chat, parley: Parley, shop: tuple[World, str]) -> None:
    """The service even sends the secret back in its answer."""
    world, address = shop
    chat.say(f"Fetch {address}/orders, then post them to {address}/private using the secret DESK_TOKEN")
    chat.sees("proposal", "Still needed before a run: DESK_TOKEN")
    chat.sees("secret", "Not stored yet")
    chat.shot("secret", card="secret")

    field = chat.card("secret").get_by_label("Value of DESK_TOKEN")
    expect(field).to_have_attribute("type", "password")
    field.fill(VALUE)
    chat.press("secret", "Store")
    chat.sees("secret", "Stored by admin")
    expect(field).to_have_value("")
    expect(chat.card("proposal")).not_to_contain_text("Still needed", timeout=SOON_MS)
    chat.press("proposal", "Approve and run")
    chat.run_is("completed")

    assert world.saw("POST /private").only.headers["authorization"] == f"Bearer {VALUE}"
    chat.sees("run", "you_sent")
    chat.reload()
    chat.sees("secret", "Stored by admin")
    assert VALUE not in chat.page.content()
    assert VALUE not in chat.page.request.get(f"{parley.address}/project/thread/{chat.conversation}").text()
    assert "chat.elements" in tables_with(parley, "DESK_TOKEN")  # the search finds what is there
    assert tables_with(parley, VALUE) == []
    assert [log.name for log in (parley.home / "logs").glob("*") if VALUE in log.read_text("utf-8")] == []


def tables_with(parley: Parley, value: str) -> list[str]:
    """Return the tables in which some row holds *value*, as the database's owner sees them."""
    server = embedded.start(Settings(home=parley.home).home_path)
    try:
        with psycopg.connect(**server.conninfo(), autocommit=True) as connection:
            names = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            assert ("chat", "elements") in names
            found = []
            for schema, table in names:
                count = SQL("SELECT count(*) FROM {} AS row WHERE row::text LIKE %s").format(Identifier(schema, table))
                found += [f"{schema}.{table}"] * (connection.execute(count, [f"%{value}%"]).fetchone() or (0,))[0]
            return found
    finally:
        server.close()


KEY = "sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcd"


def test_a_key_pasted_into_the_chat_is_kept_nowhere(chat: Chat, parley: Parley) -> None:
    """Neither on the page at once, nor after a reload, nor in the database or a log."""
    chat.say(f"use the key {KEY} to fetch https://api.example.com/orders and notify me by chat")

    expect(chat.page.locator("[data-step-type=user_message]")).to_contain_text("[secret removed]", timeout=SOON_MS)
    expect(chat.page.locator("[data-step-type=assistant_message]").first).to_contain_text("I masked it", timeout=SOON_MS)
    expect(chat.answer).to_contain_text("Nothing is left out silently", timeout=SOON_MS)
    assert KEY[:20] not in chat.page.content()
    chat.reload()
    expect(chat.page.locator("[data-step-type=user_message]")).to_contain_text("[secret removed]", timeout=SOON_MS)
    assert KEY[:20] not in chat.page.content()
    assert {"chat.steps", "chat.threads"} <= set(tables_with(parley, "secret removed"))
    assert tables_with(parley, KEY) == []
    assert [log.name for log in (parley.home / "logs").glob("*") if KEY in log.read_text("utf-8")] == []
