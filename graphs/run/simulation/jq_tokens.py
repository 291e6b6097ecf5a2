"""The words and signs of a jq expression."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Token = tuple[str, Any]
Parse = Callable[[str], Any]
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<field>\.[A-Za-z_]\w*)
    |(?P<variable>\$(?:__loc__|[A-Za-z_]\w*(?:::\w+)*))
    |(?P<format>@[A-Za-z0-9]+)
    |(?P<name>[A-Za-z_]\w*(?:::\w+)*)
    |(?P<sign>\?//=?|//=|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|//|\.\.|[-+*/%<>=|,.;:?()\[\]{}])
    |(?P<quote>")""",
    re.VERBOSE,
)


class NotRead(ValueError):
    """The expression uses something this parser does not know."""


def tokens(text: str, parse: Parse) -> list[Token]:
    """Return what *text* consists of, kind and value, *parse* having read what stands inside its strings. Raises NotRead."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotRead(text)
        kind = match.lastgroup
        at = match.end()
        if kind == "quote":
            value, at = _string(text, at, parse)
            found.append(("string", value))
        elif kind is not None:
            found.append((kind, match.group()))
    return found


def _string(text: str, at: int, parse: Parse) -> tuple[tuple[Any, ...], int]:
    """Read a string after its opening quote: a tuple of texts and of trees for `\\( )`."""
    parts: list[Any] = []
    plain = ""
    while at < len(text):
        character = text[at]
        if character == '"':
            return (*parts, _unescaped(plain)), at + 1
        if character == "\\" and text[at + 1 : at + 2] == "(":
            end = _closing(text, at + 2, parse)
            parts += [_unescaped(plain), parse(text[at + 2 : end])]
            plain, at = "", end + 1
        elif character == "\\":
            plain, at = plain + text[at : at + 2], at + 2
        else:
            plain, at = plain + character, at + 1
    raise NotRead(text)


def _unescaped(plain: str) -> str:
    try:
        return str(json.loads(f'"{plain}"', strict=False))
    except ValueError as error:
        raise NotRead(plain) from error


def _closing(text: str, at: int, parse: Parse) -> int:
    depth = 1
    while at < len(text):
        if text[at] == '"':
            _, at = _string(text, at + 1, parse)
            continue
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
        at += 1
    raise NotRead(text)
