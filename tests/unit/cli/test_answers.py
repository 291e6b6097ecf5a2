"""Which waiting task an answer means, and what it must look like."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.failures import CommandFailed
from app.cli.runs import Given, answer_for, awaited

WAITING = [
    {"path": "/do/0/each/for[0]/0/agree", "reference": "/do/0/each/do/0/agree", "kind": "approve", "title": "First?"},
    {"path": "/do/0/each/for[1]/0/agree", "reference": "/do/0/each/do/0/agree", "kind": "approve", "title": "Second?"},
    {"path": "/do/1/details", "reference": "/do/1/details", "kind": "ask", "title": "Details"},
]


class TestAwaited:
    @pytest.mark.parametrize("task", ["details", "/do/1/details"])
    def test_a_name_or_reference_that_fits_once_is_enough(self, task: str) -> None:
        assert awaited(WAITING, task, "run-1") == WAITING[2]

    def test_a_path_names_one_turn_of_a_loop(self) -> None:
        assert awaited(WAITING, "/do/0/each/for[1]/0/agree", "run-1")["title"] == "Second?"

    def test_a_name_that_fits_twice_asks_for_the_path(self) -> None:
        with pytest.raises(CommandFailed) as caught:
            awaited(WAITING, "agree", "run-1")

        assert caught.value.what == "2 waiting tasks are named agree"
        assert caught.value.why == "waiting now: /do/0/each/for[0]/0/agree (approve), /do/0/each/for[1]/0/agree (approve)"

    def test_a_name_that_fits_nothing_lists_what_waits(self) -> None:
        with pytest.raises(CommandFailed) as caught:
            awaited([], "agree", "run-1")

        assert (caught.value.what, caught.value.why) == ("no task agree waits for an answer", "waiting now: nothing")


class TestAnswerFor:
    @pytest.mark.parametrize(
        ("kind", "given", "answer"),
        [
            ("approve", {"approved": False, "comment": "too dear"}, {"approved": False, "comment": "too dear"}),
            ("ask", {"values": {"colour": "red"}}, {"colour": "red"}),
            ("ask", {"values": False}, False),
            ("outcome-unknown", {"happened": True}, {"happened": True}),
        ],
    )
    def test_each_kind_takes_its_own_option(self, kind: str, given: dict[str, Any], answer: Any) -> None:
        assert answer_for(wait(kind), Given(**given), [], "run-1") == answer

    @pytest.mark.parametrize(
        ("kind", "option", "command"),
        [
            (
                "approve",
                "--approve or --reject",
                "parley answer run-1 a --approve    or    parley answer run-1 a --reject --comment 'why not'",
            ),
            ("ask", "a value", """parley answer run-1 a '{"n": 0}'"""),
            (
                "outcome-unknown",
                "--happened or --did-not-happen",
                "parley answer run-1 a --happened    or    parley answer run-1 a --did-not-happen",
            ),
        ],
    )
    def test_a_missing_option_is_named_with_the_whole_command(self, kind: str, option: str, command: str) -> None:
        with pytest.raises(CommandFailed) as caught:
            answer_for(wait(kind), Given(), [wait(kind)], "run-1")

        assert (caught.value.what, caught.value.next_step) == (f"this task needs {option}", command)

    def test_a_timer_is_nobodys_to_answer(self) -> None:
        with pytest.raises(CommandFailed, match="nothing a person answers"):
            answer_for(wait("timer"), Given(), [], "run-1")


def wait(kind: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    return {"kind": kind, "path": "/do/0/a", "reference": "/do/0/a", "title": "A", "schema": schema}
