"""A conversation: questions, free words while something is pending, decisions, secrets, and what is remembered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from graphs.design import author
from graphs.models import Attempt, ModelRouter, ModelUnavailable
from graphs.models.errors import BadReply
from tests.unit.design.scripted import Talk, deps, kinds, model, offline

STORY = "Every weekday at 9 fetch http://127.0.0.1:8123/orders, keep the ones above 100 euro, ask me to approve, then post them to http://127.0.0.1:8123/report"
CLEAR = STORY.replace("the ones above", "the ones where total is above")


async def asked() -> Talk:
    talk = Talk()
    await talk.say(STORY)
    return talk


async def proposed() -> Talk:
    talk = Talk()
    await talk.say(CLEAR)
    return talk


class TestQuestions:
    async def test_come_with_proposed_answers_and_the_reason(self) -> None:
        events = await Talk().say(STORY)

        assert kinds(events) == ["questions"]
        (question,) = events[0]["questions"]
        assert (question["id"], question["options"], question["default"]) == ("amount-field", ["amount", "total", "price"], "amount")
        assert "above 100 euro" in question["why"]

    @pytest.mark.parametrize("words", ["total", "it is called total", "the field is total", "use `total`", "The total field."])
    async def test_are_answered_in_words(self, words: str) -> None:
        talk = await asked()

        events = await talk.say(words)

        assert kinds(events) == ["proposal"]
        assert "(.total | tonumber?) > 100" in re.sub(r"\s+", " ", talk.text)

    async def test_are_answered_by_a_card(self) -> None:
        talk = await asked()

        assert kinds(await talk.say({"answers": {"amount-field": "net.price"}})) == ["proposal"]
        assert "(.net.price | tonumber?) > 100" in re.sub(r"\s+", " ", talk.text)

    async def test_take_the_default_when_the_card_is_sent_empty_and_the_card_says_so(self) -> None:
        talk = await asked()

        await talk.say({"answers": {}})

        assert "Which field holds the amount? amount (assumed)" in talk.drafts[0].assumptions

    async def test_stay_open_with_the_reason_when_the_answer_has_the_wrong_shape(self) -> None:
        talk = Talk()
        await talk.say("Fetch http://a/orders and email them to me")

        events = await talk.say({"answers": {"email-address": "at home"}})

        assert kinds(events) == ["say", "questions"]
        assert "“at home” is not an e-mail address." in events[0]["text"]

    async def test_stay_open_while_something_else_is_asked_or_said(self) -> None:
        talk = await asked()

        first, second = await talk.say("what does it do?"), await talk.say("help")

        assert kinds(first) == kinds(second) == ["say", "questions"]
        assert "So far I plan this" in first[0]["text"]
        assert kinds(await talk.say("total")) == ["proposal"]

    async def test_that_were_answered_are_not_asked_again(self) -> None:
        talk = Talk()
        await talk.say("Fetch the open invoices, keep those above 500 euro and tell Anna")
        await talk.say({"answers": {"amount-field": "net"}})

        (event,) = await talk.say({"answers": {"channel": "chat"}})

        assert [question["id"] for question in event["questions"]] == ["invoices-address"]
        assert kinds(await talk.say("https://a.example.com/invoices")) == ["proposal"]

    async def test_are_at_most_three_at_once(self) -> None:
        questions = [{"id": f"q{n}", "text": f"Question {n}?"} for n in range(5)]
        plan = {"title": "T", "name": "t", "steps": [{"id": "a", "text": "A", "uses": "set"}], "questions": questions}
        talk = Talk(model(("design/classify", {"intent": "design", "confidence": 1}), ("design/outline", plan))[0])

        first = await talk.say("something")
        second = await talk.say({"answers": {"q0": "a", "q1": "b", "q2": "c"}})

        assert [len(event["questions"]) for event in [*first, *second]] == [3, 2]


class TestRunsInWords:
    async def test_a_start_before_the_approval_points_at_the_card(self) -> None:
        talk = await proposed()

        (event,) = await talk.say("run it")

        assert event["type"] == "say" and event["text"].startswith("Approve it first")

    @pytest.mark.parametrize(("words", "button"), [("retry it", "Retry"), ("retry", "Retry"), ("cancel it", "Cancel"), ("stop", "Cancel")])
    async def test_retry_and_cancel_point_at_the_card_of_the_run(self, words: str, button: str) -> None:
        talk = await proposed()
        await talk.say({"decision": "approve"})

        (event,) = await talk.say(words)

        assert f"press {button} there, or `parley {button.lower()} RUN`" in event["text"]


class TestAssumptions:
    async def test_of_a_step_go_with_it(self) -> None:
        talk = await proposed()
        await talk.say("use 200 instead of 100")
        before = " ".join(talk.drafts[-1].assumptions)

        await talk.say("remove step 3")

        after = " ".join(talk.drafts[-1].assumptions)
        assert "plain number" in before and "100 became 200" in before
        assert "plain number" not in after and "100 became 200" not in after and "time zone" in after


class TestDecisions:
    async def test_an_approval_in_words_points_at_the_card_and_approves_nothing(self) -> None:
        """A model reads the words; only the card, with its digest, decides."""
        talk = await proposed()

        events = await talk.say("looks good")

        assert kinds(events) == ["say", "proposal"]
        assert "Press Approve" in events[0]["text"]
        assert (await talk.state())["pending"] == "decision"

    async def test_a_question_leaves_the_decision_open_and_does_not_show_the_card_again(self) -> None:
        talk = await proposed()

        assert kinds(await talk.say("what does it change outside?")) == ["say"]
        assert (await talk.state())["pending"] == "decision"

    async def test_yes_but_is_a_change(self) -> None:
        talk = await proposed()

        assert kinds(await talk.say("yes but use 50 instead of 100")) == ["proposal"]
        assert "> 50" in re.sub(r"\s+", " ", talk.text)

    @pytest.mark.parametrize(
        ("decision", "words"), [("approve", "can run now"), ("approve-and-run", "starts now"), ("reject", "Nothing will run")]
    )
    async def test_by_card_end_the_waiting(self, decision: str, words: str) -> None:
        talk = await proposed()

        (event,) = await talk.say({"decision": decision})

        assert words in event["text"]
        assert (await talk.state())["pending"] == ""

    async def test_to_change_takes_the_words_that_come_with_it_or_asks_for_them(self) -> None:
        talk = await proposed()

        assert kinds(await talk.say({"decision": "change"})) == ["say"]
        assert kinds(await talk.say({"decision": "change", "text": "at 10:30"})) == ["proposal"]
        assert "30 10 * * 1-5" in talk.text

    async def test_after_an_approval_the_workflow_can_be_run_and_changed(self) -> None:
        talk = await proposed()
        await talk.say({"decision": "approve"})

        ran, changed = await talk.say("run it"), await talk.say("use 300 instead of 100")

        assert ran == [{"type": "run-wanted", "workflow": "fetch-orders-filter-approve-post"}]
        assert kinds(changed) == ["proposal"]


class TestSecrets:
    async def test_a_pasted_one_reaches_neither_model_nor_checkpoint(self) -> None:
        models, chat = model(("design/classify", {"intent": "secret", "confidence": 1}))
        talk = Talk(models)

        events = await talk.say("the API key is sk-live-abcdefghijklmnop1234")

        everything = f"{chat.asked} {await talk.state()} {talk.events}"
        assert "abcdefghijklmnop" not in everything
        assert "parley secret set NAME" in events[0]["text"]

    async def test_a_wish_that_rests_on_a_pasted_one_is_not_built_with_the_mask_in_its_place(self) -> None:
        talk = Talk()

        events = await talk.say("Fetch https://a.example.com/orders?api_key=abcdef123456 and notify me")

        assert kinds(events) == ["say", "say"]
        assert talk.drafts == []


class TestRunsAndHelp:
    async def test_progress_comes_from_the_records(self) -> None:
        talk = Talk(runs=[{"title": "Orders", "status": "waiting", "reason": "Bob has to approve"}])

        (event,) = await talk.say("how is it going?")

        assert event["text"] == "The last runs:\n- Orders: waiting, Bob has to approve"

    async def test_an_unsure_start_is_asked_about(self) -> None:
        talk = Talk(model(("design/classify", {"intent": "run", "confidence": 0.3, "workflow": "x"}))[0])

        assert kinds(await talk.say("maybe go?")) == ["say"]


class Nobody(ModelRouter):
    async def ask(self, *args: Any, **kwargs: Any) -> Any:
        raise ModelUnavailable([Attempt("openai:gpt-x", "nothing answers at http://127.0.0.1:1", "Check OPENAI_BASE_URL")])


class TestWithoutAModel:
    async def test_says_which_why_and_what_next_and_the_conversation_goes_on(self) -> None:
        talk = Talk(Nobody([]))

        (event,) = await talk.say("hello")

        assert event["type"] == "error"
        assert event["why"] == "openai:gpt-x: nothing answers at http://127.0.0.1:1"
        assert event["next"] == (
            'Check OPENAI_BASE_URL. Or let the built-in author step in: PARLEY_MODEL="openai:gpt-x,offline", then restart.'
        )
        talk.deps = deps(offline(), propose=talk._propose)
        assert kinds(await talk.say(STORY)) == ["questions"]

    async def test_is_raised_by_one_shot_authoring(self) -> None:
        with pytest.raises(ModelUnavailable, match="gpt-x"):
            await author(deps(Nobody([])), STORY, yes_to_defaults=True)

    async def test_a_model_that_never_fits_the_schema_is_an_error_and_not_a_crash(self) -> None:
        talk = Talk(model(("design/classify", "I'd rather not."), ("design/classify", "{}"))[0])

        (event,) = await talk.say("hello")

        assert (event["type"], event["what"]) == ("error", "The model’s answer could not be used.")
        assert "- intent: Field required" in event["why"]

    async def test_bad_replies_name_model_and_prompt(self) -> None:
        assert str(BadReply("ollama:tiny", "design/outline", "no")) == "ollama:tiny did not give a usable answer to design/outline: no"


class TestAuthor:
    async def test_leaves_the_definition_empty_while_questions_are_open(self) -> None:
        told = await author(deps(offline()), STORY, yes_to_defaults=False)

        assert (told["definition"], [question["id"] for question in told["questions"]]) == ("", ["amount-field"])

    async def test_takes_defaults_when_told_to_and_says_so(self) -> None:
        told = await author(deps(offline()), STORY, yes_to_defaults=True)

        assert told["problems"] == told["questions"] == []
        assert [effect["kind"] for effect in told["effects"] if effect["kind"] != "none"] == ["read", "write"]
        assert told["assumptions"][-1] == "Which field holds the amount? amount (assumed)"
        assert told["usage"]["models"] == ["offline"]
        assert set(told["usage"]["prompts"]) == {"design/outline", "design/draft", "design/summarize"}

    async def test_never_makes_up_an_address(self) -> None:
        told = await author(deps(offline()), "Fetch the invoices and post them", yes_to_defaults=True)

        assert (told["definition"], [question["id"] for question in told["questions"]]) == ("", ["invoices-address", "target-address"])


class TestAfterADecision:
    async def test_answers_of_an_old_card_change_nothing(self) -> None:
        talk = await proposed()

        events = await talk.say({"answers": {"amount-field": "price"}})

        assert kinds(events) == ["say"]
        assert (len(talk.drafts), (await talk.state())["pending"]) == (1, "decision")

    async def test_a_change_that_is_not_understood_does_not_bring_the_old_card_back(self) -> None:
        talk = await proposed()
        await talk.say({"decision": "approve"})

        events = await talk.say("use the mood instead of the amount of cheese")

        assert kinds(events) == ["say"]
        assert (await talk.state())["pending"] == ""

    async def test_a_change_stands_in_the_assumptions_after_the_answers_it_overrules(self) -> None:
        talk = await proposed()

        await talk.say("use 200 instead of 100")

        assert talk.drafts[-1].assumptions[-1].startswith("Changed later: 100 became 200")
