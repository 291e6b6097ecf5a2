"""Data flow: a field that is certainly not there is found, and nothing is said where it may be there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Function, Problem, check
from dsl.expressions.tree import parse
from dsl.shapes import Object, either, of_schema
from tests.unit.dsl.definitions import a_workflow, choose, get, put, wait

CLOSED = {"type": "object", "properties": {"label": {"type": "string"}, "scores": {"type": "array"}}, "additionalProperties": False}
CATALOGUE = {
    name: Function(name=name.partition(":")[0], version="1.0.0", title="x", effect="none", idempotent=True, output=output)
    for name, output in {"closed:1.0.0": CLOSED, "open:1.0.0": {**CLOSED, "additionalProperties": True}}.items()
}
NAMES = ["order", "total", "lines", "customer", "note"]


def _read(expression: str, *before: dict[str, Any], **parts: Any) -> list[Problem]:
    """Return what is said of reading *expression* behind the tasks *before*."""
    data = a_workflow(*before, put("reads", {"value": f"${{ {expression} }}"}), **parts)
    return [problem for problem in check(data, CATALOGUE) if problem.code == "unknown-field"]


def _found(expression: str, *before: dict[str, Any], **parts: Any) -> bool:
    return bool(_read(expression, *before, **parts))


@settings(max_examples=80, deadline=None)
@given(
    there=st.sets(st.sampled_from(NAMES), min_size=1),
    passing=st.lists(st.sampled_from(["wait", "set", "do", "switch", "skipped"]), max_size=4),
    name=st.sampled_from(NAMES),
)
def test_through_whatever_keeps_data_a_field_is_missing_exactly_when_it_was_never_put(
    there: set[str], passing: list[str], name: str
) -> None:
    keep = {
        "wait": {"wait": "PT1S"},
        "set": {"set": "${ . }"},
        "do": {"do": [wait("inner")]},
        "switch": {"switch": [{"a": {"when": ".x?", "then": "continue"}}]},
        "skipped": {"if": "$context.x == 1", "set": "${ $input }"},
    }
    steps = [{f"s{number}": keep[kind]} for number, kind in enumerate(passing)]

    assert _found(f".{name}", put("start", dict.fromkeys(sorted(there), 1)), *steps) == (name not in there)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (".a", False), (".b", True), (".a.x", False), (".a.y", True), (".list[0].id", False), (".list[].ids", True),
        (".list | map(.ids)", True),
        (".b // 1", False), (".b?", False), (".b == null", False), (".b == 1", True), ("{a, n: .b}", True), ('"\\(.b)"', True),
        ("if .b then 1 else 2 end", True), (". + {b: 1} | .b", False), (". + {b: 1} | .c", True), (". as $x | $x.b", True),
        ("[.list[] | select(.id == 1)] | length", False), ("$context.b", False), ("$workflow.input.b", False), ("$workflow.nothing", True),
        ("$runtime.name", False), ("$task.anything", False), ("def f: .b; f", False), (".text.x", True), ("with_entries(.value.b)", False),
        ("$input.b", True), ("$input | .a.y", True), (".unknown.b", False), ("(.a | .y)", True),
        ("sort_by(.b)", False), ("del(.a) | .a", False),
        (".b = 1 | .b", False), ("reduce .list[] as $x (0; . + $x.b)", False), ('.["b"]', True), ('.["a"].x', False), ("[.a, .b]", True),
    ],
)  # fmt: skip
def test_reading_what_set_made(expression: str, found: bool) -> None:
    made = put("start", {"a": {"x": 1}, "list": [{"id": 1}], "text": "x", "unknown": "${ $workflow.input }"})

    assert _found(expression, made) == found


def test_the_hint_names_the_nearest_field_and_the_message_who_has_which() -> None:
    [problem] = _read(".totl", put("sum", {"total": 1, "count": 2}))

    assert problem.severity == "warning"
    assert problem.reference == "/do/1/reads/set/value"
    assert problem.message == "'.totl' reads 'totl', which is never there: 'sum' has only 'total', 'count'"
    assert problem.hint == "did you mean '.total'?"


def test_the_same_missing_field_is_told_once() -> None:
    again = [put(name, {"a": "${ .b }", "c": "${ .b + 1 }"}, output={"as": "${ $input }"}) for name in ("one", "two")]

    assert len(_read(".b", put("start", {"a": 1}), *again)) == 1


class TestWays:
    def test_a_field_that_one_way_brings_may_be_there(self) -> None:
        ways = [
            choose("decide", ("a", "$workflow.input.x", "one"), ("b", None, "two")),
            put("one", {"a": 1}, then="reads"),
            put("two", {"b": 1}),
        ]

        assert not _found(".a", *ways)
        assert not _found(".b", *ways)
        assert _found(".c", *ways)

    def test_a_cycle_brings_what_its_tasks_make(self) -> None:
        cycle = [put("start", {"n": 0}), put("more", {"n": "${ .n + 1 }", "m": 1}), choose("again", ("a", ".n < 3", "more"))]

        assert not _found(".m", *cycle)
        assert _found(".k", *cycle)

    def test_what_a_loop_gives_is_its_last_output_or_its_input(self) -> None:
        loop = [put("start", {"items": []}), {"each": {"for": {"in": ".items"}, "do": [put("make", {"a": "${ $item }"})]}}]

        assert not _found(".a", *loop)
        assert not _found(".items", *loop)
        assert _found(".b", *loop)

    def test_a_fork_gives_a_list_and_a_race_one_of_them(self) -> None:
        branches = [put("one", {"a": 1}), put("two", {"b": 1})]

        assert not _found(".[1].b", {"both": {"fork": {"branches": branches}}})
        assert _found(".[1].c", {"both": {"fork": {"branches": branches}}})
        assert _found(".c", {"both": {"fork": {"compete": True, "branches": branches}}})

    def test_what_a_call_answers_is_not_known(self) -> None:
        assert not _found(".a", put("start", {"b": 1}), get("load"))

    def test_an_error_has_the_fields_of_the_standard(self) -> None:
        def caught(field: str) -> dict[str, Any]:
            return {"careful": {"try": [get("load")], "catch": {"do": [put("note", {"x": f"${{ $error.{field} }}"})]}}}

        assert not _found("1", caught("detail"))
        assert _found("1", caught("message"))


class TestContext:
    FIRST = put("start", {"a": 1}, export={"as": {"kept": "${ .a }"}})
    READS = put("inner", {"b": "${ $context.other }"})
    EXPORTS = put("exports", {"c": 1}, export={"as": {"kept": 1, "other": 2}})

    def test_branches_may_see_what_others_export(self) -> None:
        assert not _found("1", self.FIRST, {"both": {"fork": {"branches": [self.READS, self.EXPORTS]}}})
        assert _found("1", self.FIRST, {"both": {"fork": {"branches": [self.READS, wait("other")]}}})

    def test_an_attempt_may_see_what_the_one_before_exported(self) -> None:
        retried = {"try": [self.READS, self.EXPORTS, get("load")], "catch": {"retry": {"limit": {"attempt": {"count": 2}}}}}

        assert not _found("1", self.FIRST, {"careful": retried})

    def test_an_iteration_may_see_what_the_one_before_exported(self) -> None:
        assert not _found("1", self.FIRST, {"each": {"for": {"in": "$workflow.input"}, "do": [self.READS, self.EXPORTS]}})
        assert _found("1", self.FIRST, {"each": {"for": {"in": "$workflow.input"}, "do": [self.READS]}})

    def test_a_catch_may_see_what_the_try_exported(self) -> None:
        careful = {"try": [self.EXPORTS, get("load")], "catch": {"do": [self.READS]}}

        assert not _found("1", self.FIRST, {"careful": careful})


class TestSchemas:
    def test_an_own_function_says_by_its_output_schema_what_it_gives(self) -> None:
        own = {"use": {"functions": {"own": {**get("load")["load"], "output": {"schema": {"document": CLOSED}}}}}}

        assert not _found(".label", {"step": {"call": "own"}}, **own)
        assert _found(".lable", {"step": {"call": "own"}}, **own)

    def test_only_a_closed_schema_says_what_is_not_there(self) -> None:
        for name, found in (("closed", True), ("open", False)):
            assert _found(".lable", {"sort": {"call": f"{name}:1.0.0@default"}}) == found

    def test_the_input_is_known_by_its_schema(self) -> None:
        parts = {"input": {"schema": {"document": CLOSED}}}

        assert not _found(".label", **parts)
        assert _found(".lable", **parts)
        assert _found("$workflow.input.lable", **parts)

    def test_the_context_is_known_after_an_export_that_replaces_it(self) -> None:
        replaced = put("start", {"a": 1}, export={"as": {"kept": "${ .a }"}})
        added = put("start", {"a": 1}, export={"as": "${ $context + {kept: .a} }"})

        assert _found("$context.other", replaced)
        assert not _found("$context.other", added)

    def test_an_output_is_what_output_as_makes(self) -> None:
        made = put("start", {"a": 1}, output={"as": "${ $input + {b: .a} }"})

        assert not _found(".anything", made)
        assert _found(".a", put("start", {"a": 1}, output={"as": "${ {b: .a} }"}))

    @pytest.mark.parametrize(
        "schema", [True, {}, {"allOf": []}, {"$ref": "#"}, {"$ref": "#/x"}, {"type": ["string", "object"]}, {"type": {}}]
    )
    def test_of_other_schemas_nothing_is_known(self, schema: Any) -> None:
        assert of_schema(schema, "x") is None

    def test_a_schema_that_contains_itself_ends(self) -> None:
        schema = {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}}

        assert isinstance(of_schema(schema, "x"), Object)


def test_extensions_may_change_any_data_so_nothing_is_said() -> None:
    use = {"extensions": [{"more": {"extend": "all", "before": [put("x", {"b": 1})]}}]}

    assert not _found(".b", put("start", {"a": 1}), use=use)


def test_either_is_commutative_about_what_may_be_there() -> None:
    one, other = Object({"a": None}), Object({"b": None})

    assert either(one, other) == either(other, one) == Object({"a": None, "b": None})
    assert either(one, None) is None


PARTS = [".a", "$x", '"', "\\(", "(", ")", "[", "]", "{", "}", "|", ",", ":", " if ", " then ", " end", "f(", "//", "?", "-", "as"]


@settings(max_examples=100, deadline=None)
@given(text=st.lists(st.sampled_from(PARTS)).map("".join))
def test_parsing_never_raises(text: str) -> None:
    tree = parse(text)

    assert tree is None or tree.kind


@pytest.mark.parametrize(
    "code", ["(" * 5000, '"\\(' * 3000, "[" * 400 + "]" * 400, ".a" * 5000, "-" * 500 + "1", ".a+" * 3000 + "1", "." + ".a|" * 3000]
)
def test_what_is_too_deep_or_too_long_is_not_covered(code: str) -> None:
    assert parse(code) is None


def test_a_mistake_of_structure_is_not_followed_by_missing_fields() -> None:
    data = a_workflow(put("start", {"a": 1}, output={"As": "${ {b: .a} }"}), put("reads", {"value": "${ .b }"}))

    assert [problem.code for problem in check(data)] == ["unknown-property"]
