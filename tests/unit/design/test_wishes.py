"""What the offline author makes of wishes, and that it never leaves a part of one out."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dsl
from dsl.walk import steps
from graphs.design import author
from tests.unit.design.beyond import BEYOND
from tests.unit.design.scripted import CATALOGUE, Talk, deps, kinds, offline
from tests.unit.design.wishes import WISHES, Wish

ANSWERS = {
    "email-address": "ada@example.com",
    "person": "Carla",
    "webhook-address": "https://hooks.example.com/y",
    "slack-address": "https://hooks.example.com/s",
    "invoices-address": "https://a.example.com/invoices",
    "item-field": "count",
}


def kind(task: dict[str, Any]) -> str:
    if task.get("call") == "http":
        return str(task["with"]["method"])
    return str(task["call"]).split(":")[0] if "call" in task else next(key for key in KINDS if key in task)


KINDS = ("set", "switch", "for", "fork", "try", "wait", "emit", "listen", "raise", "do")


async def designed(wish: str) -> tuple[Any, list[str]]:
    """Return the definition and the ids of the questions on the way to it."""
    talk, asked = Talk(), []
    events = await talk.say({"text": wish, "as": "wish"})
    while questions := next((event["questions"] for event in events if event["type"] == "questions"), []):
        asked += [question["id"] for question in questions]
        events = await talk.say({"answers": {question["id"]: ANSWERS.get(question["id"], "") for question in questions}})
    assert talk.drafts, events
    return dsl.read(talk.text).data, asked


class TestWishes:
    @pytest.mark.parametrize("wish", WISHES, ids=[wish.said[:60] for wish in WISHES])
    async def test_become_the_definition_that_was_meant(self, wish: Wish) -> None:
        """Schedule, tasks in order and questions are those meant; the definition has no error and a title on every task."""
        data, asked = await designed(wish.said)

        assert (json.dumps(data["schedule"]) if "schedule" in data else "") == wish.schedule
        assert " ".join(kind(step.task) for step in steps(data)) == wish.tasks
        assert " ".join(asked) == wish.questions
        assert [problem for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"] == []
        assert [step.name for step in steps(data) if not step.task["metadata"]["parley"]["title"]] == []

    def test_are_enough_and_half_of_them_say_the_same_in_other_words(self) -> None:
        assert len(WISHES) >= 40
        assert sum(wish.again for wish in WISHES) * 2 >= len(WISHES)

    async def test_are_built_the_same_every_time(self) -> None:
        first, second = await designed(WISHES[0].said), await designed(WISHES[0].said)

        assert first == second


class TestBeyond:
    @pytest.mark.parametrize("wish", BEYOND)
    async def test_is_said_with_the_words_that_were_not_understood(self, wish: str) -> None:
        """Nothing is written, the words are quoted, and what is understood is listed."""
        told = await author(deps(offline()), wish, yes_to_defaults=True)

        assert told["definition"] == ""
        assert [problem["code"] for problem in told["problems"]] == ["not-understood"] * len(told["problems"])
        assert any(BEYOND[wish].lower() in problem["message"].lower() for problem in told["problems"])
        assert "every weekday at 9" in told["problems"][0]["hint"]
        assert [problem["hint"] for problem in told["problems"][1:]] == [""] * (len(told["problems"]) - 1)


class TestHalfUnderstood:
    WISH = "Fetch https://a.example.com/orders, keep the ones from Germany, and post them to https://b.example.com/in"

    async def test_what_was_understood_and_what_was_not_come_first_then_the_wish_without_it(self) -> None:
        (event,) = await Talk().say(self.WISH)

        understood, unknown, offer, *_ = event["text"].split("\n")
        assert understood == "I understood: fetch the orders; post the orders to b.example.com/in."
        assert unknown == "I did not understand: “keep the ones from Germany”."
        assert offer == (
            "Without that part it would be: “Fetch https://a.example.com/orders, and post them to https://b.example.com/in”. "
            "Say “leave it out” for that, or say that part in other words."
        )

    @pytest.mark.parametrize("words", ["leave it out", "Yes, leave that part out.", "ok, without that", "yes"])
    async def test_the_offer_is_taken_in_words(self, words: str) -> None:
        talk = Talk()
        await talk.say(self.WISH)

        events = await talk.say(words)

        assert kinds(events) == ["proposal"]
        assert "Germany" not in talk.text

    async def test_other_words_are_a_new_wish(self) -> None:
        talk = Talk()
        await talk.say(self.WISH)

        events = await talk.say('Fetch https://a.example.com/orders and keep the ones where country is "Germany"')

        assert kinds(events) == ["proposal"]
        assert '.country == "Germany"' in talk.text

    @pytest.mark.parametrize(
        "wish",
        [
            'Let Bob or Anna approve, then post "go" to https://b.example.com/in and notify me by chat',
            "Fetch https://a.example.com/orders and post them to https://b.example.com/in but only on even days",
            "Fetch https://a.example.com/orders and post the total amount to https://b.example.com/r",
            "Wait 10 minutes, no, 5 minutes, then notify me",
        ],
    )
    async def test_what_guards_or_changes_the_rest_is_never_offered_to_be_left_out(self, wish: str) -> None:
        (event,) = await Talk().say({"text": wish, "as": "wish"})

        assert "Without that part" not in event["text"]

    async def test_misspelt_words_are_put_right_and_asked_about(self) -> None:
        talk = Talk()

        (event,) = await talk.say({"text": "evry day at 9 fetch https://a.example.com/orders and notify me", "as": "wish"})

        assert "Did you mean: “every day at 9 fetch https://a.example.com/orders and notify me”." in event["text"]
        assert kinds(await talk.say("yes")) == ["proposal"]

    @pytest.mark.parametrize(
        "wish",
        [
            "Jeden Tag um 9 hole https://a.example.com/orders und schicke sie an https://b.example.com/in",
            "Wenn eine Bestellung kommt, schicke sie an die Küche",
            "Chaque jour à 9 h, récupère https://a.example.com/orders et envoie une copie pour moi",
            "毎朝9時に注文を取得して報告する",
        ],
    )
    async def test_another_language_gets_one_sentence(self, wish: str) -> None:
        (event,) = await Talk().say({"text": wish, "as": "wish"})

        assert event["text"] == "Without a language model I read English only: say it in English, or set PARLEY_MODEL."

    async def test_the_steps_so_far_are_told_where_a_question_is_open(self) -> None:
        told = await author(deps(offline()), "Fetch https://a.example.com/orders and email them to me", yes_to_defaults=False)

        assert (told["definition"], [question["id"] for question in told["questions"]]) == ("", ["email-address"])
        assert told["understood"][0] == "Fetch the orders"


class TestEmoji:
    async def test_are_ignored_outside_of_quotations(self) -> None:
        wish = "🚀🚀 every day at 7 fetch https://a.example.com/orders 🎉 and notify me by chat saying “done 😀” 😀"
        told = await author(deps(offline()), wish, yes_to_defaults=True)

        assert not told["problems"] and "Done 😀" in told["definition"]


class TestMessagesWithoutWords:
    async def test_are_assumptions_that_say_what_is_sent(self) -> None:
        told = await author(deps(offline()), "Fetch https://a.example.com/orders and notify me by chat", yes_to_defaults=True)

        assert any("“News about the orders” with the whole data after it" in words for words in told["assumptions"])


class TestThingsThatNoStepMade:
    @pytest.mark.parametrize("thing", ["hello", "the orders", "it"])
    async def test_are_not_taken_for_what_a_start_brings(self, thing: str) -> None:
        told = await author(deps(offline()), f"Ask Maria to approve, then post {thing} to https://b.example.com/in", yes_to_defaults=True)

        assert not told["definition"]
        assert [problem["message"] for problem in told["problems"]] == [
            f"I did not understand: “{thing}”.",
            f"No step makes “{thing}”: fetch it first, put fixed words in quotes, or say “the input” for what a start brings.",
        ]


class TestValues:
    @pytest.mark.parametrize(
        ("wish", "held"),
        [
            ("Ask me for a customer number, then fetch https://crm.example.com/customers/NUMBER", '"https://crm.example.com/customers/\\(.number | @uri)"'),  # noqa: E501
            ("Every day at 7:30 Berlin time fetch https://a.example.com/x and notify the chat", "timezone: Europe/Berlin"),
            ("Every day at 7:30 New York time notify me", "timezone: America/New_York"),
            ("Delete all customers at https://crm.example.com/customers", "title: Delete all customers\n"),
            ("Get https://a.example.com/a and https://a.example.com/b in parallel", "title: Fetch a.example.com/a and a.example.com/b\n"),
            ("When an event of type order.created arrives, notify me", "title: Read the event\n"),
            ("Fetch http://127.0.0.1:9999/orders and post them to http://127.0.0.1:9999/r", "title: Post the orders to 127.0.0.1:9999/r"),
            ("Fetch https://a.example.com/orders, ask me to approve and notify the chat", "assignee: ada"),
            ("Fetch https://news.example.com/today and summarize it", "title: Fetch news.example.com/today, summarize\n"),
        ],
    )  # fmt: skip
    async def test_are_those_that_were_said(self, wish: str, held: str) -> None:
        assert held in (await author(deps(offline()), wish, yes_to_defaults=True))["definition"]

    @pytest.mark.parametrize(
        ("wish", "said"),
        [
            ("Delete all customers at https://crm.example.com/customers", "what that deletes is up to that address"),
            ("Fetch the open orders from https://a.example.com/orders and notify me", "nothing is picked out of it"),
            (
                "Fetch https://a.example.com/orders and keep the ones where total is above 100",
                "“1,200.50” with a comma is not a plain number",
            ),
            ("Post the input to https://b.example.com/in", "“the input” is the data that the workflow is started with"),
            ("Fetch https://a.example.com/LATEST and notify me", "“LATEST” stands in the address as it is"),
        ],
    )
    async def test_that_were_read_in_one_of_several_ways_are_assumptions(self, wish: str, said: str) -> None:
        told = await author(deps(offline()), wish, yes_to_defaults=True)

        assert told["definition"]
        assert any(said in assumption for assumption in told["assumptions"]), told["assumptions"]
