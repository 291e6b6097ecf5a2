"""Two definitions in terms of their tasks; the operations that lead from one to the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings

from dsl import Diff, InvalidDefinition, apply, diff, read
from dsl.edit.equal import same
from tests.cases import cases
from tests.unit.dsl.definitions import DATA, a_workflow, choose, get, post, put, wait
from tests.unit.dsl.official import files
from tests.unit.dsl.styled import SEEDS, Writer, definition, mutated

EXAMPLES = [read(path.read_text()).data for path in [*sorted((DATA / "valid").glob("*.yaml")), *files("examples")]]
OLD = a_workflow(get("fetch"), choose("check", ("big", ".x", "notify"), ("small", None, "end")), post("notify"), wait("rest"))


def _kinds(found: Diff) -> dict[str, tuple[str, ...]]:
    return {task.name: task.kinds for task in found.tasks}


class TestTasks:
    def test_equal_data_has_no_difference_whatever_the_style(self) -> None:
        found = diff("a: 1\ndo: []", '{"do": [], "a": 1}')

        assert (found.equal, found.tasks, found.document, found.operations) == (True, (), (), ())

    def test_a_task_that_came_and_one_that_went_are_named_with_what_they_do(self) -> None:
        new = a_workflow(
            get("fetch"), choose("check", ("big", ".x", "notify"), ("small", None, "end")), post("notify"), put("count", {"n": 1})
        )

        found = diff(OLD, new)

        assert _kinds(found) == {"rest": ("removed",), "count": ("added",)}
        assert [task.words for task in found.tasks] == ["'rest' is gone: wait 1 second", "'count' is new: set n to 1"]
        assert found.untouched == ("/do/0/fetch", "/do/1/check", "/do/2/notify")

    def test_a_changed_task_tells_its_fields_with_old_and_new_values(self) -> None:
        new = a_workflow(*OLD["do"][:2], post("notify", "https://new.example.com/hook"), wait("rest", **{"if": ".late"}))

        found = diff(OLD, new)

        assert _kinds(found) == {"notify": ("changed",), "rest": ("changed",)}
        assert [(field.pointer, field.kind, field.old, field.new) for task in found.tasks for field in task.fields] == [
            ("/with/endpoint", "changed", "https://example.com/report", "https://new.example.com/hook"),
            ("/if", "added", None, ".late"),
        ]
        assert found.words.startswith("2 of 4 tasks changed: 'notify' now: post")
        assert found.words.endswith("2 untouched")

    def test_a_renamed_task_is_recognised_by_what_it_does_and_who_follows_it_is_said(self) -> None:
        new = a_workflow(get("fetch"), choose("check", ("big", ".x", "tell"), ("small", None, "end")), post("tell"), wait("rest"))

        found = diff(OLD, new)

        assert _kinds(found) == {"check": ("follows",), "tell": ("renamed",)}
        assert found.tasks[1].was == "/do/2/notify"
        assert found.operations == ({"op": "rename", "reference": "/do/2/notify", "name": "tell"},)

    def test_the_fewest_tasks_count_as_moved(self) -> None:
        fetch, check, notify, rest = OLD["do"]

        found = diff(OLD, a_workflow(rest, fetch, check, notify))

        assert _kinds(found) == {"rest": ("moved",)}
        assert found.operations == ({"op": "move", "reference": "/do/3/rest", "to": "/do", "position": "first"},)
        assert found.words == "1 of 4 tasks changed: 'rest' moved to the beginning; 3 untouched"

    def test_a_task_put_into_another_is_moved_and_its_new_home_is_added(self) -> None:
        new = a_workflow(*OLD["do"][:3], {"safely": {"try": [wait("rest")], "catch": {}}})

        assert _kinds(diff(OLD, new)) == {"safely": ("added",), "rest": ("moved",)}

    def test_a_task_in_another_changes_alone(self) -> None:
        old, new = (
            a_workflow({"loop": {"for": {"in": ".x"}, "do": [wait("a"), post("b", url)]}})
            for url in ("https://a.example", "https://b.example")
        )

        found = diff(old, new)

        assert _kinds(found) == {"b": ("changed",)}
        assert found.operations == (
            {"op": "set-field", "reference": "/do/0/loop/do/1/b", "field": "/with/endpoint", "value": "https://b.example"},
        )

    def test_cases_of_a_switch_are_told_one_by_one(self) -> None:
        new = a_workflow(get("fetch"), choose("check", ("big", ".y > 3", "notify"), ("other", None, "end")), *OLD["do"][2:])
        more = a_workflow(
            get("fetch"), choose("check", ("big", ".x", "notify"), ("odd", ".y > 3", "rest"), ("small", None, "end")), *OLD["do"][2:]
        )

        words = diff(OLD, more).tasks[0].words
        assert words.startswith("'check': the case 'odd' is new: if ")
        assert words.endswith("is above 3, then rest")
        assert "the case 'other' is new: otherwise, then end" in diff(OLD, new).tasks[0].words

    def test_what_only_holds_a_new_value_is_passed_over(self) -> None:
        new = a_workflow(*OLD["do"][:3], wait("rest", metadata={"parley": {"title": "Take a rest"}}))

        assert diff(OLD, new).tasks[0].words == "'rest': its title is new: \"Take a rest\""


class TestDocument:
    def test_values_outside_the_tasks_are_told_in_words(self) -> None:
        old = a_workflow(wait("a"), schedule={"cron": "0 9 * * *"}, input={"from": ".a"})
        new = a_workflow(wait("a"), document={"version": "1.1.0"}, schedule={"cron": "0 8 * * *"})

        found = diff(old, new)

        assert [change.words for change in found.document] == [
            "the version is now 1.1.0 (was 1.0.0)",
            "it starts: every day at 08:00 (was every day at 09:00)",
            "what it reads is gone (was .a)",
        ]  # fmt: skip
        assert found.words.startswith("No task changed (1 untouched). The version is now")


def test_what_cannot_be_read_is_an_invalid_definition() -> None:
    with pytest.raises(InvalidDefinition):
        diff("a: [", "a: 1")


def test_everything_is_plain_json() -> None:
    told = diff(OLD, a_workflow(wait("only"))).to_json()

    assert set(told) == {"equal", "words", "tasks", "document", "untouched", "operations"}
    assert all(set(task) == {"kinds", "name", "reference", "was", "fields", "words"} for task in told["tasks"])


def test_aliases_are_written_out_where_their_parts_differ() -> None:
    text = "do:\n  - a: &a {with: {x: 1, y: 2}}\n  - b: *a\n"
    new: dict[str, Any] = {"do": [{"a": {"with": {"x": 1, "y": 2}}}, {"b": {"with": {"x": 3, "y": 2}}}]}

    assert read(apply(text, diff(text, new).operations).text).data == new
    assert read(apply(text, diff(text, {"do": [{"a": {"with": {"x": 3}}}, {"b": {"with": {}}}]}).operations).text).data["do"][0]["a"] == {
        "with": {"x": 3}
    }


@settings(max_examples=cases(100))
@given(rng=SEEDS)
def test_the_operations_lead_from_the_old_text_to_the_new_definition(rng: random.Random) -> None:
    text = Writer(rng).text(definition(rng))
    old = read(text).data
    new = mutated(rng, old)

    found = diff(text, new)

    applied = apply(text, found.operations)
    assert same(read(applied.text).data, new)
    assert found.equal == same(old, new)
    assert set(found.untouched) | {task.reference for task in found.tasks} >= set(applied.untouched) - {""} - _declared(applied.untouched)


@settings(max_examples=cases(30))
@given(rng=SEEDS)
def test_they_lead_to_an_unrelated_definition_too(rng: random.Random) -> None:
    old, new = (rng.choice(EXAMPLES) if rng.random() < 0.5 else definition(rng) for _ in range(2))
    text = Writer(rng).text(old)

    assert same(read(apply(text, diff(text, new).operations).text).data, new)


def _declared(references: tuple[str, ...]) -> set[str]:
    return {reference for reference in references if not reference.startswith("/do/")}
