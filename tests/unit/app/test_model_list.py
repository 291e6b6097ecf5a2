"""The models that settings choose, their prices and their limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.author import _author
from app.model_list import caps_of, router_of
from app.settings import Settings
from graphs.models import Caps


def test_the_settings_choose_models_by_agent_with_prices_and_patterns_of_small_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"openai:m": [1, 2]}))
    for name, value in {
        "PARLEY_MODEL": "openai:m",
        "PARLEY_MODEL_PLANNER": "openai:large",
        "PARLEY_SMALL_MODELS": "openai:m, *-mini",
        "PARLEY_PRICES": str(prices),
        "PARLEY_MODEL_RETRIES": "0",
        "OPENAI_API_KEY": "k",
    }.items():
        monkeypatch.setenv(name, value)

    settings = Settings()
    router = router_of(settings)

    assert [[one.name for one in router.for_agent(agent)] for agent in ("planner", "classifier")] == [["openai:large"], ["openai:m"]]
    assert (router.small("planner"), router.small("classifier")) == (False, True)
    assert settings.prices == {"openai:m": (1.0, 2.0)}
    assert {one.retries for one in router.everyone()} == {0}


def test_a_model_of_ollama_is_small_unless_it_is_said_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert router_of(Settings(model="ollama:m")).small("planner")

    monkeypatch.setenv("PARLEY_SMALL_MODELS", "")
    assert not router_of(Settings(model="ollama:m")).small("planner")


def test_caps_are_those_of_the_settings() -> None:
    settings = Settings(turn_tokens=1, turn_money=2, conversation_tokens=3, conversation_money=4, tenant_tokens=5, tenant_money=6)

    assert caps_of(settings) == Caps(
        turn_tokens=1, turn_money=2, conversation_tokens=3, conversation_money=4, tenant_tokens=5, tenant_money=6
    )


@pytest.mark.parametrize("wrong", ["[1]", '{"x": 1}', "/nowhere/prices.json", "{"])
def test_what_are_no_prices_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="prices"):
        Settings(prices=wrong)


async def test_a_model_named_on_the_command_line_answers_every_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODEL_PLANNER", "openai:nobody")

    written = await _author("Every day at 9 fetch https://api.example.com/a", model="offline", yes_to_defaults=True)

    assert written["usage"]["models"] == ["offline"]
