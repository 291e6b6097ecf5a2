"""The pieces of the offline author's grammar."""

from __future__ import annotations

import json
import re
import time
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage, SystemMessage

import dsl
from evals.offline import verdicts
from graphs.models.offline import OfflineAuthor, conditions
from graphs.models.offline.build import build
from graphs.models.offline.clause import Clause, duration, number
from graphs.models.offline.corrections import corrected
from graphs.models.offline.notes import Notes
from graphs.models.offline.parse import parse
from graphs.models.offline.recognise import TABLES
from graphs.models.offline.text import VERBS, protect, sentences
from graphs.models.offline.triggers import clock, weekdays, zone
from tests.unit.design.wishes import WISHES

SUITE = [entry["say"].strip() for entry in verdicts.load("wishes")][::8]


class TestTimes:
    @pytest.mark.parametrize(
        ("words", "time"),
        [("9", "09:00"), ("9:30", "09:30"), ("9.30", "09:30"), ("9am", "09:00"), ("9 pm", "21:00"), ("12am", "00:00"), ("noon", "12:00"), ("midnight", "00:00"), ("half past nine", "09:30"),  # noqa: E501
         ("quarter to 8", "07:45"), ("nine o'clock", "09:00"), ("6 in the evening", "18:00"), ("17h", "17:00"), ("25", None), ("9:75", None), ("soon", None)],  # noqa: E501
    )  # fmt: skip
    def test_of_day(self, words: str, time: str | None) -> None:
        assert clock(words) == time

    @pytest.mark.parametrize(
        ("words", "days"),
        [
            ("weekday", "1-5"),
            ("working days", "1-5"),
            ("weekends", "0,6"),
            ("Monday", "1"),
            ("Tuesday and Thursday", "2,4"),
            ("day", "*"),
            ("Smurfday", None),
        ],
    )
    def test_days(self, words: str, days: str | None) -> None:
        assert weekdays(words) == days

    @pytest.mark.parametrize(
        ("words", "value"),
        [
            ("5 minutes", {"minutes": 5}),
            ("an hour", {"hours": 1}),
            ("90s", {"seconds": 90}),
            ("half an hour", {"minutes": 30}),
            ("1.5 hours", {"minutes": 90}),
            ("two weeks", {"days": 14}),
        ],
    )
    def test_durations(self, words: str, value: dict[str, int]) -> None:
        assert duration(words) == value

    @pytest.mark.parametrize(
        ("words", "name"),
        [("Berlin time", "Europe/Berlin"), ("new york time", "America/New_York"), ("Europe/Rome", "Europe/Rome"), ("GMT", "UTC"), ("local time", ""), ("Gotham time", None)],  # noqa: E501
    )  # fmt: skip
    def test_zones(self, words: str, name: str | None) -> None:
        assert zone(words) == name


class TestNumbers:
    @pytest.mark.parametrize(
        ("words", "value"), [("100", 100), ("1,000", 1000), ("99.50", 99.5), ("1.5k", 1500), ("ten", 10), ("1'000", 1000)]
    )
    def test_as_people_write_them(self, words: str, value: float) -> None:
        assert number(words) == value


class TestCorrections:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("keep the ones above 100 euro, no wait, make it 50, then post", "keep the ones above 50 euro, then post"),
            ("every day at 9, sorry, 10:30.", "every day at 10:30."),
            ("wait 5 minutes, no, 10, and fetch it", "wait 10 minutes, and fetch it"),
            ("keep those above 1,000, no, 1,500", "keep those above 1,500"),
            ("keep those above 10 or below 5, no, 3", "keep those above 10 or below 5, no, 3"),
            ("Wait 10 minutes, no, 5 minutes", "Wait 10 minutes, no, 5 minutes"),
        ],
    )
    def test_of_the_one_number_before_are_carried_out(self, said: str, meant: str) -> None:
        assert corrected(said) == meant

    def test_of_a_long_text_take_no_time(self) -> None:
        started = time.perf_counter()

        parse("lorem ipsum, no 5 dolor " * 400)

        assert time.perf_counter() - started < 2


