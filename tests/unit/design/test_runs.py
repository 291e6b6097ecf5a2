"""What the offline author writes is run: the data that leaves is what the person said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

import dsl
from dsl.expressions import Expressions
from graphs import run
from graphs.design import author
from graphs.run.memory_ports import ephemeral_deps
from graphs.run.ports import HttpRequest, HttpResponse
from tests.unit.design.scripted import CATALOGUE, Talk, deps, offline

ORDERS = [{"id": 1, "total": 250}, {"id": 2, "total": "40.50"}, {"id": 3, "total": "101"}, {"id": 4}]

PEOPLE = [
    {"name": "Ada", "joined": "2020-02-01"},
    {"name": "Bob", "joined": "2999-01-01T00:00:00Z"},
    {"name": "Eve", "joined": "2021-03-04T05:06:07.89Z"},
    {"name": "Pat"},
]


class Shop:
    """An HTTP client that answers GET from a table and notes everything else."""

    def __init__(self, pages: dict[str, Any], kind: str = "application/json") -> None:
        self.pages, self.kind, self.sent = pages, kind, list[tuple[str, str, Any]]()

    async def send(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            page, status = self.pages.get(request.url), 200 if request.url in self.pages else 503
            body = (str(page) if self.kind.startswith("text/") else json.dumps(page)).encode()
            return HttpResponse(status=status, headers={"content-type": self.kind}, body=body, url=request.url)
        text = dict(request.headers).get("Content-Type", "").startswith("text/") and request.body
        self.sent.append((request.method, request.url, text.decode() if text else json.loads(request.body) if request.body else None))
        return HttpResponse(status=201, headers={}, body=b"", url=request.url)


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    pool = Expressions(children=1)
    yield pool
    await pool.aclose()


async def ran(
    text: str, shop: Shop, expressions: Expressions, *, approved: bool = True, data: Any = None, answers: Any = None
) -> tuple[Any, Any]:
    """Run a definition, answering every approval and form; return the outcome and the ports."""
    ports = ephemeral_deps(expressions=expressions, catalogue=CATALOGUE, http=shop)
    graph, program = run.run_graph(InMemorySaver()), run.compile(dsl.read(text).data, CATALOGUE)
    outcome = await run.execute(graph, ports, run_id="r", program=program, input=data)
    while outcome.status == "waiting":
        deliveries = {one.path: answers or {"approved": approved, "comment": "", "by": "ada"} for one in outcome.awaited}
        outcome = await run.execute(graph, ports, run_id="r", program=program, deliveries=deliveries)
    return outcome, ports


async def written(wish: str) -> str:
    return str((await author(deps(offline()), wish, yes_to_defaults=True))["definition"])


STORY = "Every weekday at 9 fetch http://shop/orders, keep the ones where total is above 100 euro, ask me to approve, then post them to http://shop/report"


class TestTheStory:
    @pytest.mark.parametrize("page", [ORDERS, {"orders": ORDERS}, {"items": ORDERS}], ids=["a list", "under orders", "under items"])
    async def test_posts_the_kept_orders_after_a_yes(self, page: Any, expressions: Expressions) -> None:
        """Numbers written as text count, items without a number do not."""
        shop = Shop({"http://shop/orders": page})

        outcome, _ = await ran(await written(STORY), shop, expressions)

        assert outcome.status == "completed"
        assert shop.sent == [("POST", "http://shop/report", [ORDERS[0], ORDERS[2]])]

    async def test_posts_nothing_after_a_no(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": ORDERS})

        outcome, _ = await ran(await written(STORY), shop, expressions, approved=False)

        assert (outcome.status, shop.sent) == ("completed", [])

    @pytest.mark.parametrize(
        "change",
        ["ask Bob to approve before posting", "notify me before posting", "notify me after the fetch", "wait 1 second before posting"],
    )
    async def test_still_posts_the_kept_orders_after_a_step_was_added(self, change: str, expressions: Expressions) -> None:
        talk, shop = Talk(), Shop({"http://shop/orders": ORDERS})
        await talk.say(STORY)
        await talk.say(change)

        outcome, _ = await ran(talk.text, shop, expressions)

        assert (len(talk.drafts), outcome.status) == (2, "completed")
        assert shop.sent == [("POST", "http://shop/report", [ORDERS[0], ORDERS[2]])]


class TestOtherWishes:
    async def test_a_loop_sends_each_item_to_its_own_address(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": ORDERS[:2]})

        outcome, _ = await ran(
            await written("Fetch http://shop/orders and for each order put it to http://shop/in/{id}"), shop, expressions
        )

        assert outcome.status == "completed"
        assert shop.sent == [("PUT", "http://shop/in/1", ORDERS[0]), ("PUT", "http://shop/in/2", ORDERS[1])]

    @pytest.mark.parametrize(("total", "approved", "sent"), [(2000, True, 1), (2000, False, 0), (10, False, 1)])
    async def test_a_refusal_in_a_branch_ends_all_of_it(self, total: int, approved: bool, sent: int, expressions: Expressions) -> None:
        shop = Shop({})
        text = await written(
            "When an order is posted, if the total is over 1000, ask Bob to approve, otherwise notify me by chat. Then post it to http://shop/in."
        )

        await ran(text, shop, expressions, approved=approved, data=[{"data": {"id": 7, "total": total}}])

        assert shop.sent == [("POST", "http://shop/in", {"id": 7, "total": total})] * sent

    async def test_a_loop_goes_on_after_a_refusal(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": ORDERS[:2]})

        outcome, _ = await ran(
            await written("Fetch http://shop/orders and, for each order, ask me to approve and then post it to http://shop/in"),
            shop,
            expressions,
            approved=False,
        )

        assert (outcome.status, shop.sent) == ("completed", [])

    async def test_parallel_answers_are_posted_together(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/stock": [1], "http://shop/prices": [2]})

        await ran(
            await written("Fetch http://shop/stock and http://shop/prices in parallel, then post them to http://shop/sync"),
            shop,
            expressions,
        )

        assert shop.sent == [("POST", "http://shop/sync", {"stock": [1], "prices": [2]})]

    async def test_nothing_left_is_not_posted(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": {"orders": []}})

        outcome, _ = await ran(
            await written("Fetch http://shop/orders, if there are none, stop, otherwise post them to http://shop/in"), shop, expressions
        )

        assert (outcome.status, shop.sent) == ("completed", [])

    async def test_a_failure_is_told_and_ends_the_run(self, expressions: Expressions) -> None:
        shop = Shop({})

        outcome, ports = await ran(
            await written("Fetch http://shop/orders; if it fails, notify me; then post them to http://shop/in"), shop, expressions
        )

        assert (outcome.status, shop.sent) == ("completed", [])
        (notice,) = ports.notices.posted.values()
        assert notice.to == "ada"
        assert notice.text.startswith("A call failed: {")

    @pytest.mark.parametrize(("total", "sent"), [(5, 0), (500, 1)])
    async def test_stop_in_a_branch_ends_what_follows_the_branch_too(self, total: int, sent: int, expressions: Expressions) -> None:
        shop = Shop({"http://shop/order": {"total": total}})
        text = await written(
            "Fetch http://shop/order. If the total is below 10, notify me and stop, otherwise wait 1 second. Then post it to http://shop/in."
        )

        outcome, _ = await ran(text, shop, expressions)

        assert (outcome.status, len(shop.sent)) == ("completed", sent)

    async def test_an_answer_of_another_shape_stops_the_run_in_words_instead_of_counting_as_empty(self, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": {"page": 1, "entries": [{"total": 150}]}})

        outcome, _ = await ran(await written(STORY), shop, expressions)

        assert (outcome.status, shop.sent) == ("faulted", [])
        assert "the answer holds no list under orders, items, data or results" in str(outcome.error)

    async def test_the_answer_of_a_form_fills_the_address(self, expressions: Expressions) -> None:
        text = await written("Ask me for a customer number, then fetch http://shop/customers/NUMBER and post it to http://shop/in")
        shop = Shop({"http://shop/customers/a%2F7": {"name": "ACME"}})

        outcome, _ = await ran(text, shop, expressions, answers={"number": "a/7"})

        assert (outcome.status, shop.sent) == ("completed", [("POST", "http://shop/in", {"name": "ACME"})])

    @pytest.mark.parametrize(
        ("wish", "sent"),
        [
            ("Fetch http://shop/orders, keep the 2 most expensive ones by total and post them to http://shop/in", [ORDERS[0], ORDERS[2]]),
            ("Fetch http://shop/orders and post the number of orders to http://shop/in", 4),
            ("Fetch http://shop/orders and post the last 2 to http://shop/in", ORDERS[2:]),
            ("Fetch http://shop/orders, sort them by id descending and post the first one to http://shop/in", ORDERS[3]),
            ("Fetch http://shop/orders and http://shop/name and post both to http://shop/in", {"orders": ORDERS, "name": "Shop"}),
            ("Fetch http://shop/orders and http://shop/name and post them to http://shop/in", {"orders": ORDERS, "name": "Shop"}),
            ("Fetch http://shop/orders, calculate the sum of id and post it to http://shop/in", 10),
            ("Fetch http://shop/orders and post the average of id to http://shop/in", 2.5),
            (
                "Fetch http://shop/orders, keep those where total is missing and post only the id and total to http://shop/in",
                [{"id": 4, "total": None}],
            ),
            (
                "Fetch http://shop/people, keep those where joined is older than 90 days and post their names to http://shop/in",
                ["Ada", "Eve"],
            ),
            (
                "Ask http://shop/name and http://shop/name at once and go on with whichever answers first; post that to http://shop/in",
                "Shop",
            ),
        ],
    )
    async def test_what_is_picked_is_what_was_said(self, wish: str, sent: Any, expressions: Expressions) -> None:
        shop = Shop({"http://shop/orders": ORDERS, "http://shop/name": "Shop", "http://shop/people": PEOPLE})

        outcome, _ = await ran(await written(wish), shop, expressions)

        assert (outcome.status, shop.sent) == ("completed", [("POST", "http://shop/in", sent)])

    @pytest.mark.parametrize(
        "page",
        ["Prices rose. Bread costs more.", "<html><style>p {}</style><p>Prices rose.</p> <p>Bread costs more.</p></html>"],
        ids=["text", "html"],
    )
    async def test_a_page_is_summarized(self, page: str, expressions: Expressions) -> None:
        shop = Shop({"http://shop/page": page}, kind="text/html")

        outcome, _ = await ran(await written("Summarize http://shop/page and post it to http://shop/in"), shop, expressions)

        assert (outcome.status, shop.sent) == ("completed", [("POST", "http://shop/in", "Prices rose. Bread costs more.")])
