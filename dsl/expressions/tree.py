"""jq as a tree, for those who want to know what an expression reads. Not for running: `parse` answers None for what it does not cover.

Covered is all that occurs in workflows but `def`, `reduce`, `foreach`, `label`, `try … catch`, `?//` and destructuring.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r"""[ \t\r\n]+|\#[^\n]*
    |(?P<field>\.(?:[A-Za-z_]\w*))
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<variable>\$[A-Za-z_]\w*)
    |(?P<format>@[A-Za-z]\w*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\?//|\.\.|//=|\|=|\+=|-=|\*=|/=|%=|//|==|!=|<=|>=|[.<>=|,+\-*/%()\[\]{}:;?])
    |(?P<quote>")""",
    re.VERBOSE,
)
_ASSIGNMENTS: Final = ("=", "|=", "+=", "-=", "*=", "/=", "%=", "//=")
_LEVELS: Final = (("or",), ("and",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))
_NOT_COVERED: Final = frozenset({"def", "reduce", "foreach", "label", "try", "catch", "import", "include", "break"})
_ENDS: Final = frozenset({"then", "elif", "else", "end", "as", "and", "or"})
_DEEPEST: Final = 25  # brackets inside brackets
_MOST: Final = 200  # tokens; beyond, nobody reads it either


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `kind` says which; `text` is a name or an operator, `parts` are the operands.

    dot, variable(text), field(text; of), at(; of, index), each(; of), slice(; of), maybe(; of), object(; key, value …), key(text),
    list(; content?), text(; interpolations), literal(text: a JSON word for the type), pipe, comma, default, operator(text; two),
    assign(text; path, value), call(text; arguments), choose(; condition, then, …, else), bind(text; source, body), minus(; of)
    """

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()


DOT: Final = Node("dot")


class _NotCovered(Exception):
    pass


@lru_cache(maxsize=4096)
def parse(code: str) -> Node | None:
    """Return the tree of stripped jq *code*, None when it is not valid or not covered."""
    try:
        parser = _Parser(_tokens(code))
        tree = parser.pipe(0)
        return tree if parser.at_end() else None
    except _NotCovered:
        return None


def _tokens(code: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            raise _NotCovered
        if match.lastgroup == "quote":
            end = _end_of_text(code, at)
            found.append(("text", code[at:end]))
            at = end
            continue
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
        if len(found) > _MOST:
            raise _NotCovered
        at = match.end()
    return found


def _end_of_text(code: str, start: int, depth: int = 0) -> int:
    """Return the place behind the text that begins at *start*; interpolations may hold further texts."""
    at = start + 1
    while at < len(code) and depth < _DEEPEST:
        if code.startswith("\\(", at):
            at = _end_of_interpolation(code, at + 2, depth)
        elif code[at] == "\\":
            at += 2
        elif code[at] == '"':
            return at + 1
        else:
            at += 1
    raise _NotCovered


def _end_of_interpolation(code: str, at: int, depth: int = 0) -> int:
    open_ = 1
    while at < len(code):
        if code[at] == '"':
            at = _end_of_text(code, at, depth + 1)
            continue
        open_ += (code[at] == "(") - (code[at] == ")")
        at += 1
        if open_ == 0:
            return at
    raise _NotCovered


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def pipe(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _NotCovered
        left = self._comma(depth)
        if self._take("|"):
            return Node("pipe", "", (left, self.pipe(depth + 1)))
        return left

    def _comma(self, depth: int) -> Node:
        left = self._default(depth)
        while self._take(","):
            left = Node("comma", "", (left, self._default(depth)))
        return left

    def _default(self, depth: int) -> Node:
        left = self._assignment(depth)
        if self._take("//"):
            return Node("default", "", (left, self._default(depth + 1)))
        return left

    def _assignment(self, depth: int) -> Node:
        left = self._level(0, depth)
        sign = self._peek()
        if sign in _ASSIGNMENTS:
            self._at += 1
            return Node("assign", sign, (left, self._default(depth + 1)))
        return left

    def _level(self, level: int, depth: int) -> Node:
        if level == len(_LEVELS):
            return self._term(depth)
        left = self._level(level + 1, depth)
        while (sign := self._peek()) in _LEVELS[level]:
            self._at += 1
            left = Node("operator", sign, (left, self._level(level + 1, depth)))
        return left

    def _term(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _NotCovered
        if self._take("-"):
            return Node("minus", "", (self._term(depth + 1),))
        node = self._after(self._primary(depth), depth)
        if self._take("as"):
            kind, name = self._next()
            if kind != "variable" or not self._take("|"):
                raise _NotCovered
            return Node("bind", name[1:], (node, self.pipe(depth + 1)))
        return node

    def _primary(self, depth: int) -> Node:
        kind, text = self._next()
        match kind:
            case "field":
                return Node("field", text[1:], (DOT,))
            case "number":
                return Node("literal", "number")
            case "variable":
                return Node("variable", text[1:])
            case "text":
                return self._text(text, depth)
            case "format":
                if self._kind() == "text":
                    return self._text(self._next()[1], depth)
                return Node("call", text)
            case "word":
                return self._word(text, depth)
        return self._sign(text, depth)

    def _sign(self, text: str, depth: int) -> Node:
        if text == ".":
            if self._kind() == "text":
                return Node("field", _plain(self._next()[1]), (DOT,))
            return DOT
        if text == "(":
            inner = self.pipe(depth + 1)
            self._need(")")
            return inner
        if text == "[":
            if self._take("]"):
                return Node("list")
            inner = self.pipe(depth + 1)
            self._need("]")
            return Node("list", "", (inner,))
        if text == "{":
            return self._object(depth)
        raise _NotCovered

    def _after(self, node: Node, depth: int) -> Node:
        """Read `.x`, `[…]` and `?` behind a term."""
        while True:
            kind, text = self._tokens[self._at] if not self.at_end() else ("", "")
            if kind == "field":
                self._at += 1
                node = Node("field", text[1:], (node,))
            elif text == "." and self._kind(1) == "text" and kind == "sign":
                self._at += 1
                node = Node("field", _plain(self._next()[1]), (node,))
            elif text == "?" and kind == "sign":
                self._at += 1
                node = Node("maybe", "", (node,))
            elif kind == "sign" and (text == "[" or (text == "." and self._peek(1) == "[")):
                self._at += 1 if text == "[" else 2
                node = self._bracket(node, depth)
            else:
                return node

    def _bracket(self, node: Node, depth: int) -> Node:
        if self._take("]"):
            return Node("each", "", (node,))
        if self._take(":"):
            self.pipe(depth + 1)
            self._need("]")
            return Node("slice", "", (node,))
        text = self._tokens[self._at][1] if self._kind() == "text" and self._peek(1) == "]" else None
        index = self.pipe(depth + 1)
        if self._take(":"):
            if not self._take("]"):
                self.pipe(depth + 1)
                self._need("]")
            return Node("slice", "", (node,))
        self._need("]")
        if text is not None and index.kind == "text" and not index.parts:
            return Node("field", _plain(text), (node,))
        return Node("at", "", (node, index))

    def _object(self, depth: int) -> Node:
        parts: list[Node] = []
        while not self._take("}"):
            if parts:
                self._need(",")
            kind, text = self._next()
            if kind == "variable":
                parts += [Node("key", text[1:]), Node("variable", text[1:])]
                continue
            key = self._key(kind, text, depth)
            if self._take(":"):
                parts += [key, self._value(depth)]
            elif key.kind == "key":
                parts += [key, Node("field", key.text, (DOT,))]
            else:
                raise _NotCovered
        return Node("object", "", tuple(parts))

    def _key(self, kind: str, text: str, depth: int) -> Node:
        if kind == "word":
            return Node("key", text)
        if kind == "text":
            inner = self._text(text, depth)
            return inner if inner.parts else Node("key", _plain(text))
        if text == "(":
            inner = self.pipe(depth + 1)
            self._need(")")
            return inner
        raise _NotCovered

    def _value(self, depth: int) -> Node:
        """Read the value in an object: a pipe without commas."""
        left = self._default(depth + 1)
        if self._take("|"):
            return Node("pipe", "", (left, self._value(depth + 1)))
        return left

    def _word(self, word: str, depth: int) -> Node:
        if word in _NOT_COVERED or word in _ENDS:
            raise _NotCovered
        if word in ("true", "false", "null"):
            return Node("literal", "null" if word == "null" else "boolean")
        if word == "if":
            return self._choose(depth)
        arguments: list[Node] = []
        if self._take("("):
            arguments.append(self.pipe(depth + 1))
            while self._take(";"):
                arguments.append(self.pipe(depth + 1))
            self._need(")")
        return Node("call", word, tuple(arguments))

    def _choose(self, depth: int) -> Node:
        parts = [self.pipe(depth + 1)]
        self._need("then")
        parts.append(self.pipe(depth + 1))
        while self._take("elif"):
            parts.append(self.pipe(depth + 1))
            self._need("then")
            parts.append(self.pipe(depth + 1))
        parts.append(self.pipe(depth + 1) if self._take("else") else DOT)
        self._need("end")
        return Node("choose", "", tuple(parts))

    def _text(self, text: str, depth: int) -> Node:
        found, at = [], 1
        while at < len(text) - 1:
            if text.startswith("\\(", at):
                end = _end_of_interpolation(text, at + 2)
                inner = _Parser(_tokens(text[at + 2 : end - 1]))
                found.append(inner.pipe(depth + 1))
                if not inner.at_end():
                    raise _NotCovered
                at = end
            else:
                at += 2 if text[at] == "\\" else 1
        return Node("text", "", tuple(found))

    def _next(self) -> tuple[str, str]:
        if self.at_end():
            raise _NotCovered
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self, ahead: int = 0) -> str:
        """Return the sign or keyword that comes, empty for anything else."""
        if self._at + ahead >= len(self._tokens):
            return ""
        kind, text = self._tokens[self._at + ahead]
        return text if kind in ("sign", "word") else ""

    def _kind(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead][0] if self._at + ahead < len(self._tokens) else ""

    def _take(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self._at += 1
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise _NotCovered


def _plain(text: str) -> str:
    """Return what a text without interpolations says."""
    try:
        return str(json.loads(text))
    except ValueError:
        raise _NotCovered from None