class TestConditions:
    @pytest.mark.parametrize(
        ("words", "jq"),
        [
            ("above 100 euro", "(.F | tonumber?) > 100"),
            ("that cost more than €99.50", "(.F | tonumber?) > 99.5"),
            ("100 or more", "(.F | tonumber?) >= 100"),
            ("with an amount of at least 100", "(.amount | tonumber?) >= 100"),
            ("where total is not above 10", "(.total | tonumber?) <= 10"),
            ("where status is open", '.status == "open"'),
            ("whose status is not done", '.status != "done"'),
            ('where "unit price" is 5', '.["unit price"] == 5'),
            ("where paid is true", ".paid == true"),
            ("where name contains Shop", '(.name | tostring | contains("Shop"))'),
            ("where customer.country is DE", '.customer.country == "DE"'),
            ("where email is missing", '(.email // "") == ""'),
            ("where status is open and total is above 5", '(.status == "open") and ((.total | tonumber?) > 5)'),
            ("with amount above 10 and below 20", "((.amount | tonumber?) > 10) and ((.amount | tonumber?) < 20)"),
        ],
    )
    def test_become_jq_that_compiles(self, words: str, jq: str) -> None:
        source = protect(words)
        condition = conditions.parse(source.text, source)

        assert condition is not None
        written = conditions.to_jq(condition, ".", lambda one: one.field or "F")
        assert written == jq
        definition = {
            "document": {"dsl": "1.0.3", "namespace": "a", "name": "b", "version": "0.1.0"},
            "do": [{"a": {"set": {"x": 1}, "if": f"${{ {written} }}"}}],
        }
        assert [problem for problem in dsl.check(definition) if problem.severity == "error"] == []

    @pytest.mark.parametrize("words", ["nice", "of good quality", "above average", "the ones", "where", "bigger than a house"])
    def test_that_are_vague_are_not_understood(self, words: str) -> None:
        assert conditions.parse(words, protect(words)) is None


def told(clauses: list[Clause]) -> str:
    """Return every word that a clause answers for."""
    return " ".join(f"{clause.said} {told(clause.body)} {told(clause.otherwise)} {clause.values.get('said', '')}" for clause in clauses)


def untitled(tasks: Any) -> Any:
    """Return what tasks do: without their names and titles."""
    if isinstance(tasks, dict):
        return {key: untitled(value) for key, value in tasks.items() if key != "metadata"}
    named = isinstance(tasks, list) and all(isinstance(task, dict) and len(task) == 1 for task in tasks)
    return [untitled(next(iter(task.values())) if named else task) for task in tasks] if isinstance(tasks, list) else tasks


PIECES = st.sampled_from(
    [
        "fetch https://a.example.com/orders", "keep the ones above 100 euro", "ask me to approve", "post them to https://b.example.com/in", "notify me", "wait 5 minutes", "frobnicate the gizmo",  # noqa: E501
        "if there are none", "otherwise", "for each order", "at the same time", "retry 3 times", "if it fails", "every weekday at 9", "summarize it", "stop", "unless", "in any case", "when",  # noqa: E501
        'tell bob@example.com "hi, you"', "then", "and", "please", "if approved", "1,000", "“", "'", "on the first of every month", "keep", "each", "10%",  # noqa: E501
    ]
)  # fmt: skip
GLUE = st.sampled_from([", ", " and ", ", then ", ". ", "; ", " ", " but ", ": ", "\n- "])


