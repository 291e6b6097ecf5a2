"""Read a jq expression into a tree, so that it can be looked at without being run: which fields it reads, what it compares.

Only for looking: an expression this parser does not understand raises NotRead, and is then simply not looked into; jq itself
stays the judge of every expression.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

from graphs.run.simulation.jq_tokens import NotRead, Token, tokens

__all__ = ["IDENTITY", "Ast", "NotRead", "parse"]


@dataclass(frozen=True, slots=True)
class Ast:
    """One node: *op* says what it is, *parts* are its operands, *value* its name, sign or literal."""

    op: str
    parts: tuple[Ast, ...] = ()
    value: Any = None
    extra: Any = field(default=None, compare=False)


IDENTITY: Final = Ast("identity")
One = TypeVar("One")
_COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">")
_UPDATES: Final = ("=", "|=", "+=", "-=", "*=", "/=", "%=", "//=")
_KEYWORDS: Final = {"then", "elif", "else", "end", "as", "and", "or", "catch", "import", "include", "module"}


@lru_cache(maxsize=2048)
def parse(text: str) -> Ast:
    """Return the tree of a stripped expression. Raises NotRead."""
    try:
        parser = _Parser(tokens(text, parse))
        found = parser.pipe()
        if parser.at < len(parser.tokens):
            raise NotRead(text)
    except RecursionError as error:
        raise NotRead(text) from error
    return found


class _Parser:
    """Recursive descent, from the loosest binding to the tightest."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> tuple[str, Any]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def sees(self, *texts: str) -> bool:
        kind, value = self.peek()
        return kind in ("sign", "name") and value in texts

    def take(self, *texts: str) -> str:
        if texts and not self.sees(*texts):
            raise NotRead(f"{texts} expected, and there is {self.peek()}")
        value = self.peek()[1]
        self.at += 1
        return str(value)

    def pipe(self) -> Ast:
        if self.sees("def"):
            return self._definition()
        left = self.comma()
        if self.sees("as"):
            return self._binding(left)
        if self.sees("|"):
            self.take()
            return Ast("pipe", (left, self.pipe()))
        return left

    def _definition(self) -> Ast:
        self.take("def")
        name = self.take()
        names = self._listed(self.take) if self.sees("(") else []
        self.take(":")
        body = self.pipe()
        self.take(";")
        return Ast("def", (body, self.pipe()), name, tuple(names))

    def _binding(self, source: Ast) -> Ast:
        self.take("as")
        pattern = self._pattern()
        if self.sees("?//"):
            raise NotRead("alternative patterns")
        self.take("|")
        return Ast("as", (source, self.pipe()), pattern)

    def _pattern(self) -> Any:
        kind, value = self.peek()
        if kind == "variable":
            self.at += 1
            return str(value)[1:]
        raise NotRead("a pattern that takes values apart")

    def comma(self) -> Ast:
        return self._chain("comma", self.alternative, ",")

    def alternative(self) -> Ast:
        left = self.update()
        if self.sees("//"):
            self.take()
            return Ast("alternative", (left, self.alternative()))
        return left

    def update(self) -> Ast:
        left = self.disjunction()
        if self.sees(*_UPDATES):
            sign = self.take()
            return Ast("update", (left, self.alternative()), sign)
        return left

    def disjunction(self) -> Ast:
        return self._chain("or", self.conjunction, "or")

    def conjunction(self) -> Ast:
        return self._chain("and", self.comparison, "and")

    def comparison(self) -> Ast:
        left = self.sum()
        if self.sees(*_COMPARISONS):
            sign = self.take()
            return Ast("compare", (left, self.sum()), sign)
        return left

    def sum(self) -> Ast:
        return self._chain("arithmetic", self.product, "+", "-")

    def product(self) -> Ast:
        return self._chain("arithmetic", self.unary, "*", "/", "%")

    def _chain(self, op: str, operand: Callable[[], Ast], *signs: str) -> Ast:
        """Read operands with signs between them, from left to right."""
        left = operand()
        while self.sees(*signs):
            sign = self.take()
            left = Ast(op, (left, operand()), sign if op == "arithmetic" else None)
        return left

    def unary(self) -> Ast:
        if self.sees("-"):
            self.take()
            return Ast("negative", (self.postfix(),))
        return self.postfix()

    def postfix(self) -> Ast:
        term = self._unbound()
        while self.sees("."):
            self.take()
            term = self._suffixed(self._after_dot(term))
        return self._binding(term) if self.sees("as") else term

    def _after_dot(self, term: Ast) -> Ast:
        kind, value = self.peek()
        if kind == "string" and len(value) == 1:
            self.at += 1
            return Ast("field", (term,), value[0])
        if self.sees("["):
            return self._bracket(term)
        raise NotRead("a dot that leads nowhere")

    def _bracket(self, term: Ast) -> Ast:
        self.take("[")
        if self.sees("]"):
            self.take()
            return Ast("iterate", (term,))
        if self.sees(":"):
            self.take()
            until = self.pipe()
            self.take("]")
            return Ast("slice", (term, until))
        inner = self.pipe()
        if self.sees(":"):
            self.take()
            parts = (term, inner) if self.sees("]") else (term, inner, self.pipe())
            self.take("]")
            return Ast("slice", parts)
        self.take("]")
        if inner.op == "literal" and isinstance(inner.value, str):
            return Ast("field", (term,), inner.value)
        return Ast("index", (term, inner))

    def _term(self) -> Ast:
        kind, value = self.peek()
        if kind in ("number", "string", "field", "variable", "format"):
            self.at += 1
            return self._simple(kind, value)
        if kind == "name":
            return self._word(str(value))
        if self.sees("("):
            self.take()
            inner = self.pipe()
            self.take(")")
            return inner
        if self.sees("["):
            self.take()
            if self.sees("]"):
                self.take()
                return Ast("array")
            inner = self.pipe()
            self.take("]")
            return Ast("array", (inner,))
        if self.sees("{"):
            return self._object()
        if self.sees(".."):
            self.take()
            return Ast("recurse")
        if self.sees("."):
            self.take()
            following = self.peek()
            return self._after_dot(IDENTITY) if following[0] == "string" else IDENTITY
        raise NotRead(f"{value!r}")

    def _simple(self, kind: str, value: Any) -> Ast:
        if kind == "number":
            return Ast("literal", value=json.loads(value) if value[0] != "." and value[-1] != "." else float(value))
        if kind == "string":
            return Ast("literal", value=value[0]) if len(value) == 1 else Ast("text", tuple(p for p in value if isinstance(p, Ast)), value)
        if kind == "field":
            return Ast("field", (IDENTITY,), value[1:])
        if kind == "variable":
            return Ast("variable", value=value[1:])
        if self.peek()[0] == "string":
            inner = self.peek()[1]
            self.at += 1
            return Ast("text", tuple(part for part in inner if isinstance(part, Ast)), inner)
        return Ast("call", (), "tostring")

    def _word(self, word: str) -> Ast:
        self.at += 1
        if word in _KEYWORDS:
            raise NotRead(word)
        if word in ("true", "false", "null"):
            return Ast("literal", value=json.loads(word))
        if word == "if":
            return self._if()
        if word == "try":
            body = self.postfix()
            return Ast("try", (body, self._caught()) if self.sees("catch") else (body,))
        if word in ("reduce", "foreach"):
            return self._fold(word)
        if word in ("label", "break", "def"):
            raise NotRead(word)
        return Ast("call", tuple(self._listed(self.pipe) if self.sees("(") else ()), word)

    def _listed(self, one: Callable[[], One]) -> list[One]:
        """Read `(ONE; ONE …)`."""
        self.take("(")
        found = [one()]
        while self.sees(";"):
            self.take()
            found.append(one())
        self.take(")")
        return found

    def _caught(self) -> Ast:
        self.take("catch")
        return self.postfix()

    def _if(self) -> Ast:
        condition = self.pipe()
        self.take("then")
        then = self.pipe()
        if self.sees("elif"):
            self.take()
            return Ast("if", (condition, then, self._if()))
        if self.sees("else"):
            self.take()
            other = self.pipe()
        else:
            other = IDENTITY
        self.take("end")
        return Ast("if", (condition, then, other))

    def _fold(self, word: str) -> Ast:
        source = self._unbound()
        self.take("as")
        name = self._pattern()
        return Ast(word, (source, *self._listed(self.pipe)), name)

    def _unbound(self) -> Ast:
        """Read a term whose `as` belongs to what is around it."""
        return self._suffixed(self._term())

    def _suffixed(self, term: Ast) -> Ast:
        """Read what follows a term: fields, brackets, question marks."""
        while True:
            kind, value = self.peek()
            if kind == "field":
                self.at += 1
                term = Ast("field", (term,), value[1:])
            elif self.sees("["):
                term = self._bracket(term)
            elif self.sees("?"):
                self.take()
                term = Ast("try", (term,))
            else:
                return term

    def _object(self) -> Ast:
        self.take("{")
        members: list[tuple[Ast, Ast]] = []
        while not self.sees("}"):
            members.append(self._member())
            if not self.sees("}"):
                self.take(",")
        self.take("}")
        return Ast("object", tuple(part for member in members for part in member))

    def _member(self) -> tuple[Ast, Ast]:
        kind, value = self.peek()
        if kind == "variable":
            self.at += 1
            return Ast("literal", value=value[1:]), Ast("variable", value=value[1:])
        if self.sees("("):
            self.take()
            key = self.pipe()
            self.take(")")
        elif kind in ("string", "name", "number"):
            self.at += 1
            key = self._simple("string", value) if kind == "string" else Ast("literal", value=str(value))
        else:
            raise NotRead(f"{value!r} in an object")
        if self.sees(":"):
            self.take()
            return key, self._value()
        return key, Ast("field", (IDENTITY,), key.value)

    def _value(self) -> Ast:
        """Read a member's value: everything up to the comma, and what follows a bar."""
        left = self.alternative()
        while self.sees("|"):
            self.take()
            left = Ast("pipe", (left, self.alternative()))
        return left
