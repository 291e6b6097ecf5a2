"""Expressions in the dress of other tools, passed on as they stand: `{{ .a }}`, `$(.a)`, `$.a`, `${ .a`, and text around `${ }`."""

from __future__ import annotations

import re
from typing import Final

from dsl.expressions.errors import shown
from dsl.expressions.masking import masked
from dsl.expressions.program import is_expression, strip
from dsl.problems import Problem
from dsl.sites import Site

_BARE: Final = re.compile(r"(?:\$[A-Za-z_]\w*|\.[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\])*")
_JSON_PATH: Final = re.compile(r"\$(?:\.[A-Za-z_]\w*|\[\d+\]|\['[^']*'\]|\[\*\])+")
_MUSTACHE: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_SHELL: Final = re.compile(r"\s*\$\((.+)\)\s*", re.DOTALL)
_SEVERAL: Final = re.compile(r"\}[^{}]*\$\{")
PROGRAMS: Final = ("/run/script/code", "/run/shell/command", "/run/container/command")
_OF_JQ: Final = re.compile(r"\$\{\s*[.$]")  # in a shell `${NAME}` is its own variable
_WRAPPER: Final = re.compile(r"\$\{\s*(.*?)\s*\}", re.DOTALL)


def is_mixed(site: Site) -> bool:
    """Tell whether `${ }` stands somewhere else than around the whole. In a program it may belong to the program's own language."""
    text = site.text
    if "${" not in text:
        return False
    if site.pointer.endswith(PROGRAMS) and not is_expression(text):
        return not site.pointer.endswith("/code") and _OF_JQ.search(text) is not None
    if is_expression(text):  # `${ .a } and ${ .b }` begins and ends like one expression
        return _SEVERAL.search(masked(text)) is not None
    return not (site.formula and "${" not in masked(text))  # in a text of a formula it is text


def mixed(site: Site) -> Problem:
    """Return the problem of a text for which `is_mixed` holds."""
    text = site.text
    if masked(text).count("{") > masked(text).count("}"):
        before, _, inner = text.partition("${")
        quoted = before.lstrip().replace('"', '\\"')
        write = f'${{ "{quoted}\\({inner.strip()})" }}' if quoted else f"${{ {inner.strip()} }}"
        message = f"'{shown(text)}' begins an expression and does not end it"
        return Problem(code="unclosed-expression", reference=site.pointer, message=message, hint=f"write {write}")
    if text.strip() == "${}":
        return Problem(
            code="expression-syntax",
            reference=site.pointer,
            message="'${}' holds no expression",
            hint="write what it should give, as in ${ .amount }",
        )
    message = f"'{shown(text)}' mixes text and an expression: only a value that is ${{ … }} from start to end is evaluated"
    return Problem(code="mixed-expression", reference=site.pointer, message=message, hint=_whole(site))


def nested(site: Site) -> Problem | None:
    """Return the problem of `${ ${ .a } }`."""
    code = strip(site.text)
    if not is_expression(code):
        return None
    while is_expression(code):
        code = strip(code)
    message = f"'{shown(site.text)}' has an expression inside an expression"
    return Problem(code="nested-expression", reference=site.pointer, message=message, hint=f"once is enough: write ${{ {code} }}")


def foreign(site: Site) -> Problem | None:
    """Return advice or a warning about a text that looks like an expression and is none."""
    text = site.text.strip()
    if "{{" in text:
        return _mustache(site, text)
    if not text.startswith(("$", ".")) or text == ".":
        return None
    shell = _SHELL.fullmatch(text)
    from dsl.checks.rewrites import rewritten

    code = rewritten(text)[0] if _JSON_PATH.fullmatch(text) or shell else text if _BARE.fullmatch(text) else None
    if code is None:
        return None
    if not shell:
        message = f"'{shown(text)}' is passed on as this very text"
        return Problem(
            code="bare-expression", reference=site.pointer, message=message, hint=f"for its value write ${{ {code} }}", severity="advice"
        )
    message = f"'{shown(text)}' is no expression and is passed on as this very text"
    return Problem(code="foreign-expression", reference=site.pointer, message=message, hint=f"write ${{ {code} }}", severity="warning")


def _mustache(site: Site, text: str) -> Problem | None:
    found = _MUSTACHE.search(text)
    if found is None:
        return None
    whole = found.group() == text
    quoted = _MUSTACHE.sub(lambda one: f"\\({one[1]})", text.replace('"', '\\"'))
    write = f"${{ {found[1]} }}" if whole else f'${{ "{quoted}" }}'
    hint = f"for its value write {write}" if len(write) <= 120 else "write the whole as one expression"
    message = f"'{shown(text)}' is passed on as this very text: {{{{ }}}} means nothing here"
    severity = "warning" if whole else "advice"  # a template for somebody else may be meant
    return Problem(code="foreign-expression", reference=site.pointer, message=message, hint=hint, severity=severity)  # type: ignore[arg-type]


def _whole(site: Site) -> str:
    """Return how to write a mixed text as one expression."""
    text = site.text
    if site.formula:
        code = _WRAPPER.sub(r"\1", text)
        return f"write the whole as one expression: {code}"
    inner = _WRAPPER.sub(r"\\(\1)", text.replace('"', '\\"'))
    return "write the whole as one expression" if len(inner) > 120 else f'write ${{ "{inner}" }}'
