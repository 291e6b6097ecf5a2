"""Compiling many expressions in one program finds the same as compiling each alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.expressions import syntax
from dsl.expressions.syntax import compile_together, key_of, syntax_error
from tests.cases import cases

SIGNS = [".", ".a", "[", "]", "(", ")", "{", "}", "|", ",", ":", ";", '"', '"x"', "#", "\\", "1", "+", "-", "==", ".."]
WORDS = ["$order", "$other", "as", "if", "then", "else", "end", "def", "f:", "f", "try", "catch", "map(", "length"]
SOUND = ["[.a[] | .b]", "map(.a) | length", ".a + 1", '"x" + .a', ". as $x | $x", "$order.a + 1", "if .a then 1 else 2 end", "[.a, .b]"]
RANDOM = st.lists(st.sampled_from([*SIGNS, *WORDS]), min_size=1, max_size=6).map(" ".join)
EXPRESSIONS = st.lists(st.sampled_from(SOUND) | RANDOM, min_size=2, max_size=6)


@settings(max_examples=cases(40))
@given(found=EXPRESSIONS)
def test_together_and_alone_agree(found: list[str]) -> None:
    alone = [_fresh(expression) for expression in found]
    _forget()

    compile_together(key_of(syntax.strip(expression), ["order"], ()) for expression in found)

    assert [syntax_error(expression, ["order"], ()) for expression in found] == alone


def test_sound_ones_are_asked_for_once() -> None:
    _forget()
    compile_together(key_of(expression, ["order"], ()) for expression in SOUND)

    asked: list[str] = []
    before = syntax._compiler.error
    syntax._compiler.error = lambda code: asked.append(code)  # type: ignore[method-assign]
    try:
        assert [syntax_error(expression, ["order"], ()) for expression in SOUND] == [None] * len(SOUND)
    finally:
        syntax._compiler.error = before  # type: ignore[method-assign]

    assert asked == []


def _fresh(expression: str) -> str | None:
    _forget()
    return syntax_error(expression, ["order"], ())


def _forget() -> None:
    syntax._sound.clear()
    syntax._error_of.cache_clear()
