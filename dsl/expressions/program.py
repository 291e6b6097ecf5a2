"""From an expression of a definition to the jq program a child compiles.

The program is `PRELUDE | .v.x as $x | .d | (EXPRESSION)` over the input `{"n": now, "v": variables, "d": data}`: variables travel in
the input, so a program is compiled once. The prelude comes first and shadows everything that reads the machine or the clock; since
`import` and `include` may only open a program, they are syntax errors here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_WRAPPED = re.compile(r"\s*\$\{(.+)\}\s*\Z", re.DOTALL)
_VARIABLE = re.compile(r"\$\s*([A-Za-z_][A-Za-z0-9_]*)")
_GONE = "is not available in workflow expressions"

PRELUDE = (
    ".n as $__now | {} as $ENV | def env: {}; def now: $__now; def debug: .; def debug(f): .; def stderr: .;"
    f' def input: error("input {_GONE}"); def inputs: error("inputs {_GONE}"); def input_line_number: 0;'
    f' def input_filename: null; def halt: error("halt {_GONE}"); def halt_error: error("halt_error {_GONE}");'
    f' def halt_error(f): error("halt_error {_GONE}"); def get_search_list: []; def modulemeta: error("modulemeta {_GONE}");'
)
# what every expression may name, besides the variables of the scopes around it (DSL 1.0.3, "Runtime expression arguments")
STANDARD_VARIABLES = ("context", "input", "output", "secrets", "authorization", "task", "workflow", "runtime")


def is_expression(text: object) -> bool:
    """Tell whether *text* is a string wrapped whole as `${ … }`. Text with an expression in its middle is not one."""
    return isinstance(text, str) and _WRAPPED.match(text) is not None


def strip(text: str) -> str:
    """Return the jq of *text*, wrapped or bare: `"${ .a }"` and `" .a "` both give `".a"`."""
    match = _WRAPPED.match(text)
    return (match.group(1) if match else text).strip()


@lru_cache(maxsize=4096)
def variables_in(expression: str) -> frozenset[str]:
    """Return the names after a `$` anywhere in *expression* (strings and own bindings included: a superset is harmless)."""
    return frozenset(_VARIABLE.findall(expression))


@lru_cache(maxsize=4096)
def program(expression: str, names: tuple[str, ...]) -> str:
    """Return the jq program of a stripped *expression* that may use the variables *names*."""
    bound = "".join(f".v.{name} as ${name} | " for name in names)
    return f"{PRELUDE} {bound}.d | ({expression}\n)"


def used_names(expression: str, names: Collection[str]) -> tuple[str, ...]:
    """Return those of *names* that *expression* mentions, sorted; only these are sent to a child."""
    return tuple(sorted(name for name in variables_in(expression) if name in names))
