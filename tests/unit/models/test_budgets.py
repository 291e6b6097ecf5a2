"""What calls cost, what they may cost, and who answers whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.cli import checks
from graphs.models import BudgetReached, Caps, InMemorySpending, ModelRouter, ModelUnavailable, Scope, Usage, total
from graphs.models.offline import OfflineAuthor
from graphs.models.prices import Prices
from graphs.models.providers import OPENAI_URL, scripted
from graphs.models.router import agent_of
from graphs.models.usage import NOTHING
from prompts import names
from tests.unit.design.scripted import Talk
from tests.unit.models.test_weak import GOOD, PROMPT, Plan
from tests.unit.run.functions.model import Model

PRICE = {"scripted:gpt": [1_000, 10_000]}  # one of Model's calls, 100 tokens read and 10 written: 0.2


def router(*, prices: dict[str, Any] | None = None) -> tuple[ModelRouter, Model]:
    chat = Model(replies=[GOOD] * 9)
    return ModelRouter([scripted(chat, "gpt")], prices=Prices.with_own(PRICE if prices is None else prices)), chat


class TestBudgets:
    @pytest.mark.parametrize(
        ("caps", "of", "setting"),
        [
            (Caps(turn_tokens=220), "this turn", "PARLEY_TURN_TOKENS"),
            (Caps(turn_money=0.3), "this turn", "PARLEY_TURN_MONEY"),
            (Caps(conversation_tokens=111), "this conversation", "PARLEY_CONVERSATION_TOKENS"),
            (Caps(conversation_money=0.4), "this conversation", "PARLEY_CONVERSATION_MONEY"),
            (Caps(tenant_tokens=200), "the last 24 hours of this tenant", "PARLEY_TENANT_TOKENS"),
            (Caps(tenant_money=0.21), "the last 24 hours of this tenant", "PARLEY_TENANT_MONEY"),
        ],
    )
    async def test_at_the_cap_nothing_is_sent_and_what_was_reached_is_said(self, caps: Caps, of: str, setting: str) -> None:
        models, chat = router()
        bound = models.within(Scope(caps=caps, spending=InMemorySpending()))
        await bound.ask(PROMPT, {}, Plan)
        await bound.ask(PROMPT, {}, Plan)

        with pytest.raises(BudgetReached) as caught:
            await bound.ask(PROMPT, {}, Plan)

        assert (caught.value.of, caught.value.setting, caught.value.code, len(chat.asked)) == (of, setting, "budget", 2)
        assert caught.value.spent in caught.value.why
        assert setting in caught.value.fix

    async def test_a_turn_begins_anew_and_a_conversation_does_not(self) -> None:
        models, _ = router()
        spending = InMemorySpending()
        for _ in range(2):
            await models.within(Scope(caps=Caps(turn_tokens=110), spending=spending)).ask(PROMPT, {}, Plan)

        with pytest.raises(BudgetReached, match="this conversation has used 220 of 220 tokens"):
            await models.within(Scope(caps=Caps(conversation_tokens=220), spending=spending)).ask(PROMPT, {}, Plan)

    async def test_the_call_that_mends_an_answer_counts_too(self) -> None:
        chat = Model(replies=["no", GOOD])
        bound = ModelRouter([scripted(chat, "gpt")]).within(Scope(caps=Caps(turn_tokens=1)))

        with pytest.raises(BudgetReached):
            await bound.ask(PROMPT, {}, Plan)

        assert len(chat.asked) == 1

    async def test_money_is_not_spent_on_a_model_whose_price_nobody_knows(self) -> None:
        models, chat = router(prices={})

        with pytest.raises(ModelUnavailable, match="its price is not known, and what may be spent is limited"):
            await models.within(Scope(caps=Caps(turn_money=5))).ask(PROMPT, {}, Plan)

        assert chat.asked == []


class TestPrices:
    async def test_a_call_costs_what_its_tokens_cost(self) -> None:
        models, used = router()[0], Usage()

        await models.ask(PROMPT, {}, Plan, usage=used)

        assert used.to_json()["money"] == used.money == 0.2

    async def test_what_is_not_known_is_not_nothing(self) -> None:
        models, used = router(prices={})[0], Usage()

        await models.ask(PROMPT, {}, Plan, usage=used)

        assert used.money is None
        assert total(NOTHING, used.to_json())["money"] is None

    def test_the_same_name_at_another_address_has_no_known_price(self) -> None:
        prices = Prices.with_own({})

        assert prices.of("openai:gpt-4.1", OPENAI_URL, 1_000_000, 0) == 2.0
        assert prices.of("openai:gpt-4.1", "http://127.0.0.1:8000/v1", 1_000_000, 0) is None
        assert prices.of("ollama:x", "http://127.0.0.1:11434", 1_000_000, 5) == 0.0

    def test_an_operators_price_comes_first(self) -> None:
        assert Prices.with_own({"openai:*": (1, 2)}).of("openai:gpt-4.1", OPENAI_URL, 1_000_000, 1_000_000) == 3.0

    @pytest.mark.parametrize("wrong", [7, [1], ["a", "b"], [1, -1], [1, float("nan")]])
    def test_what_is_no_price_is_refused(self, wrong: Any) -> None:
        with pytest.raises(ValueError, match="the price of 'x' must be two amounts"):
            Prices.with_own({"x": wrong})


class TestAgents:
    def test_every_prompt_has_one(self) -> None:
        agents = {name: agent_of(name) for name in names()}

        assert {agents[f"{folder}/classify"] for folder in ("design", "run")} == {"classifier"}
        assert {agents[f"{folder}/summarize"] for folder in ("design", "run")} == {"summarizer"}
        assert {agents["design/outline"], agents["design/change"], agents["design/repair"]} == {"planner"}
        assert (agents["run/agent"], agents["run/extract"]) == ("agent", "agent")

    def test_each_may_have_a_list_of_its_own_and_shares_models_with_others(self) -> None:
        models = ModelRouter.from_setting(
            "openai:a,offline", of_agents={"planner": "openai:b,openai:a", "summarizer": ""}, openai_api_key="k"
        )

        assert [one.name for one in models.for_agent("planner")] == ["openai:b", "openai:a"]
        assert [one.name for one in models.for_agent("summarizer")] == ["openai:a", "offline"]
        assert models.for_agent("planner")[1] is models.models[0]
        assert checks.model(models.describe()).detail.endswith("; planner: openai:b, openai:a")

    def test_a_wrong_list_names_its_variable(self) -> None:
        with pytest.raises(ValueError, match="PARLEY_MODEL_PLANNER: 'gpt' is not a model"):
            ModelRouter.from_setting("offline", of_agents={"planner": "gpt"})

    def test_small_is_what_the_patterns_say_of_the_model_that_answers(self) -> None:
        models = ModelRouter.from_setting(
            "openai:big,ollama:m", of_agents={"planner": "ollama:m"}, small_models=["ollama:*", "*-mini"], openai_api_key="k"
        )

        assert (models.small("planner"), models.small("classifier")) == (True, False)
        models.models[0].reachable = False
        assert models.small("classifier") is True

    async def test_the_list_of_an_agent_is_who_answers_it(self) -> None:
        common, own = Model(replies=[GOOD]), Model(replies=[GOOD])
        models = ModelRouter([scripted(common, "a")], of_agents={"agent": [scripted(own, "b")], "planner": []})

        await models.ask(PROMPT, {}, Plan)

        assert (len(common.asked), len(own.asked)) == (1, 0)  # test/plan is the planner's, whose list is empty
        assert [one.name for one in models.only(models.for_agent("agent")).for_agent("planner")] == ["scripted:b"]


async def test_a_turn_that_reaches_its_cap_keeps_the_draft_and_goes_on_when_there_is_more() -> None:
    author = ModelRouter([scripted(OfflineAuthor(), "author")])
    talk = Talk(models=author)
    await talk.say("Every day at 9 fetch https://api.example.com/orders and notify ops@example.com by email")
    draft = (await talk.state())["draft"]
    talk.deps = replace(talk.deps, models=author.within(Scope(caps=Caps(turn_tokens=1))))

    [error] = await talk.say("at 10:30")

    assert (error["type"], error["code"], error["where"]) == ("error", "budget", "PARLEY_TURN_TOKENS")
    assert (await talk.state())["draft"] == draft
    talk.deps = replace(talk.deps, models=author)
    assert (await talk.say("at 10:30"))[-1]["type"] == "proposal"
    assert "30 10 * * *" in talk.text
