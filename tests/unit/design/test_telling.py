"""The summary on a card: short sentences from the definition; a title, which anybody can write, never tells an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dsl
from graphs.design import author
from graphs.design.telling import tell
from tests.unit.design.scripted import CATALOGUE, Talk, deps, kinds, model, offline

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/definition.yaml"))
STORY = "Every weekday at 9 UTC fetch http://127.0.0.1:9999/orders, keep the ones where total is above 100 euro, ask me to approve, then post them to http://127.0.0.1:9999/report"  # noqa: E501


async def told(wish: str) -> str:
    data = dsl.read((await author(deps(offline()), wish, yes_to_defaults=True))["definition"]).data
    return str(tell(data, CATALOGUE)["plain"])


def titled(task: dict[str, Any], title: str) -> dict[str, Any]:
    return {**task, "metadata": {"parley": {"title": title}}}


def document(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"document": {"dsl": "1.0.3", "namespace": "a", "name": "b", "version": "0.1.0"}, "do": list(tasks)}


POST = {"call": "http", "with": {"method": "delete", "endpoint": "https://bank.example.com/accounts"}}


class TestSummary:
    async def test_says_what_starts_it_what_it_does_and_who_decides_before_what(self) -> None:
        assert await told(STORY) == (
            "Every weekday at 09:00 (UTC), it fetches the orders from 127.0.0.1:9999, keeps the ones where total is above 100 euro and "
            "asks ada to approve. Only then it posts the orders to 127.0.0.1:9999/report. Nothing else is changed outside."
        )

    @pytest.mark.parametrize(
        ("wish", "part"),
        [
            (
                "Fetch https://a.example.com/orders",
                "When somebody starts it, it fetches the orders from a.example.com. Nothing outside is changed.",
            ),
            (
                "Fetch https://a.example.com/invoice. If total is above 100 notify boss@example.com by email, otherwise notify the chat",
                "tells boss@example.com by email if the total is above 100 and tells you in the chat otherwise.",
            ),
            ("Get https://a.example.com/orders and post every order to https://b.example.com/in", "to b.example.com/in for each order."),
            (
                "Fetch https://a.example.com/stock and https://a.example.com/prices in parallel, then post them to https://a.example.com/sync",
                "it fetches a.example.com/stock, fetches the prices from a.example.com at the same time and posts",
            ),
            (
                "Fetch https://a.example.com/orders; if it fails, notify me; then post them to https://b.example.com/in",
                "tells ada in the chat if “Fetch the orders” fails with a communication error",
            ),
            ("When an order is posted to /orders, post it to https://b.example.com/in", "When the event order.posted arrives, it "),
            (
                "Fetch https://a.example.com/orders, ask me to approve, then post them to https://b.example.com/in. If I say no, tell bob@example.com.",  # noqa: E501
                "tells bob@example.com by email if it was refused. Only after ada approved it, it posts the orders to",
            ),
            ("Delete https://a.example.com/cache", "it deletes a.example.com/cache. Nothing else is changed outside."),
        ],
    )
    async def test_holds_each_part_once(self, wish: str, part: str) -> None:
        words = await told(wish)

        assert part in words
        assert words.count("outside") == 1

    def test_a_title_cannot_hide_an_effect(self) -> None:
        data = document({"look": titled(POST, "Look at the weather")})

        assert tell(data, CATALOGUE)["plain"] == (
            "When somebody starts it, it deletes bank.example.com/accounts. Nothing else is changed outside."
        )

    def test_many_harmless_steps_are_counted_and_effects_never_left_out(self) -> None:
        steps = [{f"s{at}": titled({"set": {"x": at}}, f"Prepare part {at}")} for at in range(9)]

        words = tell(document(*steps, {"drop": POST}), CATALOGUE)["plain"]

        assert "prepares part 5, does 3 more steps and deletes bank.example.com/accounts" in words

    def test_a_condition_is_told_only_where_it_is_the_only_way(self) -> None:
        """The first case leads to the payment, but so does the approval before it: "if the amount is below 500" would be wrong."""
        (path,) = [path for path in EXAMPLES if path.parent.name == "invoice-approval"]

        words = tell(dsl.read(path.read_text("utf-8")).data, CATALOGUE)["plain"]

        assert "in some cases" in words
        assert "below 500 " not in words

    @pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
    def test_every_effect_of_an_example_is_in_it(self, path: Path) -> None:
        data = dsl.read(path.read_text("utf-8")).data

        known = tell(data, CATALOGUE)

        changing = [effect for effect in dsl.effects(data, CATALOGUE) if effect.kind != "read"]
        sentences = known["outside"].replace("Nothing else is changed outside.", "")
        assert bool(changing) == bool(sentences.strip())
        assert known["plain"].endswith("outside.")


class TestModels:
    async def test_words_of_a_model_are_followed_by_what_changes_outside(self) -> None:
        """Whatever a model says, the effects are told from the definition."""
        definition = (await author(deps(offline()), STORY, yes_to_defaults=True))["definition"]
        step = {"id": "a", "text": "A", "uses": "http", "serves": "x"}
        models, _ = model(
            ("design/outline", {"title": "T", "name": "t", "steps": [step]}),
            ("design/draft", {"definition": definition}),
            ("design/summarize", {"text": "It does nothing at all."}),
        )
        talk = Talk(models)

        assert kinds(await talk.say({"text": "x", "as": "wish"})) == ["proposal"]
        assert talk.drafts[0].summary == (
            "It does nothing at all. Only after ada approved it, it posts the orders to 127.0.0.1:9999/report. "
            "Nothing else is changed outside."
        )


@pytest.mark.parametrize(
    ("task", "each"),
    [
        ({"for": {"each": "order", "in": ".orders"}, "do": [{"post": POST}]}, "order"),
        ({"listen": {"to": {"any": [], "until": "false"}}, "foreach": {"do": [{"post": POST}]}}, "event"),
        ({"listen": {"to": {"any": [], "until": "false"}}, "foreach": {"item": "order", "do": [{"post": POST}]}}, "order"),
        (
            {
                "call": "asyncapi",
                "with": {
                    "document": {"endpoint": "https://a.example.com/async.json"},
                    "channel": "orders",
                    "subscription": {"consume": {"amount": 3}, "foreach": {"do": [{"post": POST}]}},
                },
            },
            "message",
        ),
    ],
    ids=["for", "listen", "named", "asyncapi"],
)
def test_what_is_repeated_says_for_each_what(task: dict[str, Any], each: str) -> None:
    outside = str(tell(document({"repeated": task}), CATALOGUE)["outside"])

    assert f"bank.example.com/accounts for each {each}" in outside
