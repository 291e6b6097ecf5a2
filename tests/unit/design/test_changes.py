"""Changes by words: the edit that was asked for, and not one byte elsewhere."""

from __future__ import annotations

import difflib
import re
from typing import Any

import pytest

import dsl
from graphs.design.patching import ChangeRefused, change, texts
from graphs.design.replies import Operation
from tests.unit.design.scripted import Talk, kinds, model

STORY = "Every weekday at 9 fetch http://127.0.0.1:8123/orders, keep the ones where total is above 100 euro, ask me to approve, then post them to http://127.0.0.1:8123/report"  # noqa: E501

# words -> what the difference adds (whitespace left out), and the tasks that may differ
CHANGES: dict[str, tuple[str, set[str]]] = {
    "use 200 instead of 100": (">200", {"keep"}),
    "make it above 250 euro": (">250", {"keep"}),
    "change the threshold to 300": (">300", {"keep"}),
    "raise the limit from 100 to 150": (">150", {"keep"}),
    "not 100 but 120": (">120", {"keep"}),
    "only the ones below 80": ("<80", {"keep"}),
    "post to http://127.0.0.1:9000/in instead": ("endpoint:http://127.0.0.1:9000/in", {"post-report"}),
    "change the address of the fetch to https://shop.example.com/orders": ("endpoint:https://shop.example.com/orders", {"get-orders"}),
    "use https://a.example.com/r instead of http://127.0.0.1:8123/report": ("endpoint:https://a.example.com/r", {"post-report"}),
    "at 10:30": ("cron:3010**1-5", set()),
    "start it at half past seven instead": ("cron:307**1-5", set()),
    "run it every Monday at 7 instead": ("cron:07**1", set()),
    "make it every 15 minutes": ("every:minutes:15", set()),
    "remove the approval": ("", {"approve", "approved"}),
    "remove step 4": ("", {"approve", "approved"}),
    "skip the filter": ("", {"keep"}),
    "notify bob@example.com after posting": ("notify-bob:", {"notify-bob"}),
    "add a notification to me at the end": ("notify-ada:", {"notify-ada"}),
    "ask Bob to approve before posting": ("assignee:Bob", {"approve-2", "approved-2"}),
    "add an approval by Bob before step 6": ("assignee:Bob", {"approve-2", "approved-2"}),
    "ask Bob to approve instead": ("assignee:Bob", {"approve"}),
    "retry posting 5 times": ("count:5", {"post-report", "post-report/post-report-call"}),
    "wait 5 minutes before posting": ("wait:minutes:5", {"wait"}),
    'call it "Big orders"': ("title:Bigorders", set()),
    "use amount instead of total": (".amount", {"keep"}),
    "above 50 please": (">50", {"keep"}),
    "use 50": (">50", {"keep"}),
    "only on Mondays": ("cron:09**1", set()),
    "make it daily": ("cron:09***", set()),
    "9:30 Rome time": ("cron:309**1-5", set()),
    "change the time zone to Rome": ("timezone:Europe/Rome", set()),
    "ask Bob instead of me": ("assignee:Bob", {"approve"}),
    "change the report url to https://c.example.com/r, and run it at 8": ("endpoint:https://c.example.com/r", {"post-report"}),
    "change 100 to 200 and notify me at the end": (">200", {"keep", "notify-ada"}),
}


async def proposed() -> Talk:
    talk = Talk()
    await talk.say(STORY)
    return talk


