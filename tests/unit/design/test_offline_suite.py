"""The wishes of `evals/offline`, played through the conversation: as many are right as were, and nothing wrong is proposed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.offline import verdicts
from evals.offline.verdicts import Wish

TABLE = Path(verdicts.__file__).with_name("results.json")
KNOWN: dict[str, dict[str, str]] = json.loads(TABLE.read_text())
WISHES = [entry for entry in verdicts.load("wishes") if KNOWN["wishes"][entry["id"]] == "right"]
REFUSED = [entry for entry in verdicts.load("wishes") if KNOWN["wishes"][entry["id"]] != "right"]
BEYOND = verdicts.load("beyond")


def ids(entries: list[Wish]) -> list[str]:
    return [entry["id"] for entry in entries]


class TestWishes:
    @pytest.mark.parametrize("entry", WISHES, ids=ids(WISHES))
    async def test_that_were_fulfilled_still_are(self, entry: Wish) -> None:
        verdict = await verdicts.wish(entry)

        assert (verdict.score, verdict.why) == ("right", "")

    @pytest.mark.parametrize("entry", REFUSED, ids=ids(REFUSED))
    async def test_that_were_not_are_never_fulfilled_wrongly(self, entry: Wish) -> None:
        verdict = await verdicts.wish(entry)

        assert verdict.score != "wrong", verdict.why

    def test_are_fulfilled_in_number(self) -> None:
        """The floor: 120 of the wishes become what was meant, and none anything else."""
        assert len(WISHES) >= 120
        assert "wrong" not in KNOWN["wishes"].values()


class TestBeyond:
    @pytest.mark.parametrize("entry", BEYOND, ids=ids(BEYOND))
    async def test_is_refused_or_asked_about_and_never_built(self, entry: Wish) -> None:
        verdict = await verdicts.beyond(entry)

        assert verdict.score == "right" or (verdict.score, KNOWN["beyond"][entry["id"]]) == ("honest", "honest"), verdict.why

    def test_is_dealt_with_as_it_must_in_number(self) -> None:
        assert list(KNOWN["beyond"].values()).count("right") >= 30
        assert "wrong" not in KNOWN["beyond"].values()


class TestScorers:
    ODD = (
        ("trigger", {"cron": "0 9 * * *"}), ("zone", "UTC"), ("kinds", ["fork"]), ("calls", ["POST x.example.com/y"]), ("values", ["nope"]),
        ("where", ["amount >= 250"]), ("shape", {"sum": "amount"}), ("durations", [{"days": 2}]), ("order", [["http-post", "approve"]]),
        ("forbidden", ["filter"]), ("gone", ["Ada"]), ("questions", ["field"]), ("any_of", [{"kinds": ["fork"]}]),
    )  # fmt: skip

    @pytest.mark.parametrize(("key", "odd"), ODD, ids=[key for key, _ in ODD])
    async def test_find_what_is_not_as_expected(self, key: str, odd: object) -> None:
        (entry,) = (one for one in WISHES if one["id"] == "invoices-weekday-approve")

        verdict = await verdicts.wish({"id": entry["id"], "say": entry["say"], "expect": {**entry["expect"], key: odd}})

        assert verdict.score == "wrong", key


def test_the_table_names_every_wish() -> None:
    assert list(KNOWN["wishes"]) == ids(verdicts.load("wishes"))
    assert list(KNOWN["beyond"]) == ids(BEYOND)
