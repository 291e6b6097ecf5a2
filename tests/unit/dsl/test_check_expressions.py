"""What is said of expressions: the fix that a hint shows is one that works, and nothing that is right is called wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl import Problem, check
from dsl.checks.rewrites import fixed
from dsl.expressions import STANDARD_VARIABLES, Expressions, syntax_error
from dsl.expressions.masking import HIDDEN, masked
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, post, put, wait

FIXES = {
    # JavaScript
    ".a && .b": ".a and .b",
    ".a || .b": ".a or .b",
    ".a === 1": ".a == 1",
    ".a !== 1": ".a != 1",
    "!.a": ".a | not",
    ".a && !(.b || .c)": ".a and ((.b or .c) | not)",
    '.a ?? "x"': '.a // "x"',
    '.ok ? "a" : "b"': 'if .ok then "a" else "b" end',
    ".a == undefined": ".a == null",
    ".items.map(.price)": ".items | map(.price)",
    ".items.map(item => item.price)": ".items | map(.price)",
    ".items.filter((o) => o.price > 1).length": "(.items | map(select(.price > 1))) | length",
    '.tags.includes("new")': '.tags | index("new") != null',
    '.name.startsWith("A")': '.name | startswith("A")',
    ".name.toUpperCase()": ".name | ascii_upcase",
    '.name.replace("a", "b")': '.name | sub("a"; "b")',
    ".items.length() > 3": "(.items | length) > 3",
    "`order ${ .id }`": '"order \\(.id)"',
    # Python
    ".a == None": ".a == null",
    ".a == True": ".a == true",
    ".x and not .a": ".x and (.a | not)",
    "'large' if .amount > 100 else 'small'": 'if .amount > 100 then "large" else "small" end',
    "len(.items)": ".items | length",
    '.status in ["open", "new"]': '.status | IN(["open", "new"][])',
    '.a.get("x")': '.a["x"]',
    ".a <> 1": ".a != 1",
    # JSONPath and templates of other tools
    "$.order.id": ".order.id",
    "$['order']": '.["order"]',
    "$.orders[*].id": ".orders[].id",
    ".orders[?(@.amount > 100)]": ".orders[] | select(.amount > 100)",
    "{ .a }": ".a",
    "{{ .a }}": ".a",
    "$(.a)": ".a",
    "{ secrets.token }": "$secrets.token",
    "context.total": "$context.total",
    # jq that is not quite right
    ".a == 'x'": '.a == "x"',
    "map(.a": "map(.a)",
    ".a)": ".a",
    '.["a"': '.["a"]',
    '"abc': '"abc"',
    "if .a then 1 else 2": "if .a then 1 else 2 end",
    ".a | length()": ".a | length",
    '.name =~ "^A"': '.name | test("^A")',
}
# whole hints: what is written there is the fix
WORDS = {
    ".status == open": 'write .status == "open"',
    "order.id": "write .order.id",
    ".first-name": 'write .["first-name"]',
    ".name | toUpperCase": "write .name | ascii_upcase",
    '.name | sub("a", "b")': 'write .name | sub("a"; "b")',
    "$input.open": "write .open",
}
RIGHT = [
    ".a", ".", "$context.b", '.a == "&& || === $.x"', '"it\'s \\(.a)"', ".a as $x | $x + 1", "{a, b: .c}", "{input, b: 1}", '.["a-b"]',
    ".a // empty", "[.[] | select(.length == 2)]", ".a | not", "any(.[]; .x)", "def f: .a; f", '"\\("a" + "b")"', "true",
    '@base64 "x\\(.a)"',
    "if .a then .b end", ".a?", "..", "reduce .[] as $x (0; . + $x)", '.a | test("input")', "{env: .a}", ".input", "$secrets.t != null",
]  # fmt: skip


USES_IT = post("last", **{"with": {"method": "post", "endpoint": "https://a.example", "headers": {"k": "${ $secrets.t }"}}})


def _problems(condition: str) -> list[Problem]:
    return check(a_workflow({"step": {"if": condition, "set": {"done": True}}}, USES_IT, use={"secrets": ["t"]}), CATALOGUE)


def _texts(text: str) -> list[Problem]:
    return check(a_workflow({"step": {"set": {"value": text}}}, USES_IT, use={"secrets": ["t"]}), CATALOGUE)


@pytest.mark.parametrize(("wrong", "right"), FIXES.items(), ids=list(FIXES))
def test_what_other_languages_write_is_shown_as_jq_that_compiles(wrong: str, right: str) -> None:
    fix = fixed(wrong, (), STANDARD_VARIABLES)

    assert fix is not None
    assert fix.code == right
    assert syntax_error(fix.code) is None


DATA = {
    "a": {"x": 5}, "ok": True, "items": [{"price": 2}, {"price": 1}], "tags": ["new"], "name": "Anna", "amount": 150, "status": "open",
    "id": 9, "orders": [{"id": 1, "amount": 50}, {"id": 2, "amount": 150}],
}  # fmt: skip
MEANT: dict[str, Any] = {
    ".ok && !(.b || .c)": True,
    ".a === undefined": False,
    '.b ?? "x"': "x",
    '.ok ? "a" : "b"': "a",
    "'large' if .amount > 100 else 'small'": "large",
    ".items.map(item => item.price)": [2, 1],
    ".items.filter((o) => o.price > 1).length": 1,
    '.tags.includes("new")': True,
    '.name.includes("nn")': True,
    ".name.toUpperCase()": "ANNA",
    '.name.replace("a", "e")': "Anne",
    "len(.items)": 2,
    '.status in ["open", "new"]': True,
    "`order ${ .id }`": "order 9",
    "$.orders[*].id": [1, 2],
    ".orders[?(@.amount > 100)]": {"id": 2, "amount": 150},
    '.items.find(i => i.price == 1)["price"]': 1,
}


async def test_the_shown_jq_does_what_was_meant() -> None:
    pool = Expressions(children=1, timeout_s=5.0)

    answers = {wrong: await pool.evaluate(fix.code, DATA, {}) for wrong in MEANT if (fix := fixed(wrong, (), STANDARD_VARIABLES))}

    await pool.aclose()
    assert answers == MEANT


@pytest.mark.parametrize(("wrong", "hint"), WORDS.items(), ids=list(WORDS))
def test_the_hint_ends_with_the_expression_as_it_should_be(wrong: str, hint: str) -> None:
    [problem] = _problems(wrong)

    assert problem.hint.endswith(hint)
    assert _problems(hint.removeprefix("write ")) == []


@pytest.mark.parametrize("code", RIGHT)
def test_right_expressions_have_no_problem(code: str) -> None:
    assert _problems(code) == []


@pytest.mark.parametrize(
    ("text", "code", "write"),
    [
        ("${ .a", "unclosed-expression", "${ .a }"),
        ("Hello ${ .a", "unclosed-expression", '${ "Hello \\(.a)" }'),
        ("Hello ${ .a }!", "mixed-expression", '${ "Hello \\(.a)!" }'),
        ("${ .a } and ${ .b }", "mixed-expression", '${ "\\(.a) and \\(.b)" }'),
        ("${ ${ .a } }", "nested-expression", "${ .a }"),
        ("${{ .a }}", "expression-syntax", "${ .a }"),
        ("{{ .a }}", "foreign-expression", "${ .a }"),
        ("Hello {{ .a }}", "foreign-expression", '${ "Hello \\(.a)" }'),
        ("$(.a)", "foreign-expression", "${ .a }"),
        ("$.a", "bare-expression", "${ .a }"),
        ("$context.a", "bare-expression", "${ $context.a }"),
    ],
)
def test_an_expression_in_foreign_dress_is_named_and_the_hint_is_an_expression(text: str, code: str, write: str) -> None:
    [problem] = _texts(text)

    assert problem.code == code
    assert problem.hint.endswith(write)
    assert _texts(write) == []


@pytest.mark.parametrize("text", ["Cost: $5", "{petId}", "a.b", "...", "{}", "$", "see https://example.com/{id}?x={y}", "% of {a}"])
def test_plain_text_is_plain_text(text: str) -> None:
    assert _texts(text) == []


# the table "Runtime expression arguments" of DSL 1.0.3
EVERYWHERE = {"secrets", "workflow", "runtime"}
TABLE: dict[str, set[str]] = {
    "workflow input.from": EVERYWHERE,
    "if": EVERYWHERE | {"context", "task"},
    "input.from": EVERYWHERE | {"context", "task"},
    "definition": EVERYWHERE | {"context", "task", "input", "authorization"},
    "output.as": EVERYWHERE | {"context", "task", "input", "authorization"},
    "export.as": EVERYWHERE | {"context", "task", "input", "authorization", "output"},
    "workflow output.as": EVERYWHERE | {"context"},
}


def _using(place: str, variable: str) -> dict[str, Any]:
    code = f"${variable} != null"
    step: dict[str, Any] = {"set": {"a": 1}}
    parts: dict[str, Any] = {}
    match place.split():
        case ["workflow", flow]:
            part, key = flow.split(".")
            parts = {part: {key: code}}
        case ["if"]:
            step["if"] = code
        case ["definition"]:
            step["set"] = {"a": f"${{ {code} }}"}
        case [flow]:
            part, key = flow.split(".")
            step[part] = {key: code}
    return a_workflow({"step": step}, **parts)


@pytest.mark.parametrize("place", TABLE)
@pytest.mark.parametrize("variable", STANDARD_VARIABLES)
def test_a_variable_exists_where_the_standard_says_so(place: str, variable: str) -> None:
    unknown = [problem.code for problem in check(_using(place, variable)) if problem.code == "unknown-variable"]

    assert unknown == ([] if variable in TABLE[place] else ["unknown-variable"])


LEAKS: dict[str, dict[str, Any]] = {
    "set": {"set": {"a": "${ $secrets.t }"}},
    "set, then the end": {"set": {"a": "${ $secrets.t }"}, "then": "end"},
    "export": {"set": {"a": 1}, "export": {"as": "${ {t: $secrets.t} }"}},
    "output": {"wait": "PT1S", "output": {"as": '${ "x" + $secrets.t }'}},
    "query": {"call": "http", "with": {"method": "get", "endpoint": "https://a.example", "query": {"k": "${ $secrets.t }"}}},
    "event": {"emit": {"event": {"with": {"type": "a", "source": "https://a.example", "data": "${ $secrets.t }"}}}},
    "message": {"call": "notify:1.0.0@default", "with": {"text": "${ $secrets.t }"}},
    "child": {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0", "input": {"t": "${ $secrets.t }"}}}},
    "arguments": {"run": {"shell": {"command": "x", "arguments": ["${ $secrets.t }"]}}},
}
KEPT: dict[str, dict[str, Any]] = {
    "header": post("x", **{"with": {"method": "post", "endpoint": "https://a.example", "headers": {"k": "${ $secrets.t }"}}})["x"],
    "body": post("x", **{"with": {"method": "post", "endpoint": "https://a.example", "body": {"k": "${ $secrets.t }"}}})["x"],
    "web hook": {"call": "notify:1.0.0@default", "with": {"text": "x", "url": "${ $secrets.t }"}},
    "environment": {"run": {"shell": {"command": "x", "environment": {"T": "${ $secrets.t }"}}}},
    "condition": {"if": '$secrets.t != ""', "wait": "PT1S"},
    "comparison": {"set": {"same": "${ $secrets.t == .given }"}},
    "length": {"set": {"length": "${ $secrets.t | length }"}},
    "input.from": {"wait": "PT1S", "input": {"from": "${ {t: $secrets.t} }"}},
}


@pytest.mark.parametrize("task", LEAKS.values(), ids=list(LEAKS))
def test_a_secret_that_may_get_out_is_a_warning(task: dict[str, Any]) -> None:
    last = [] if task.get("then") == "end" else [wait("last")]
    found = check(a_workflow({"step": task}, *last, use={"secrets": ["t"]}), CATALOGUE)

    assert [(problem.code, problem.severity) for problem in found] == [("secret-leak", "warning")]


@pytest.mark.parametrize("task", KEPT.values(), ids=list(KEPT))
def test_a_secret_where_it_belongs_is_none(task: dict[str, Any]) -> None:
    assert check(a_workflow({"step": task}, wait("last"), use={"secrets": ["t"]}), CATALOGUE) == []


class TestLooseEvaluation:
    def test_text_that_is_no_expression_stays_text(self) -> None:
        data = a_workflow(put("step", {"a": ".name", "b": "{{ hello", "c": "$x ${ y"}), evaluate={"mode": "loose", "language": "jq"})

        assert [problem.severity for problem in check(data)] == ["warning"]

    def test_in_another_language_nothing_is_judged(self) -> None:
        data = a_workflow(put("step", {"a": "${ a && b }"}), evaluate={"language": "javascript"})

        assert [problem for problem in check(data) if problem.code == "expression-syntax"] == []


def test_masking_keeps_the_length_and_the_code_inside_texts() -> None:
    code = '"a \\(.b | join(", ")) c" + .d # "e'

    hidden = masked(code)

    assert len(hidden) == len(code)
    assert hidden.replace(HIDDEN, "") == ".b | join() + .d     "


FRAGMENTS = [
    ".a", "$x", "$input", '"', "'", "\\(", "(", ")", "[", "]", "{", "}", "|", ",", " and ", "not ", "&&", "!", "?", ":", "=>", "${", "}}",
    "{{", "if ", " then ", " else ", " end", "map(", ".length", " as ", "@x", "#", "\n", "1", "-", "==", "//", ";", "..", "é", "\x00",
]  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(st.sampled_from(FRAGMENTS), max_size=14))
def test_whatever_is_written_gives_problems_and_no_exception(parts: list[str]) -> None:
    text = "".join(parts)

    for problem in [*_problems(text), *_texts(text), *_texts(f"${{ {text} }}")]:
        assert problem.hint


@pytest.mark.parametrize(
    ("process", "mixed"),
    [
        ({"script": {"language": "js", "code": "console.log(`run ${process.env.X} of {{ y }}`)"}}, False),
        ({"shell": {"command": "echo ${HOME} $(date)"}}, False),
        ({"shell": {"command": "echo ${ .name }"}}, True),
        ({"shell": {"command": "${ .command }"}}, False),
    ],
)
def test_a_program_may_have_a_dollar_of_its_own(process: dict[str, Any], mixed: bool) -> None:
    found = check(a_workflow({"step": {"run": process}}))

    assert [problem.code for problem in found] == (["mixed-expression"] if mixed else [])