class TestChanges:
    @pytest.mark.parametrize("words", CHANGES)
    async def test_do_what_was_asked_and_leave_every_other_task_byte_for_byte(self, words: str) -> None:
        talk = await proposed()

        events = await talk.say(words)

        assert kinds(events) == ["proposal"], events
        before, after = dsl.read(talk.drafts[0].text), dsl.read(talk.drafts[1].text)
        added, footprint = CHANGES[words]
        old, new = texts(before), texts(after)
        differs = {name.removeprefix("/") for name in {*old, *new} if old.get(name) != new.get(name)}
        lines = [line[1:] for line in difflib.ndiff(before.text.splitlines(), after.text.splitlines()) if line.startswith("+")]
        assert differs == footprint
        assert added in re.sub(r"\s", "", "".join(lines))

    @pytest.mark.parametrize(
        "words",
        [
            "change the mood to happy",
            "frobnicate the gizmo instead",
            "remove the dragon",
            "use 200 instead of 100 and frobnicate the gizmo",
            "remove the approval for orders below 200",
            "keep the ones above 100 and below 500",
            "notify bob@example.com after posting the big ones",
            "send the total to https://c.example.com/in as well",
            "ask Bob and Anna to approve",
            "swap step 2 and 3",
            "do it on weekends too",
        ],
    )
    async def test_that_are_not_understood_change_nothing(self, words: str) -> None:
        talk = await proposed()

        events = await talk.say(words)

        assert kinds(events) == ["say"]
        assert "Nothing was changed" in events[0]["text"]
        assert (len(talk.drafts), (await talk.state())["pending"]) == (1, "decision")

    @pytest.mark.parametrize("words", CHANGES)
    async def test_with_a_word_that_means_nothing_change_nothing_or_show_it(self, words: str) -> None:
        said = words.split(" ")

        for at in {0, len(said) // 2, len(said)}:
            talk = await proposed()
            await talk.say(" ".join([*said[:at], "purple", *said[at:]]))
            assert len(talk.drafts) == 1 or "purple" in talk.text

    async def test_ask_when_several_steps_fit(self) -> None:
        talk = await proposed()

        (event,) = await talk.say("retry 4 times")

        assert event["questions"][0]["options"] == ["Fetch the orders", "Post the orders to 127.0.0.1:8123/report"]
        assert kinds(await talk.say("Fetch the orders")) == ["proposal"]
        assert re.search(r"get-orders:\n\s+try:", talk.text)

    async def test_that_would_break_the_definition_are_taken_back(self) -> None:
        wrong = {"operations": [{"op": "set-field", "reference": "/do/1/keep", "field": "/set", "value": "${ .[ }"}], "said": "x"}
        talk = await proposed()
        talk.deps = Talk(model(("design/classify", {"intent": "change", "confidence": 1}), ("design/change", wrong))[0]).deps

        events = await talk.say("break it")

        assert "I took it back" in events[0]["text"]
        assert (await talk.state())["draft"] == talk.text

    async def test_a_change_of_a_model_never_reaches_another_task(self) -> None:
        """Whatever the model says, an edit is one splice at its reference."""
        edit = {
            "operations": [{"op": "set-field", "reference": "/do/4/post-report", "field": "/with/method", "value": "put"}],
            "said": "PUT",
        }
        talk = await proposed()
        talk.deps = Talk(
            model(("design/classify", {"intent": "change", "confidence": 1}), ("design/change", edit), ("design/summarize", {"text": "s"}))[
                0
            ],
            drafts=talk.drafts,
        ).deps

        await talk.say("use PUT")

        old, new = (texts(dsl.read(draft.text)) for draft in talk.drafts)
        assert {name for name in old if old[name] != new[name]} == {"/post-report"}


TEXT = """\
document: {dsl: 1.0.3, namespace: a, name: b, version: 0.1.0}
do:
  - first:   # stays
      set: {a: 1}
      then: second
  - second:
      set: {b: 2}
  - third:
      switch:
        - again: {when: "${ .c }", then: second}
        - no: {then: end}
"""


class TestPatching:
    def test_a_removed_target_hands_its_callers_to_the_next_task(self) -> None:
        applied = change(TEXT.replace(", then: second}", ", then: first}"), [Operation(op="remove", reference="/do/1/second")])

        assert "then: third" in applied.text
        assert "second" not in applied.text
        assert set(applied.footprint) == {"/second", "/first"}

    def test_a_target_whose_caller_would_then_lead_to_itself_is_not_removed(self) -> None:
        with pytest.raises(ChangeRefused, match="'third' goes on with 'second', which leads back to it"):
            change(TEXT, [Operation(op="remove", reference="/do/1/second")])

    def test_references_are_those_before_the_change_however_the_numbers_shift(self) -> None:
        operations = [
            Operation(op="add-before", reference="/do/0/first", name="zero", value={"set": {"z": 0}}),
            Operation(op="set-field", reference="/do/1/second", field="/set/b", value=3),
        ]

        data: Any = dsl.read(change(TEXT, operations).text).data

        assert [next(iter(task)) for task in data["do"]] == ["zero", "first", "second", "third"]
        assert data["do"][2]["second"]["set"] == {"b": 3}

    def test_missing_parents_of_a_field_are_made(self) -> None:
        data: Any = dsl.read(
            change(TEXT, [Operation(op="set-field", reference="/do/1/second", field="/metadata/parley/title", value="T")]).text
        ).data

        assert data["do"][1]["second"]["metadata"] == {"parley": {"title": "T"}}

    @pytest.mark.parametrize(
        "operation",
        [
            Operation(op="remove", reference="/do/9/nobody"),
            Operation(op="replace", reference="", value={}),
            Operation(op="set-field", reference="", field="/do", value=[]),
            Operation(op="add-after", reference="/do/0/first", value={"set": {}}),
            Operation(op="replace", reference="/do/0/first", value="text"),
            Operation(op="set-field", reference="/do/0/first", field="/nothing", value=None),
        ],
    )
    def test_edits_without_a_place_or_a_body_are_refused(self, operation: Operation) -> None:
        with pytest.raises(ChangeRefused):
            change(TEXT, [operation])
