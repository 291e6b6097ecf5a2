"""Compile expressions without running them, for `check()`: blocking, in one child of its own, each distinct expression once.

A plain expression costs nothing; another about 1 ms the first time, then a dictionary look-up.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections.abc import Collection
from functools import lru_cache

from dsl.expressions import fast
from dsl.expressions.child_process import Child, ChildDied, request
from dsl.expressions.messages import syntax_words
from dsl.expressions.program import STANDARD_VARIABLES, program, strip, used_names, variables_in

_COMPILE_TIMEOUT_S = 5.0
_OWN = ("ENV", "__loc__")  # jq's own variables
_LONGEST = 20_000  # characters; a longer expression is refused unread


class _Compiler:
    """Holds the one child; a fork of this process gets a child of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._owner = 0

    def error(self, code: str) -> str | None:
        """Return libjq's message for the jq program *code*, None when it compiles."""
        with self._lock:
            try:
                answer = self._running().ask_blocking(request(code, None), _COMPILE_TIMEOUT_S)
            except (ChildDied, TimeoutError):
                self._kill()
                return "too large or too deeply nested to compile"
            return None if answer.kind == "ok" else answer.text

    def builtins(self) -> frozenset[str]:
        """Return "map/1", "length/0" …: what this jq knows, empty when it does not answer."""
        with self._lock:
            try:
                answer = self._running().ask_blocking(request("builtins", b"null"), _COMPILE_TIMEOUT_S)
            except (ChildDied, TimeoutError):
                self._kill()
                return frozenset()
            return frozenset(json.loads(answer.text)) if answer.kind == "ok" else frozenset()

    def close(self) -> None:
        with self._lock:
            self._kill()

    def _running(self) -> Child:
        if self._child is None or self._owner != os.getpid():
            self._child, self._owner = Child(memory_mb=512, patience_s=30.0), os.getpid()
        return self._child

    def _kill(self) -> None:
        if self._child is not None and self._owner == os.getpid():
            self._child.kill()
        self._child = None


_compiler = _Compiler()
atexit.register(_compiler.close)


def syntax_error(expression: str, variables: Collection[str] = (), standard: Collection[str] = STANDARD_VARIABLES) -> str | None:
    """
    Return what is wrong with *expression* (wrapped or bare), or None.

    Args:
        variables: Names without `$` that it may use besides the standard ones (`$context`, `$input` …).
        standard: Those of the standard ones that exist where it stands.
    """
    code = strip(expression)
    return _error_of(code, used_names(code, {*standard, *variables}) if "$" in code else ())


@lru_cache(maxsize=1)
def known_functions() -> frozenset[str]:
    """Return the functions of this jq with their arity: "map/1", "length/0" … Blocking; asked once."""
    return _compiler.builtins()


@lru_cache(maxsize=16384)
def _error_of(code: str, names: tuple[str, ...]) -> str | None:
    if not code:
        return "it is empty"
    if len(code) > _LONGEST:
        return f"it is longer than {_LONGEST:,} characters"
    if fast.compiled(code) is not None:
        unknown = min(variables_in(code) - {*names, *_OWN}, default=None)
        if unknown is None or '"' not in code:
            return None if unknown is None else f"${unknown} is not defined"
    message = _compiler.error(program(code, names))
    if message is None and _leaves_its_bracket(code):
        message = _compiler.error(f"[{code}\n]") and "a ')' has no '(' before it"
    return None if message is None else syntax_words(message, code, program(code, names).rindex("(" + code) + 1)


def _leaves_its_bracket(code: str) -> bool:
    """Tell whether a `)` may close the bracket our program puts around *code* (strings are not looked at: only a suspicion)."""
    depth = 0
    for character in code:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return True
    return False
