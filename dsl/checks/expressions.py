"""The fourth layer: every expression compiles, names only variables that exist, and is written where it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dsl.checks.names import all_sites
from dsl.expressions.errors import shown
from dsl.expressions.program import STANDARD_VARIABLES, is_expression, strip
from dsl.expressions.syntax import syntax_error
from dsl.nearest import did_you_mean
from dsl.problems import Problem
from dsl.sites import Site

_UNKNOWN_VARIABLE = re.compile(r"\$([A-Za-z_]\w*) is not defined")
_UNKNOWN_FUNCTION = re.compile(r"([A-Za-z_]\w*)/(\d+) is not defined")
_BARE = re.compile(r"(?:\$[A-Za-z_]\w*|\.[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\])*")
_ASSIGNS = re.compile(r"(?<![=!<>|+\-*/%])=(?!=)")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_IN_CODE = re.compile(r"\$\{\s*\.")  # no shell and no language reads this
_SEVERAL = re.compile(r"\}[^{}]*\$\{")


def expressions(data: dict[str, Any]) -> Iterator[Problem]:
    for site in all_sites(data):
        yield from _site(site)


def _site(site: Site) -> Iterator[Problem]:
    text = site.text
    if site.code and not is_expression(text):
        if _IN_CODE.search(text):
            yield _in_code(site)
    elif (not is_expression(text) and "${" in text and not _inside_text(text, site.formula)) or _two_in_one(text):
        yield _mixed(site)
    elif site.formula or is_expression(text):
        yield from _expression(site)
    elif _BARE.fullmatch(text.strip()) and text.strip() not in (".",):
        message = f"'{shown(text)}' is passed on as this very text"
        yield Problem(
            code="bare-expression",
            reference=site.pointer,
            message=message,
            hint=f"for its value write ${{ {text.strip()} }}",
            severity="advice",
        )


def _in_code(site: Site) -> Problem:
    found = re.search(r"\$\{.*?\}", site.text, re.DOTALL)
    inner = shown(found[0] if found else site.text)
    message = f"'{inner}' stands inside a program, which gets it as it is: only a value that is ${{ … }} from start to end is evaluated"
    hint = f"give it to the program as `environment: {{NAME: {inner}}}`, or in `arguments`"
    return Problem(code="mixed-expression", reference=site.pointer, message=message, hint=hint, severity="warning")


def _inside_text(text: str, formula: bool) -> bool:
    """Tell whether every `${` of a formula stands inside one of its string literals."""
    return formula and "${" not in _TEXT.sub("", text)


def _two_in_one(text: str) -> bool:
    """`${ .a } and ${ .b }` begins and ends like one expression."""
    return is_expression(text) and _SEVERAL.search(_TEXT.sub('""', text)) is not None


def _mixed(site: Site) -> Problem:
    inner = re.sub(r"\$\{\s*(.*?)\s*\}", r"\\(\1)", site.text.replace('"', '\\"'), flags=re.DOTALL)
    hint = "write the whole as one expression" if len(inner) > 120 or site.formula else f'write ${{ "{inner}" }}'
    message = f"'{shown(site.text)}' mixes text and an expression: only a value that is ${{ … }} from start to end is evaluated"
    return Problem(code="mixed-expression", reference=site.pointer, message=message, hint=hint)


def _expression(site: Site) -> Iterator[Problem]:
    code = strip(site.text)
    error = syntax_error(code, site.variables)
    if error is not None:
        yield _syntax(site, code, error)
    elif site.condition and _ASSIGNS.search(_TEXT.sub('""', code)) and " as " not in code:
        message = f"'{shown(code)}' sets a value instead of comparing, so it always holds"
        yield Problem(code="assignment-in-condition", reference=site.pointer, message=message, hint="compare with `==`", severity="warning")


def _syntax(site: Site, code: str, error: str) -> Problem:
    variable = _UNKNOWN_VARIABLE.match(error)
    if variable:
        known = [*STANDARD_VARIABLES, *site.variables]
        name = variable.group(1)
        names = ", ".join(f"${one}" for one in known)
        hint = did_you_mean(name, known, f"known here: {names}").replace("mean '", "mean '$")
        return Problem(
            code="unknown-variable", reference=site.pointer, message=f"'{shown(code)}' uses ${name}, which is not known here", hint=hint
        )
    function = _UNKNOWN_FUNCTION.match(error)
    if function and function.group(2) == "0":
        hint = f'write "{function.group(1)}" in double quotes if it is text, .{function.group(1)} if it is a field'
    elif "'" in code and '"' not in code:
        hint = "jq writes text in double quotes"
    elif "&&" in code or "||" in code or "===" in code:
        hint = "jq writes `and`, `or`, `==`"
    else:
        hint = "expressions are jq, as in .orders | map(select(.amount > 100))"
    return Problem(
        code="expression-syntax", reference=site.pointer, message=f"'{shown(code)}' is not a valid expression: {error}", hint=hint
    )
