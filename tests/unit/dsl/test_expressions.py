"""Expressions: what they answer, what they cannot reach, and what happens when one misbehaves."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.expressions import ExpressionError, Expressions, fast, is_expression, strip, syntax_error
from dsl.expressions.child_process import Child, request
from dsl.expressions.program import program, used_names
from dsl.expressions.syntax import _error_of


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    pool = Expressions(children=2, timeout_s=5.0)
    yield pool
    await pool.aclose()


async def _error(pool: Expressions, expression: str, data: Any = None, **options: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        await pool.evaluate(expression, data, {}, **options)
    return caught.value


class TestEvaluate:
    @pytest.mark.parametrize(
        ("expression", "answer"),
        [
            ("${ .a + 1 }", 2),
            (".a + 1", 2),
            ("${.a}", 1),
            (".missing.deeper", None),
            ("empty", None),
            (".list[]", [1, 2, 3]),
            (".list | map(select(. > 1))", [2, 3]),
            ('"\\(.a) and \\(.b)"', "1 and two"),
            ("$context.total * 2 # a comment", 20),
            ('"$context and ${ }"', "$context and ${ }"),
            ("[$context, $item] | length", 2),
            (". as $here | $here.a", 1),
            ('"a\nb"', "a\nb"),
        ],
    )
    async def test_gives_the_value_of_the_expression(self, expressions: Expressions, expression: str, answer: Any) -> None:
        data = {"a": 1, "b": "two", "list": [1, 2, 3]}

        assert await expressions.evaluate(expression, data, {"context": {"total": 10}, "item": 7}) == answer

    async def test_now_is_the_clock_that_was_given(self) -> None:
        pool = Expressions(now=lambda: 1_700_000_000.0)

        assert await pool.evaluate("now | todate", None, {}) == "2023-11-14T22:13:20Z"
        await pool.aclose()

    async def test_resolve_replaces_wrapped_strings_and_leaves_all_others(self, expressions: Expressions) -> None:
        template = {"a": "${ .n + 1 }", "b": [".n", "text ${ .n }", {"c": "${ .n }"}], "d": 3, "e": None}

        assert await expressions.resolve(template, {"n": 1}, {}) == {"a": 2, "b": [".n", "text ${ .n }", {"c": 1}], "d": 3, "e": None}

    async def test_many_callers_at_once_get_their_own_answers(self, expressions: Expressions) -> None:
        answers = await asyncio.gather(*(expressions.evaluate(f".n + {number} - 0", {"n": 100}, {}) for number in range(40)))

        assert answers == [100 + number for number in range(40)]

    async def test_large_data_goes_through(self, expressions: Expressions) -> None:
        data = [{"id": number, "text": "ü" * 50} for number in range(20_000)]

        assert await expressions.evaluate("map(.id) | add", data, {}) == sum(range(20_000))

    async def test_the_event_loop_goes_on_while_a_child_works(self, expressions: Expressions) -> None:
        task = asyncio.create_task(_error(expressions, "def f: f; f", timeout_s=0.4))
        ticks = 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1

        assert (await task).kind == "timeout"
        assert ticks >= 10


class TestConfinement:
    @pytest.mark.parametrize("expression", ["env", "$ENV", "env | tojson | fromjson", "{} | $ENV"])
    async def test_the_environment_is_empty(self, expressions: Expressions, expression: str) -> None:
        assert await expressions.evaluate(expression, None, {}) == {}

    async def test_breaking_out_of_the_wrapper_reaches_only_the_shadows(self, expressions: Expressions) -> None:
        assert await expressions.evaluate("1) | ([$ENV, env, (try input catch .)]", None, {}) == [
            {},
            {},
            "input is not available in workflow expressions",
        ]

    @pytest.mark.parametrize("expression", ["input", "[inputs]", "halt", "halt_error", '"x" | halt_error(1)', '"a" | modulemeta'])
    async def test_what_reads_or_stops_the_machine_is_an_error_that_says_so(self, expressions: Expressions, expression: str) -> None:
        error = await _error(expressions, expression)

        assert error.kind == "runtime"
        assert "not available in workflow expressions" in str(error)

    @pytest.mark.parametrize("expression", ['import "x" as $d; $d', 'include "x"; .', 'import "a" as a {search: "/"}; .'])
    async def test_files_cannot_be_imported(self, expressions: Expressions, expression: str) -> None:
        assert (await _error(expressions, expression)).kind == "syntax"

    async def test_debug_and_stderr_pass_their_input_on(self, expressions: Expressions) -> None:
        assert await expressions.evaluate('debug | debug("x") | stderr | . + 1', 1, {}) == 2

    def test_a_child_has_no_environment_no_spare_file_and_limited_memory(self) -> None:
        child = Child(memory_mb=256, patience_s=5)
        child.ask_blocking(request("1", b"1"), 5)
        process = Path("/proc") / str(child.pid)
        limits = {line[:25].strip(): line[25:].split()[0] for line in (process / "limits").read_text().splitlines()[1:]}
        environment = (process / "environ").read_bytes()
        child.kill()

        assert environment == b""
        assert limits["Max address space"] == str(256 << 20)
        assert limits["Max open files"] == "3"
        assert limits["Max core file size"] == "0"


class TestMisbehaviour:
    async def test_an_endless_expression_is_stopped_named_and_the_pool_goes_on(self, expressions: Expressions) -> None:
        error = await _error(expressions, "${ def f: f; f }", timeout_s=0.3)

        assert error.kind == "timeout"
        assert str(error) == "'def f: f; f' did not finish within 0.3 s"
        assert await expressions.evaluate(". + 1", 1, {}) == 2

    @pytest.mark.parametrize("expression", ['"a" * 1e9 | length', "[range(1e8)] | length", "reduce range(1e9) as $i ([]; . + [. , .])"])
    async def test_a_memory_bomb_is_an_error_of_kind_memory(self, expression: str) -> None:
        pool = Expressions(timeout_s=20.0, memory_mb=128)

        error = await _error(pool, expression)

        assert error.kind == "memory"
        assert "128 MB" in str(error)
        assert await pool.evaluate(". + 1", 1, {}) == 2
        await pool.aclose()

    async def test_a_runtime_error_names_the_expression_and_the_reason(self, expressions: Expressions) -> None:
        error = await _error(expressions, "${ .a.b }", {"a": 1})

        assert (error.kind, str(error)) == ("runtime", "'.a.b' failed: Cannot index number with string (\"b\")")

    async def test_an_unknown_variable_and_a_typing_mistake_are_errors_of_kind_syntax(self, expressions: Expressions) -> None:
        unknown = await _error(expressions, "$nobody.name")
        broken = await _error(expressions, ".a | | .b")

        assert (unknown.kind, broken.kind) == ("syntax", "syntax")
        assert "$nobody is not defined" in str(unknown)

    async def test_data_that_is_not_json_is_an_error_and_costs_no_child(self, expressions: Expressions) -> None:
        assert (await _error(expressions, ". + 1", float("nan"))).kind == "runtime"

    async def test_a_cancelled_caller_leaves_no_answer_behind_for_the_next(self) -> None:
        pool = Expressions(children=1, timeout_s=10.0)
        await pool.evaluate(". + 0", 0, {})
        for delay in (0.0, 0.001, 0.01):
            task = asyncio.create_task(pool.evaluate('[range(300000)] | length | "late"', 1, {}))
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

            assert await pool.evaluate('. + " next"', "the", {}) == "the next"
        await pool.aclose()

    async def test_a_child_that_is_killed_from_outside_is_replaced(self) -> None:
        pool = Expressions(children=1)
        await pool.evaluate(". + 1", 1, {})
        [child] = pool._alive
        os.kill(child.pid, 9)

        assert (await _error(pool, ". + 1", 1)).kind == "memory"
        assert await pool.evaluate(". + 1", 1, {}) == 2
        await pool.aclose()

    async def test_a_child_that_died_while_it_had_nothing_to_do_costs_nobody_an_error(self) -> None:
        pool = Expressions(children=1)
        await pool.evaluate(". + 1", 1, {})
        [child] = pool._alive
        os.kill(child.pid, 9)
        while not child.ended:  # noqa: ASYNC110 (it is seen when the loop reads, which sets no event)
            await asyncio.sleep(0.001)

        assert await pool.evaluate(". + 1", 1, {}) == 2
        assert child not in pool._alive
        await pool.aclose()

    async def test_data_and_answers_larger_than_any_buffer_come_whole(self, expressions: Expressions) -> None:
        texts = ["ä" * 1_000] * 2_000

        assert await expressions.evaluate("map(. + .)", texts, {}) == ["ä" * 2_000] * 2_000
        assert await expressions.evaluate("length + 0", texts, {}) == 2_000

    async def test_after_aclose_no_child_is_left(self) -> None:
        pool = Expressions()
        await asyncio.gather(*(pool.evaluate(". + 1", 1, {}) for _ in range(4)))
        pids = [child.pid for child in pool._alive]
        await pool.aclose()

        assert pids
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        with pytest.raises(RuntimeError, match="closed"):
            await pool.evaluate(". + 1", 1, {})


class TestSyntaxError:
    @pytest.mark.parametrize("expression", [".a", "${ .a | length }", "$context.x == 1", '"text"', ".a as $x | $x", "# only\n.a"])
    def test_a_good_expression_has_none(self, expression: str) -> None:
        assert syntax_error(expression) is None

    @pytest.mark.parametrize(
        "expression", ["", "${  }", ".a |", "{a:", '"open', ".a) | (.b", "foo", "$nobody", 'import "a" as a; .', "(" * 5_000, "." * 30_000]
    )
    def test_a_bad_one_is_told(self, expression: str) -> None:
        assert syntax_error(expression)

    @pytest.mark.parametrize(
        ("expression", "words"),
        [
            (".a | map(", "it ends too early, after '.a | map('"),
            (".a |", "it ends too early, after '.a |'"),
            (".a\n| map(.b\n", "it ends too early, after '.a | map(.b': the '(' is never closed"),
            ("[.a", "it ends too early, after '[.a': the '[' is never closed"),
            ('"open', "a text is not closed: a double quote is missing"),
            (".a)", "a ')' has no '(' before it"),
            (".a ]", "']' cannot stand after '.a'"),
            (".a..b", "'..' cannot stand after '.a'"),
            (".a\n  && .b", "'&' cannot stand after '.a'"),
            ('.a == "ä" x', "'x' cannot stand after '.a == \"ä\"'"),
            ("%", "it cannot begin with '%'"),
            (".quite_a_long_name | map(select(.another > 3)) |", "it ends too early, after '…> 3)) |'"),
        ],
    )
    def test_a_mistake_is_told_by_what_the_author_wrote(self, expression: str, words: str) -> None:
        assert syntax_error(expression) == words

    def test_variables_of_the_scope_are_known(self) -> None:
        assert syntax_error("$order.id + 1") == "$order is not defined"
        assert syntax_error("$order.id + 1", ["order"]) is None
        assert syntax_error("$order.id", ["order"]) is None
        assert syntax_error("$context.a == $order.id") == "$order is not defined"

    def test_the_second_time_costs_a_look_up(self) -> None:
        syntax_error(".a | map(. + 12345)")
        compiled = _error_of.cache_info().misses

        syntax_error(".a | map(. + 12345)")

        assert _error_of.cache_info().misses == compiled


@pytest.mark.parametrize(
    ("text", "wrapped", "code"),
    [
        ("${ .a }", True, ".a"),
        ("  ${.a}  ", True, ".a"),
        (".a", False, ".a"),
        ("x ${ .a }", False, "x ${ .a }"),
        ("${ {a: 1} }", True, "{a: 1}"),
        ("${\n.a\n}", True, ".a"),
    ],
)
def test_an_expression_is_wrapped_whole_or_it_is_text(text: str, wrapped: bool, code: str) -> None:
    assert is_expression(text) is wrapped
    assert strip(text) == code


NAMES = st.sampled_from(["a", "b", "c_1", "missing"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.sampled_from(["", "a", "ä", "10", "x y"])
)
JSON_VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
STEPS = st.lists(st.builds(".{}".format, NAMES) | st.integers(0, 2).map("[{}]".format) | st.builds('["{}"]'.format, NAMES), max_size=3).map(
    "".join
)
PATHS = st.one_of(
    st.just("."),
    STEPS.filter(lambda steps: steps.startswith(".")),
    STEPS.filter(lambda steps: steps.startswith("[")).map(".{}".format),
    st.tuples(st.sampled_from(["$context", "$item", "$nobody"]), STEPS).map("".join),
)
LITERALS = st.sampled_from(["1", "-2", "0", "1.5", "true", "false", "null", '"a"', '""', '"x y"', "10"])
COMPARISONS = st.tuples(PATHS | LITERALS, st.sampled_from([" == ", "!=", " < ", "<=", ">", " >= "]), PATHS | LITERALS).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expression=PATHS | LITERALS | COMPARISONS, data=JSON_VALUES, context=JSON_VALUES, item=JSON_VALUES)
def test_the_fast_path_answers_what_jq_answers(expression: str, data: Any, context: Any, item: Any) -> None:
    """Wherever the fast path is sure, the child gives the same value; wherever jq fails, the fast path was not sure."""
    plain = fast.compiled(expression)
    variables = {"context": context, "item": item}
    quick = fast.UNSURE if plain is None else plain(data, variables)
    names = used_names(expression, variables)
    payload = json.dumps({"n": 0, "v": variables, "d": data}).encode()

    answer = _CHILD.ask_blocking(request(program(expression, names), payload), 10)

    assert plain is not None
    if answer.kind != "ok":
        assert quick is fast.UNSURE
    elif quick is not fast.UNSURE:
        results = [json.loads(line) for line in answer.text.splitlines()]
        assert [_typed(quick)] == [_typed(result) for result in results]


def _typed(value: Any) -> Any:
    """Return *value* so that true and 1 differ while 1 and 1.0 do not."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (isinstance(value, bool), value)


_CHILD: Child


@pytest.fixture(scope="module", autouse=True)
def _one_child() -> Any:
    global _CHILD
    _CHILD = Child(memory_mb=512, patience_s=600)
    yield
    _CHILD.kill()
