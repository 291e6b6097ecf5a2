"""Hostile and broken texts: each is read as YAML 1.2 says, or gives one named problem with a place; quickly, and never an exception."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dsl import canonical, check, examine, looks_like_definition, read

LETTERS = "abcdefgh"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n" for before, after in pairwise(LETTERS)
)
REFUSED = {
    "an alias bomb": (BOMB, "too-many-nodes"),
    "ten megabytes": ("a: " + "x" * 10_000_000, "too-large"),
    "ten thousand brackets": ("[" * 10_000, "too-deep"),
    "ten thousand closed brackets": ("[" * 10_000 + "]" * 10_000, "too-deep"),
    "three thousand levels of blocks": ("".join(" " * level + "a:\n" for level in range(3_000)), "too-deep"),
    "a NUL": ("a: \0", "invalid-character"),
    "a lone surrogate": ("a: \ud800", "invalid-character"),
    "an escaped lone surrogate in JSON": ('{"a": "\\ud800"}', "not-yaml"),
    "a tab": ("a:\n\tb: 1", "tab"),
    "an empty text": ("", "empty"),
    "only a comment": ("# nothing\n", "empty"),
    "null": ("~", "empty"),
    "two documents": ("a: 1\n---\nb: 2", "several-documents"),
    "an alias of itself": ("a: &a [*a]", "endless-alias"),
    "an unknown alias": ("a: *b", "unknown-alias"),
    "a list as key": ("? [a]\n: 1", "invalid-key"),
    "an open quote": ('a: "b', "not-yaml"),
    "a colon in plain text": ("a: b: c", "not-yaml"),
    "a key of 10,000 characters": ("a" * 10_000 + ": 1", "not-yaml"),
}
NAMED = {
    "duplicate keys": ("a: 1\na: 2", "duplicate-key", {"a": 1}),
    "a Python object": ("a: !!python/object:os.system x", "unknown-tag", {"a": "x"}),
    "infinity": ("a: .inf", "unsafe-number", {"a": ".inf"}),
    "an integer of 5,000 digits": ("a: " + "9" * 5_000, "unsafe-number", {"a": "9" * 5_000}),
    "a float that overflows": ("a: 1e999", "unsafe-number", {"a": "1e999"}),
}
READ: dict[str, tuple[str, Any]] = {
    "words of YAML 1.1": ("on: 1\nb: no\nc: yes\nd: off", {"on": 1, "b": "no", "c": "yes", "d": "off"}),
    "numbers": ("a: 010\nb: 0o10\nc: 0x1F\nd: 1e3\ne: 1_000\nf: -.5", {"a": 10, "b": 8, "c": 31, "d": 1000.0, "e": "1_000", "f": -0.5}),
    "times and dates": ("a: 12:30:45\nb: 12:30\nc: 2026-11-20", {"a": "12:30:45", "b": "12:30", "c": "2026-11-20"}),
    "quoted scalars": ("a: 'true'\nb: \"1\"\nc: !!str 1", {"a": "true", "b": "1", "c": "1"}),
    "keys that look like values": ("1: a\ntrue: b\nnull: c", {"1": "a", "true": "b", "null": "c"}),
    "a byte order mark": ("\ufeffa: 1", {"a": 1}),
    "JSON with a trailing comma": ('{"a": 1,}', {"a": 1}),
    "JSON indented with tabs": ('{\n\t"a": [1,\n\t2]}', {"a": [1, 2]}),
    "JSON with a pair of surrogates": ('{"a": "\\ud83d\\ude00", "b": "\\/"}', {"a": "😀", "b": "/"}),
    "an alias": ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
}
HEAD = "document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\n"


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_text_that_cannot_be_read_gives_one_named_problem_with_its_place(text: str, code: str) -> None:
    read("warm: up")
    started = time.perf_counter()

    source = read(text)

    assert time.perf_counter() - started < 1.0  # the aim is 0.1 s; the rest is a busy machine
    assert source.data is None
    assert [problem.code for problem in source.problems] == [code]
    assert source.problems[0].line >= 1
    assert source.problems[0].column >= 1


@pytest.mark.parametrize(("text", "code", "data"), NAMED.values(), ids=NAMED.keys())
def test_a_smaller_mistake_is_named_and_the_rest_is_still_read(text: str, code: str, data: Any) -> None:
    source = read(text)

    assert [problem.code for problem in source.problems] == [code]
    assert source.data == data


@pytest.mark.parametrize(("text", "data"), READ.values(), ids=READ.keys())
def test_scalars_are_read_as_the_core_schema_of_yaml_1_2_says(text: str, data: Any) -> None:
    source = read(text)

    assert source.problems == ()
    assert source.data == data
    assert all(type(one) is type(other) for one, other in zip(source.data.values(), data.values(), strict=True))


@pytest.mark.parametrize("text", ["hello", "- a\n- b", "1", '"x"'])
def test_a_text_that_holds_no_object_is_named(text: str) -> None:
    assert [problem.code for problem in check(read(text))] == ["wrong-type"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "x",
        [],
        {"do": 3},
        {"do": [3, None, {}]},
        {"do": [{"a": 3}]},
        {"document": 1, "use": 2, "schedule": 3, "do": [{"a": {"switch": 4}}]},
    ],
)
def test_plain_data_of_any_shape_gives_problems_and_no_exception(data: Any) -> None:
    examined = examine(data)

    assert not examined.valid
    assert examined.digest is None


def test_a_wide_fork_is_accepted_and_a_huge_duration_named() -> None:
    branches = "".join(f"          - b{number}: {{wait: P99Y}}\n" for number in range(2_000))
    text = f"{HEAD}do:\n  - wide:\n      fork:\n        branches:\n{branches}"

    assert examine(text).problems == ()
    assert [problem.code for problem in examine(text.replace("P99Y", "P99999999Y", 1)).problems] == ["wait-too-long"]


def test_places_are_the_lines_and_columns_of_the_text() -> None:
    source = read("a:\n  b: [1, two]\n  'c d': x # note\n")

    spans = {pointer: (span.line, span.column, source.text[span.start : span.end]) for pointer, span in source.spans.items()}

    assert spans["/a/b"] == (2, 6, "[1, two]")
    assert spans["/a/b/1"] == (2, 10, "two")
    assert spans["/a/c d"] == (3, 10, "x")
    assert source.text[source.keys["/a/c d"].start : source.keys["/a/c d"].end] == "'c d'"


def test_places_count_characters_and_not_bytes(tmp_path: Path) -> None:
    source = read("ä: 'öü'\nb: 😀\nc: 1")

    assert {pointer: source.text[span.start : span.end] for pointer, span in source.spans.items() if pointer} == {
        "/ä": "'öü'",
        "/b": "😀",
        "/c": "1",
    }


class TestCanonicalForm:
    def test_key_order_comments_and_style_do_not_count(self) -> None:
        one = read("b: 1 # note\na: {y: 'x', z: [1.0, 2]}").data
        other = read('{"a": {"z": [1, 2.0], "y": "x"}, "b": 1}').data

        assert canonical(one) == canonical(other) == b'{"a":{"y":"x","z":[1,2]},"b":1}'

    @pytest.mark.parametrize(
        ("number", "text"),
        [(0.0, "0"), (-0.0, "0"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
         (1e-6, "0.000001"), (1e-7, "1e-7"), (123.456, "123.456"),
         (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (4.5, "4.5"), (-1e-10, "-1e-10"),
         (333333333.33333329, "333333333.3333333")],
    )  # fmt: skip
    def test_numbers_are_written_as_rfc_8785_shows(self, number: float, text: str) -> None:
        assert canonical(number).decode() == text

    def test_keys_are_sorted_by_utf_16_units(self) -> None:
        data = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}

        assert canonical(data).decode() == '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'


class TestLooksLikeDefinition:
    @pytest.mark.parametrize(
        "text",
        [
            "document: {dsl: 1.0.3}",
            "document: {namespace: a, name: b, version: 1.0.0}",
            "document: {}\ndo: []",
            "do:\n- fetch: {call: http}",
            "id: orders\nspecVersion: '0.8'\nstart: a\nstates: []",
            "name: orders\nstates: [{name: a, type: operation}]",
        ],
    )
    def test_what_was_meant_as_a_workflow_is_recognised(self, text: str) -> None:
        assert looks_like_definition(read(text).data)

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "[]",
            "text",
            "document: a text",
            "document: {title: An essay}",
            "do: it",
            "name: app\nversion: 1.0.0\nservices: {web: {image: x}}",
            "openapi: 3.1.0\ninfo: {title: x}\npaths: {}",
            "orders: [{amount: 3}]",
            "states: [Bavaria, Hesse]",
            "on: push\njobs: {test: {steps: [{run: make}]}}",
        ],
    )
    def test_other_files_are_not(self, text: str) -> None:
        assert not looks_like_definition(read(text).data)
