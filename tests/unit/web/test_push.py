"""What other processes tell through the database reaches the conversation it belongs to."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from app.web.people import People
from app.web.push import NOTICES, Push
from tests.unit.web.fakes import FakeActions, FakeStore

NOTICE = {"id": "n1", "conversation": "c1", "channel": "chat", "title": "Done", "text": "Three orders went out."}


@pytest.mark.parametrize("tenant", ["default", "acme"])
async def test_a_notice_of_any_tenant_is_said_at_once(tenant: str) -> None:
    """The notification names the tenant, whose rows nobody else can see."""
    actions, store = FakeActions(posted={tenant: [NOTICE]}), FakeStore()
    push = Push(cast(Any, None), cast(Any, actions), cast(Any, store), People(cast(Any, actions)))

    push._heard(NOTICES, f"{tenant}/n1,{tenant}/unknown")
    await asyncio.wait_for(store.said.wait(), 5)

    assert [step["output"] for step in store.steps.values()] == ["**Done**\n\nThree orders went out."]
