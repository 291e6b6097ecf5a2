"""Markdown (CommonMark with tables and strike-through) as a list of blocks, which every way of writing it starts from.

Raw HTML is text. A link whose address could run code is no link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


Runs = tuple[Run, ...]
Align = Literal["", "left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block; which fields count is said by its kind."""

    kind: Literal["heading", "paragraph", "item", "code", "table", "rule"]
    runs: Runs = ()
    level: int = 0  # heading: 1 to 6 · item: 1 is the outermost list
    mark: str = ""  # item: "•", "3."; empty for what else stands in it
    quoted: int = 0  # block quotes around it
    code: str = ""
    rows: tuple[tuple[Runs, ...], ...] = ()  # table; the first one is its head
    aligns: tuple[Align, ...] = ()


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def html(text: str) -> str:
    """Return *text* as a piece of HTML."""
    return str(_parser().render(text))


def blocks(text: str) -> list[Block]:
    """Return the blocks of *text* in order."""
    return list(_Reader(_parser().parse(text)).blocks())


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = iter(tokens)
        self._lists: list[int | None] = []  # the next number of each open list, None for bullets
        self._mark = ""  # of the item that has just begun
        self._quoted = 0
        self._heading = 0

    def blocks(self) -> Iterator[Block]:
        for token in self._tokens:
            if token.type == "inline":
                yield self._text(token)
            elif token.type in ("fence", "code_block"):
                yield Block(kind="code", code=token.content.rstrip("\n"), quoted=self._quoted, level=len(self._lists))
            elif token.type == "hr":
                yield Block(kind="rule")
            elif token.type == "table_open":
                yield self._table()
            else:
                self._enter(token)

    def _enter(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                number = self._lists[-1]
                self._mark = "•" if number is None else f"{number}."
                self._lists[-1] = None if number is None else number + 1
            case "blockquote_open":
                self._quoted += 1
            case "blockquote_close":
                self._quoted -= 1
            case "heading_open":
                self._heading = int(token.tag[1:])
            case "heading_close":
                self._heading = 0

    def _text(self, token: Token) -> Block:
        runs = _runs(token.children or [])
        mark, self._mark = self._mark, ""
        if self._lists:
            return Block(kind="item", runs=runs, level=len(self._lists), mark=mark, quoted=self._quoted)
        if self._heading:
            return Block(kind="heading", runs=runs, level=self._heading, quoted=self._quoted)
        return Block(kind="paragraph", runs=runs, quoted=self._quoted)

    def _table(self) -> Block:
        rows: list[list[Runs]] = []
        aligns: list[Align] = []
        for token in self._tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                aligns.append(_align(str(token.attrGet("style") or "")))
            elif token.type == "inline":
                rows[-1].append(_runs(token.children or []))
        return Block(kind="table", rows=tuple(tuple(row) for row in rows), aligns=tuple(aligns))


def _align(style: str) -> Align:
    found = style.rpartition(":")[2]
    return "left" if found == "left" else "center" if found == "center" else "right" if found == "right" else ""


def _runs(children: Sequence[Token]) -> Runs:
    found: list[Run] = []
    style = Run("")
    for token in children:
        match token.type:
            case "strong_open" | "strong_close":
                style = replace(style, bold=token.nesting == 1)
            case "em_open" | "em_close":
                style = replace(style, italic=token.nesting == 1)
            case "s_open" | "s_close":
                style = replace(style, strike=token.nesting == 1)
            case "link_open":
                style = replace(style, link=str(token.attrGet("href") or ""))
            case "link_close":
                style = replace(style, link="")
            case "softbreak" | "hardbreak":
                found.append(replace(style, text="\n"))
            case "code_inline":
                found.append(replace(style, text=token.content, code=True))
            case "image":
                found.append(replace(style, text=token.content or str(token.attrGet("src") or "")))
            case _ if token.content:
                found.append(replace(style, text=token.content))
    return tuple(found)
