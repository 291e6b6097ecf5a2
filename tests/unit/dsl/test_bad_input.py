"""Hostile and broken texts: each is read as YAML 1.2 says, or gives one named problem with a place; quickly, and never an exception."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.cli.definitions import compiler_lines, report
from dsl import Examined, canonical, check, effects, examine, load, looks_like_definition, mermaid, outline, picture, read, render, svg
from dsl.problems import MOST_PROBLEMS
from dsl.source import MAX_NODES

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
    "a line of a million values": (f"a: [{'1,' * 1_000_000}]", "too-many-nodes"),
    "a million values in JSON": (f'{{"a": [{"1," * 1_000_000}1]}}', "too-many-nodes"),
    "a character that only some readers take for a line break": ("a: 'x\u2028y'", "invalid-character"),
    "lines that end as on a mainframe": ("a: 1\x85b: 2", "invalid-character"),
    "a C1 control character": ("a: \x9b31m", "invalid-character"),
    "half of UTF-16": ("\ufffea: 1", "invalid-character"),
    "a directive nobody knows": ("%FOO bar\n---\na: 1", "not-yaml"),
    "a version of YAML nobody knows": ("%YAML 9.9\n---\na: 1", "not-yaml"),
    "an alias as key": ("a: &x b\n*x : 1", "invalid-key"),
    "ten thousand question marks": ("? " * 10_000, "invalid-key"),
    "ten thousand colons": (":" * 10_000, "not-yaml"),
    "ten thousand hyphens": ("- " * 10_000, "too-deep"),
    "aliases inside each other": ("".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(300)), "too-deep"),
    "something behind the end": ("a: 1\n...\nb: [", "not-yaml"),
    "a comment in JSON": ('{"a": 1} // no', "not-yaml"),
}
NAMED = {
    "duplicate keys": ("a: 1\na: 2", "duplicate-key", {"a": 1}),
    "a Python object": ("a: !!python/object:os.system x", "unknown-tag", {"a": "x"}),
    "infinity": ("a: .inf", "unsafe-number", {"a": ".inf"}),
    "an integer of 5,000 digits": ("a: " + "9" * 5_000, "unsafe-number", {"a": "9" * 5_000}),
    "a float that overflows": ("a: 1e999", "unsafe-number", {"a": "1e999"}),
    "no number": ("a: .nan", "unsafe-number", {"a": ".nan"}),
    "a number that doubles do not have": ("a: 9007199254740993", "unsafe-number", {"a": "9007199254740993"}),
    "base64": ("a: !!binary aGVsbG8=", "unknown-tag", {"a": "aGVsbG8="}),
    "a set": ("a: !!set {b, c}", "unknown-tag", {"a": {"b": None, "c": None}}),
    "a time with its tag": ("a: !!timestamp 2026-11-20", "unknown-tag", {"a": "2026-11-20"}),
    "a tag of one's own": ("a: !secret b", "unknown-tag", {"a": "b"}),
    "a tag written out": ("a: !<tag:yaml.org,2002:python/name:os.system> b", "unknown-tag", {"a": "b"}),
    "a tag behind a directive": ("%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system b", "unknown-tag", {"a": "b"}),
    "a tag that does not fit": ("a: !!int abc", "unknown-tag", {"a": "abc"}),
    "a merge key": ("a: &x {b: 1}\nc: {<<: *x}", "merge-key", {"a": {"b": 1}, "c": {"<<": {"b": 1}}}),
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
    "tags that fit": (
        "a: !!int '5'\nb: !!float 3\nc: !!bool 'true'\nd: !!null ''\ne: ! 12",
        {"a": 5, "b": 3, "c": True, "d": None, "e": "12"},
    ),
    "a sign of YAML 1.1": ("=: =\n'<<': 1", {"=": "=", "<<": 1}),
    "YAML 1.1 by its own word": ("%YAML 1.1\n---\na: yes", {"a": "yes"}),
    "YAML 1.2 by its own word": ("%YAML 1.2\n---\na: yes", {"a": "yes"}),
    "lines that end as on old Macs": ("a: 1\rb: 2\r", {"a": 1, "b": 2}),
    "lines that end as on Windows": ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
    "a line of a million characters": (f"a: '{'ab ' * 300_000}c'", {"a": "ab " * 300_000 + "c"}),
    "a long key behind a question mark": ("? " + "a" * 10_000 + "\n: 1", {"a" * 10_000: 1}),
    "JSON with a line separator": ('{"a": "x\u2028y"}', {"a": "x\u2028y"}),
    "JSON that is none": ('{"a": NaN}', {"a": "NaN"}),
    "an end without anything behind": ("a: 1\n...\n", {"a": 1}),
    "an alias": ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
}
HEAD = "document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}\n"


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_text_that_cannot_be_read_gives_one_named_problem_with_its_place(text: str, code: str) -> None:
    source = read(text)

    assert source.data is None
    assert [problem.code for problem in source.problems] == [code]
    assert source.problems[0].line >= 1
    assert source.problems[0].column >= 1
    assert source.problems[0].hint
    assert examine(text).problems == source.problems


def test_the_limit_of_values_is_stated() -> None:
    assert f"{MAX_NODES:,}" in read(f"a: [{'1,' * 1_000_000}]").problems[0].message


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


def _tasks(line: str, count: int) -> str:
    """Return a definition with *count* tasks; N in *line* is the number of a task."""
    return f"{HEAD}do:\n" + "".join(f"  - {line.replace('N', str(number))}\n" for number in range(count))


def _fork(count: int) -> str:
    branches = "".join(f"          - b{number}: {{wait: PT1S}}\n" for number in range(count))
    return f"{HEAD}do:\n  - wide:\n      fork:\n        branches:\n{branches}"


def _task(task: str, head: str = HEAD) -> str:
    return f"{head}do:\n  - a: {task}\n"


A_WAIT = "{wait: PT1S}"
ANSWERS: dict[str, tuple[str, str]] = {  # text, the code of the only error; "" where it is valid
    "a name of 900 characters": (_tasks("n" * 900 + ": {wait: PT1S}", 1), ""),
    "a name of 10,000 characters": (f"{HEAD}do:\n  - ? {'n' * 10_000}\n    : {A_WAIT}\n", ""),
    "a workflow's name of 10,000 characters": (_task(A_WAIT, HEAD.replace("name: b", f"name: {'b' * 10_000}")), "invalid-name"),
    "a fork of 2,000 branches": (_fork(2_000), ""),
    "a loop over a million": (_task("{for: {in: '${ [range(1000000)] }'}, do: [{b: {wait: PT1S}}]}"), "too-wide"),
    "an expression of a megabyte": (_task(f"{{set: {{x: '${{ {'1+' * 500_000}1 }}'}}}}"), "expression-syntax"),
    "a hundred thousand expressions that do not end": (_task(f"{{set: {{x: '{'${ ' * 100_000}'}}}}"), "unclosed-expression"),
    "an expression of 20,000 brackets": (_task(f"{{set: {{x: '${{ {'(' * 20_000}1{')' * 20_000} }}'}}}}"), "expression-syntax"),
    "a wait of 99,999,999 years": (_task("{wait: P99999999Y}"), "wait-too-long"),
    "a wait of more years than a double counts": (_task(f"{{wait: P{'9' * 400}Y}}"), "wait-too-long"),
    "a wait of 50,000 digits": (_task(f"{{wait: {{days: {'1' * 50_000}}}}}"), "unsafe-number"),
    "a duration of 50,000 digits": (_task(f"{{wait: P{'1' * 50_000}}}"), "invalid-duration"),
    "an address of 10,000 parts": (_task(f"{{call: http, with: {{method: get, endpoint: 'https://a.example{'/b' * 10_000}'}}}}"), ""),
    "a cron of 10,000 fields": (_task(A_WAIT, f"{HEAD}schedule: {{cron: '{'* ' * 10_000}'}}\n"), "invalid-cron"),
    "keys that are no text": (f"{HEAD}do:\n  - 1: {A_WAIT}\n  - true: {A_WAIT}\n  - null: {{set: {{1.5: a, ~: b}}}}\n", ""),
    "a Python object": (_task("{set: {x: !!python/object/apply:os.system ['false']}}"), "unknown-tag"),
    "a schema that contains itself": (_task("{wait: PT1S, input: {schema: {document: {$ref: '#'}}}}"), ""),
    "tasks 60 levels deep": (_task("{do: [{b: " * 60 + A_WAIT + "}]}" * 60), "too-deep"),
}


@pytest.mark.parametrize(("text", "code"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_unusual_definition_has_its_answer_everywhere(text: str, code: str, tmp_path: Path) -> None:
    """Checked as text, on the command line and, when it is valid, told and drawn."""
    path = tmp_path / "a.yaml"
    path.write_text(text, "utf-8")

    examined = examine(text)
    told = report(path, {})

    found = [problem for problem in examined.problems if problem.severity == "error"]
    assert [problem.code for problem in found] == ([code] if code else [])
    assert all(problem.line and problem.column and len(problem.message) < 300 for problem in found)
    assert all(len(problem.hint) < 1_100 for problem in found)
    assert told["valid"] == (code == "")
    assert compiler_lines(told).startswith(f"{path}:{found[0].line}:{found[0].column}: error: " if code else f"{path}:")
    if examined.valid:
        _works(examined)


def test_a_fork_of_10_000_branches_is_too_wide_and_nothing_else_is_judged() -> None:
    [told] = examine(_fork(3_000)).problems
    [unread] = examine(_fork(10_000)).problems

    assert (told.code, told.message) == ("too-wide", "the fork has 3,000 branches, and 2,000 are allowed")
    assert (unread.code, unread.message) == ("too-wide", "the fork has more than 4,000 branches")
    assert (unread.reference, unread.line, unread.column) == (told.reference, told.line, told.column)
    assert examine(_fork(2_000)).problems == ()


def _works(examined: Examined) -> None:
    assert load(examined.data).to_json() == examined.data
    assert outline(examined.data)
    assert isinstance(effects(examined.data, {}), list)
    assert svg(picture(examined.data)).endswith("</svg>\n")
    assert mermaid(examined.data)
    assert "fork" in str(examined.data)[:200] or read(render(examined.data)).data == examined.data  # of thousands of branches it is slow


MANY = {
    "unknown properties": "aN: {wait: {foo: 1}}",
    "names that lead nowhere": "aN: {wait: PT1S, then: zN}",
    "tasks of one name": "a: {wait: PT1S}",
    "wrong expressions": "aN: {set: {x: '${ .[N }'}}",
    "unknown tags": "aN: {set: {x: !y 1}}",
    "twice the same key": "aN: {wait: PT1S, wait: PT1S}",
    "undeclared secrets": "aN: {set: {x: '${ $secrets.sN | length }'}}",
}


@pytest.mark.parametrize("line", MANY.values(), ids=MANY.keys())
def test_of_too_many_problems_the_first_are_told_and_that_there_are_more(line: str) -> None:
    found = examine(_tasks(line, 2 * MOST_PROBLEMS)).problems

    assert len(found) == MOST_PROBLEMS + 1
    assert (found[-1].code, found[-1].severity) == ("too-many-problems", "advice")
    assert found[-1].line
    assert f"more than {MOST_PROBLEMS}" in found[-1].message
    assert {problem.severity for problem in found[:-1]} == {"error"}


LONG: dict[str, Callable[[int], str]] = {
    "tasks in a row": lambda count: _tasks("aN: {wait: PT1S}", count),
    "tasks that name another": lambda count: _tasks("aN: {switch: [{x: {when: .y, then: a0}}]}", count),
    "names that lead nowhere": lambda count: _tasks("aN: {wait: PT1S, then: zN}", count),
    "tasks of one name": lambda count: _tasks("a: {wait: PT1S}", count),
    "twice the same key": lambda count: "a: 1\n" * count,
    "a wide fork": _fork,
    "aliases": lambda count: "x: &x y\na:\n" + "  - *x\n" * count,
    "anchors": lambda count: "a:\n" + "".join(f"  - &x{number} y\n" for number in range(count)),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_twice_as_much_text_takes_twice_as_many_steps(text: Callable[[int], str]) -> None:
    examine(text(10))

    assert _calls(text(300)) < 2.5 * _calls(text(150))


def _calls(text: str) -> int:
    """Return how many functions are called to examine *text*: unlike seconds, the same on every machine."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        examine(text)
    finally:
        sys.setprofile(before)
    return count


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
