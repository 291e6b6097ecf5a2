"""Regular expressions of JSON Schemas, matched without backtracking: no pattern and no text can keep the process busy.

Python's `re` may need longer than the universe for `^(a+)+$`. Here all ways through a pattern are followed at once, a character at a time
(Thompson 1968; https://swtch.com/~rsc/regexp/regexp1.html), so the work is at most states x characters, and that product is limited too.
The syntax is that of `re`, which also parses it; what cannot be matched in this way is refused when the definition is compiled:
look-around, back-references, flags, atomic groups, and repeats that unfold into too many states.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

_MOST_STATES = 5000
_MOST_WORK = 1_000_000  # states visited for one text, about half a second

_parser: Any = re._parser  # type: ignore[attr-defined]  # the standard library's own parser; there is no public name for it
_codes: Any = re._constants  # type: ignore[attr-defined]

Test = Callable[[str], bool]  # of one character
State = tuple[str, Any, int]  # "char", test, next · "at", place, next · "split", list of states, -1 · "match", None, -1
_CATEGORIES: dict[Any, Test] = {
    _codes.CATEGORY_DIGIT: str.isdecimal,
    _codes.CATEGORY_NOT_DIGIT: lambda one: not one.isdecimal(),
    _codes.CATEGORY_SPACE: str.isspace,
    _codes.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    _codes.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    _codes.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}
_REFUSED = {
    _codes.ASSERT: "looks ahead or behind",
    _codes.ASSERT_NOT: "looks ahead or behind",
    _codes.GROUPREF: "refers back to a group",
    _codes.GROUPREF_EXISTS: "refers back to a group",
    _codes.ATOMIC_GROUP: "has an atomic group",
    _codes.POSSESSIVE_REPEAT: "has a possessive repeat",
}


class PatternRefused(ValueError):
    """The pattern is wrong, or cannot be matched without backtracking; the message says why."""


class TooMuchWork(Exception):
    """The text is too long for this pattern."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Pattern:
    """Return *pattern* ready to search. Raises PatternRefused."""
    return Pattern(pattern)


class Pattern:
    def __init__(self, pattern: str) -> None:
        self._states: list[State] = []
        try:
            with warnings.catch_warnings(action="ignore"):  # about syntax that may change its meaning one day
                tree = _parser.parse(pattern)
            if tree.state.flags & ~re.UNICODE:
                raise PatternRefused(f"the pattern '{pattern}' sets flags: write it without")
            self._begin = self._sequence(tree, self._new("match"))
        except re.error as error:
            raise PatternRefused(f"'{pattern}' is no regular expression: {error.msg}") from error
        except _Refused as error:
            raise PatternRefused(f"the pattern '{pattern}' {error}, which is not supported: write it without") from error
        except RecursionError as error:
            raise PatternRefused("a pattern is nested too deeply") from error

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in *text*. Raises TooMuchWork."""
        work, waiting = 0, set[int]()
        for position in range(len(text) + 1):
            reached = self._closure([*waiting, self._begin], text, position)
            if reached is None:
                return True
            work += len(reached) + 1
            if work > _MOST_WORK:
                raise TooMuchWork
            if position < len(text):
                one = text[position]
                waiting = {goal for state in reached for kind, test, goal in (self._states[state],) if kind == "char" and test(one)}
        return False

    def _closure(self, begin: Iterable[int], text: str, position: int) -> set[int] | None:
        """Return all states reached without a character, or None when one of them is the match."""
        seen, stack = set[int](), list(begin)
        while stack:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            kind, detail, goal = self._states[state]
            if kind == "match":
                return None
            if kind == "split":
                stack.extend(detail)
            elif kind == "at" and _stands(detail, text, position):
                stack.append(goal)
        return seen

    def _new(self, kind: str, detail: Any = None, goal: int = -1) -> int:
        if len(self._states) >= _MOST_STATES:
            raise _Refused("repeats too much")
        self._states.append((kind, detail, goal))
        return len(self._states) - 1

    def _sequence(self, items: Iterable[Any], goal: int) -> int:
        """Add states that match *items* one after the other and lead to *goal*; return the first."""
        for code, detail in reversed(list(items)):
            goal = self._item(code, detail, goal)
        return goal

    def _item(self, code: Any, detail: Any, goal: int) -> int:
        if code in _REFUSED:
            raise _Refused(_REFUSED[code])
        if code is _codes.BRANCH:
            return self._new("split", [self._sequence(branch, goal) for branch in detail[1]])
        if code is _codes.SUBPATTERN:
            if detail[1] or detail[2]:
                raise _Refused("sets flags")
            return self._sequence(detail[3], goal)
        if code in (_codes.MAX_REPEAT, _codes.MIN_REPEAT):
            least, most, items = detail
            return self._repeat(least, most, items, goal)
        return self._new("at", detail, goal) if code is _codes.AT else self._new("char", _test(code, detail), goal)

    def _repeat(self, least: int, most: Any, items: Any, goal: int) -> int:
        if most is _codes.MAXREPEAT:
            again: list[int] = []
            begin = self._new("split", again)
            again += [self._sequence(items, begin), goal]
        else:
            begin = goal
            for _ in range(most - least):
                begin = self._new("split", [self._sequence(items, begin), goal])
        for _ in range(least):
            begin = self._sequence(items, begin)
        return begin


class _Refused(Exception):
    """What the pattern does that cannot be done here."""


def _test(code: Any, detail: Any) -> Test:
    """Return the test of one character that a leaf of the parser's tree stands for."""
    if code is _codes.ANY:
        return lambda one: one != "\n"
    if code is _codes.IN:
        return _any_of(detail)
    if code is _codes.CATEGORY:
        return _CATEGORIES[detail]
    if code is _codes.RANGE:
        first, last = detail
        return lambda one: first <= ord(one) <= last
    if code is _codes.LITERAL:
        return lambda one: ord(one) == detail
    if code is _codes.NOT_LITERAL:
        return lambda one: ord(one) != detail
    raise _Refused("uses a construct of Python's own")


def _any_of(items: Sequence[Any]) -> Test:
    negated = items[0][0] is _codes.NEGATE
    tests = tuple(_test(code, detail) for code, detail in items[negated:])
    return lambda one: any(test(one) for test in tests) is not negated


def _stands(place: Any, text: str, position: int) -> bool:
    if place in (_codes.AT_BEGINNING, _codes.AT_BEGINNING_STRING):
        return position == 0
    if place is _codes.AT_END_STRING:
        return position == len(text)
    if place is _codes.AT_END:
        return position == len(text) or (position == len(text) - 1 and text[position] == "\n")
    word = _CATEGORIES[_codes.CATEGORY_WORD]
    before, after = position > 0 and word(text[position - 1]), position < len(text) and word(text[position])
    return (before != after) is (place is _codes.AT_BOUNDARY)
