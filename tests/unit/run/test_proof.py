"""What must hold before a task counts as done, and how a proof answers whether an effect took place."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run import Outcome
from tests.unit.run.harness import Runs, World


def pay(world: World, proof: Any) -> dict[str, Any]:
    request = {"method": "post", "endpoint": f"{world.url}/pay", "body": "${ . }"}
    return {"pay": {"call": "http", "with": request, "metadata": {"parley": {"proof": proof}}}}


def look(world: World) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "get", "endpoint": world.url + "/paid/{id}"}, "input": {"from": "$input"}}


@pytest.fixture
def shop(world: World) -> World:
    world.json("/pay", '{"state": "booked"}')
    world.json("/paid/7", '{"id": 7}')
    return world


async def test_a_task_whose_proof_holds_is_done(runs: Runs, shop: World) -> None:
    outcome = await runs.start([pay(shop, '${ .state == "booked" }')], {"id": 7})

    assert (outcome.status, outcome.output) == ("completed", {"state": "booked"})


async def test_a_task_whose_proof_does_not_hold_failed(runs: Runs, shop: World) -> None:
    outcome = await runs.start([pay(shop, '.state == "final"')], {"id": 7})

    assert outcome.error is not None
    assert (outcome.error["title"], outcome.error["instance"]) == ("Proof Failed", "/do/0/pay")


async def test_a_call_proves_with_the_input_of_the_task(runs: Runs, shop: World) -> None:
    outcome = await runs.start([pay(shop, look(shop))], {"id": 7})

    assert (outcome.status, shop.seen("/paid/7")) == ("completed", 1)


async def test_a_call_that_finds_nothing_proves_that_it_failed(runs: Runs, shop: World) -> None:
    outcome = await runs.start([pay(shop, look(shop))], {"id": 8})

    assert outcome.error is not None
    assert outcome.error["title"] == "Proof Failed"


async def test_a_proof_that_cannot_be_had_fails_as_what_it_is_and_a_retry_only_proves(runs: Runs, shop: World) -> None:
    shop.json("/paid/7", "{}", 503)
    failed = await runs.start([pay(shop, look(shop))], {"id": 7})
    shop.json("/paid/7", "{}")
    retry(runs, failed)

    outcome = await runs.after_kill()

    assert failed.error is not None
    assert (failed.error["status"], failed.failed_path) == (503, "/do/0/pay/proof")
    assert (outcome.status, shop.seen("/pay"), shop.seen("/paid/7")) == ("completed", 1, 2)


def retry(runs: Runs, failed: Outcome) -> None:
    from graphs.run.ports import Row

    runs.journal.rows.append(Row(path=failed.failed_path, attempt=1, kind="retry", reference="", status="started"))


class TestCheck:
    """A process died after the request left; the proof says whether it got there."""

    async def killed(self, runs: Runs, shop: World) -> Outcome:
        from asyncio import Event

        async def never(_request: Any) -> Any:
            await Event().wait()

        shop.on("/pay", never)
        await runs.kill_when(lambda: shop.seen("/pay") == 1, [pay(shop, look(shop))], {"id": 7})
        shop.json("/pay", '{"state": "again"}')
        asked = await runs.after_kill()
        assert [one.kind for one in asked.awaited] == ["outcome-unknown"]
        assert (asked.awaited[0].form or {})["check"] is True
        return asked

    async def test_it_is_there_so_it_happened(self, runs: Runs, shop: World) -> None:
        asked = await self.killed(runs, shop)
        runs.mailbox.answer(asked.awaited[0].path, {"check": True})

        outcome = await runs.after_kill()

        assert (outcome.status, outcome.output, shop.seen("/pay")) == ("completed", {"id": 7}, 1)

    async def test_it_is_not_there_so_it_is_done_now(self, runs: Runs, shop: World) -> None:
        asked = await self.killed(runs, shop)
        shop.json("/paid/7", "{}", 404)
        runs.mailbox.answer(asked.awaited[0].path, {"check": True})

        def paid(_request: Any) -> Any:
            shop.json("/paid/7", "{}")
            return 200, {}, b"{}"

        shop.on("/pay", paid)

        outcome = await runs.after_kill()

        assert (outcome.status, shop.seen("/pay")) == ("completed", 2)

    async def test_nobody_can_tell_so_it_is_asked_again_and_why_is_said(self, runs: Runs, shop: World) -> None:
        asked = await self.killed(runs, shop)
        shop.json("/paid/7", "{}", 500)
        runs.mailbox.answer(asked.awaited[0].path, {"check": True})

        again = await runs.after_kill()
        runs.mailbox.answer(again.awaited[0].path, {"check": True})
        shop.json("/paid/7", '{"id": 7}')
        outcome = await runs.after_kill()

        assert again.awaited[0].path == "/do/0/pay/check"
        assert "answered 500" in (again.awaited[0].form or {})["message"]
        assert (outcome.status, shop.seen("/pay")) == ("completed", 1)
