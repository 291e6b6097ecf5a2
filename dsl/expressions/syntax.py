"""Compile expressions without running them, for `check()`: blocking, in one child of its own, each distinct expression once.

A plain expression costs nothing; another about 1 ms the first time, then a dictionary look-up.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections.abc import Collection, Iterable
from functools import lru_cache

from dsl.expressions import fast
from dsl.expressions.child_process import Child, ChildDied, request
from dsl.expressions.messages import syntax_words
from dsl.expressions.program import PRELUDE, STANDARD_VARIABLES, program, strip, used_names, variables_in

_COMPILE_TIMEOUT_S = 5.0
_OWN = ("ENV", "__loc__")  # jq's own variables
_LONGEST = 20_000  # characters; a longer expression is refused unread
_AT_ONCE = 25  # expressions of one program
_MOST_SOUND = 16_384

Key = tuple[str, tuple[str, ...]]  # an expression and the variables it uses


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
    return _error_of(*key_of(strip(expression), variables, standard))


def key_of(code: str, variables: Collection[str], standard: Collection[str]) -> Key:
    """Return a stripped expression with those of its variables that exist; see `syntax_error`."""
    return code, used_names(code, {*standard, *variables}) if "$" in code else ()


def compile_together(wanted: Iterable[Key]) -> None:
    """
    Compile many expressions in few programs, so that `syntax_error` knows those that are right.

    Most of what an expression costs is the way to the child and the prelude. Of a program that does not compile nothing is known:
    its expressions are compiled one by one when they are asked for.
    """
    fresh = [key for key in dict.fromkeys(wanted) if key not in _sound and _stays_apart(key[0])]
    for start in range(0, len(fresh), _AT_ONCE):
        batch = fresh[start : start + _AT_ONCE]
        parts = (f"({program(code, names).removeprefix(PRELUDE)})" for code, names in batch)
        if len(batch) > 1 and _compiler.error(f"{PRELUDE} {', '.join(parts)}") is None:
            if len(_sound) > _MOST_SOUND:
                _sound.clear()
            _sound.update(dict.fromkeys(batch))


_sound: dict[Key, None] = {}  # compiled together with others


def _stays_apart(code: str) -> bool:
    """Tell whether *code* certainly has no say in how the text behind it is read: its strings end, it has no comment and no escape."""
    short = 0 < len(code) <= _LONGEST // _AT_ONCE and fast.compiled(code) is None
    return short and not {"\\", "#"} & set(code) and code.count('"') % 2 == 0 and not _leaves_its_bracket(code)


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
    if (code, names) in _sound:
        return None
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