class TestNothingIsDropped:
    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.tuples(PIECES, GLUE), min_size=1, max_size=8, unique_by=lambda part: part[0]))
    def test_every_verb_of_a_wish_is_in_a_clause_or_quoted_as_not_understood(self, parts: list[tuple[str, str]]) -> None:
        """Whatever is said: it never crashes, and each word that asks for work is answered for."""
        wish = "".join(piece + glue for piece, glue in parts)

        understood = parse(wish)
        notes = Notes({}, "ada", "UTC")
        build(understood, notes)

        trigger = understood.trigger.said if understood.trigger else ""
        answered = f"{told(understood.clauses)} {trigger} {' '.join(understood.unknown)} {' '.join(notes.missing)}".lower()
        for verb in {"fetch", "keep", "ask", "post", "notify", "wait", "frobnicate", "retry", "summarize", "tell"}:
            assert (verb in wish.lower().split()) <= (verb in answered), (wish, understood)

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet=" ,.;:'\"“”abef-@/\n\ue000\ue001us01{}", max_size=80))
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        understood = parse(text)

        assert build(understood, Notes({}, "ada", "UTC")).definition["document"]["dsl"] == "1.0.3"

    @pytest.mark.parametrize("word", ["purple", "except", "half", "not"])
    @pytest.mark.parametrize(
        "wish", [wish.said for wish in WISHES if not wish.again], ids=[wish.said[:50] for wish in WISHES if not wish.again]
    )
    def test_a_word_put_anywhere_is_used_assumed_asked_about_or_not_understood(self, wish: str, word: str) -> None:
        assert dropped(wish, word) == []

    @pytest.mark.parametrize("wish", SUITE, ids=[wish[:50] for wish in SUITE])
    def test_nor_is_it_dropped_from_other_peoples_wishes(self, wish: str) -> None:
        assert dropped(wish, "purple") == []

    def test_addresses_and_quotations_stay_whole(self) -> None:
        source = protect('Post "a, b. c" to https://a.example.com/x,y?z=1. Then mail bob@example.com.')

        assert [source.open(sentence) for sentence in sentences(source)] == [
            'Post "a, b. c" to https://a.example.com/x,y?z=1',
            "Then mail bob@example.com",
        ]

    def test_verbs_are_listed_once(self) -> None:
        assert len(VERBS) == len(set(VERBS))


def dropped(wish: str, word: str) -> list[str]:
    """
    Return the wishes, *word* put at every place of them, of which nothing becomes of the word.

    Titles do not count, for nothing is done by a title; the title of a form does: the person asked reads it.
    """
    words, schedule = wish.split(" "), build(parse(wish), Notes({}, "ada", "UTC")).definition.get("schedule")
    lost = []
    for at in range(len(words) + 1):
        said = " ".join([*words[:at], word, *words[at:]])
        understood, notes = parse(said), Notes({}, "ada", "UTC")
        built = build(understood, notes)
        refused = [*understood.unknown, *notes.unknown, *notes.missing, *notes.remarks]
        noted = [*(question["text"] + question["why"] for question in notes.questions), *(one["text"] for one in notes.assumptions)]
        used = built.definition.get("schedule") != schedule  # "every half hour"
        if not (used or refused or word in json.dumps([noted, untitled(built.definition["do"])]).lower()):
            lost.append(said)
    return lost


class TestRows:
    def test_let_no_word_through_unnamed(self) -> None:
        """A wildcard of a row is a named group, so that what makes the clause of it can account for the words it matched."""
        wild = {
            pattern.regex.pattern for table in TABLES for pattern in table if unnamed(_parser.parse(pattern.regex.pattern, re.IGNORECASE))
        }

        assert wild == set()


def unnamed(parsed: Any, *, inside: bool = False) -> bool:
    """Say whether a repeated class of letters stands outside every named group."""
    for kind, value in parsed:
        name = str(kind)
        if name == "SUBPATTERN":
            if unnamed(value[3], inside=inside or value[0] is not None):
                return True
        elif name == "BRANCH":
            if any(unnamed(way, inside=inside) for way in value[1]):
                return True
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            letters = value[1] > 1 and any(
                str(one) == "IN" and ("RANGE", (97, 122)) in [(str(a), b) for a, b in items] for one, items in value[2]
            )
            if (letters and not inside) or unnamed(value[2], inside=inside):
                return True
    return False


class TestOfflineAuthor:
    def test_reads_only_the_messages(self) -> None:
        """Without a task it knows it says so, in JSON that fits no schema."""
        answer = OfflineAuthor().invoke([SystemMessage("You are a poet."), HumanMessage("A poem!")])

        assert "does not know the task" in json.loads(str(answer.content))["error"]
