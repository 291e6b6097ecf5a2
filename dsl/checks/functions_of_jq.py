"""Words that jq does not know: a function of another name or arity, a field without its dot, a text without its quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from dsl.checks.rewrites import JQ_NAMES
from dsl.expressions.masking import masked
from dsl.expressions.syntax import known_functions, syntax_error
from dsl.nearest import nearest

_BEFORE_TEXT: Final = ("==", "!=", "+", ":", "(", "//", "then", "else", ",", ";")


class Advice(NamedTuple):
    code: str  # of the problem
    hint: str
    fix: str | None  # the expression as it should be, where it compiles


def unknown_word(name: str, arity: int, code: str, variables: Collection[str], standard: Collection[str]) -> Advice:
    """Return what *name*, which jq does not know with *arity* arguments, probably was meant to be in *code*."""
    known = known_functions()
    arities = sorted(int(one.rpartition("/")[2]) for one in known if one.rpartition("/")[0] == name)

    def checked(fix: str) -> str | None:
        return fix if fix != code and syntax_error(fix, variables, standard) is None else None

    if arities:
        return Advice("wrong-arity", _takes(name, arities), checked(_semicolons(name, code)))
    if name in variables or name in standard:
        return Advice("expression-syntax", f"the variable is ${name}", checked(_replaced(name, f"${name}", code)))
    function = JQ_NAMES.get(name) or nearest(name, {one.rpartition("/")[0] for one in known if not one.startswith("_")})
    hidden = masked(code)
    place = re.search(rf"(?<![\w.$]){re.escape(name)}\b", hidden)
    before = hidden[: place.start()].rstrip() if place else ""
    if arity > 0 or before.endswith("|"):
        hint = "jq has no such function; its manual lists them"
        if function:
            hint = f"jq calls it `{function}`" if name in JQ_NAMES else f"perhaps `{function}` is meant"
        return Advice("unknown-jq-function", hint, checked(_replaced(name, function, code)) if function else None)
    return Advice("expression-syntax", *_word(name, code, before, hidden[place.end() :] if place else "", checked))


def _word(name: str, code: str, before: str, after: str, checked: Callable[[str], str | None]) -> tuple[str, str | None]:
    if before.endswith("-"):
        hyphened = re.sub(rf"\.([A-Za-z_][\w-]*-{re.escape(name)})\b", r'.["\1"]', code)
        return "a name with a hyphen stands in quotes", checked(hyphened)
    if after.startswith((".", "[")):
        return "a field begins with a dot", checked(_replaced(name, f".{name}", code))
    if before.endswith(_BEFORE_TEXT) or after.lstrip().startswith(("==", "!=")):
        return "text stands in double quotes", checked(_replaced(name, f'"{name}"', code))
    return f'write "{name}" in double quotes if it is text, .{name} if it is a field', None


def _takes(name: str, arities: list[int]) -> str:
    shown = [f"`{name}`" if count == 0 else f"`{name}({'; '.join('…' for _ in range(count))})`" for count in arities]
    return f"write {' or '.join(shown)}" + ("; arguments are separated by `;`" if max(arities) > 1 else "")


def _semicolons(name: str, code: str) -> str:
    """`sub("a", "b")` gives `sub("a"; "b")`."""
    hidden = masked(code)
    call = re.search(rf"\b{re.escape(name)}\(([^()]*)\)", hidden)
    if call is None:
        return code
    inside = "".join(";" if mask == "," else real for mask, real in zip(call[1], code[call.start(1) : call.end(1)], strict=True))
    return code[: call.start(1)] + inside + code[call.end(1) :]


def _replaced(name: str, by: str, code: str) -> str:
    """Return *code* with *name*, where it stands alone, replaced; texts are left alone."""
    done, at = [], 0
    for one in re.finditer(rf"(?<![\w.$]){re.escape(name)}\b", masked(code)):
        done += [code[at : one.start()], by]
        at = one.end()
    return "".join(done) + code[at:]
