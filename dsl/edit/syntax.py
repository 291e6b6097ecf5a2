"""Where everything stands in a text, down to dashes, colons and commas: the parser's tokens as a tree beside the data.

`read` gives the place of every value; a splice also needs the place of what joins them, and where a value really ends (without the
comments and blank lines after it). The text must be readable: what `read` refuses has no tree here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dsl.source import unpaired

BREAKS: Final = "\n\r\x85\u2028\u2029"
_BREAK: Final = re.compile(f"\r\n|[{BREAKS}]")
_BLANK: Final = f" \t{BREAKS}"


@dataclass(slots=True)
class Node:
    """A value. Offsets are characters of the text; ends are exclusive."""

    kind: Literal["scalar", "alias", "map", "list", "empty"]
    start: int  # of its anchor or tag when it has one
    end: int  # after its last character; of a block scalar, before its last line's break
    flow: bool = False  # of a collection: `{…}` or `[…]`
    column: int = 0  # of the entries of a block collection, 0-based
    entries: list[Entry] = field(default_factory=list)
    anchored: bool = False
    quoted: bool = False
    pair: bool = False  # a mapping without braces, `[a: b]`
    body: int = 0  # where it starts without its anchor and tag


@dataclass(slots=True)
class Entry:
    """An item of a list or a key with its value."""

    start: int  # of the dash, the `?` or the key; in a flow list of the item
    value: Node
    key: Node | None = None
    name: str = ""
    colon: int = -1  # after the colon or the dash, -1 when there is none
    comma: int = -1  # after the comma that follows, -1 when there is none

    @property
    def end(self) -> int:
        ends = [self.value.end, self.colon, self.key.end if self.key else -1]
        return max(ends)


@dataclass(frozen=True, slots=True)
class Place:
    """An entry, found by its pointer."""

    owner: Node
    index: int
    flow: bool  # it stands inside `{…}` or `[…]`

    @property
    def entry(self) -> Entry:
        return self.owner.entries[self.index]


def parse(text: str) -> Node:
    """Return the tree of a readable *text*."""
    import yaml

    offset = 1 if text.startswith("\ufeff") else 0
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _Parser(text, offset, iter(yaml.scan(unpaired(text)[offset:], Loader=loader))).root()


def line_start(text: str, at: int) -> int:
    """Return where the line of *at* begins."""
    while at > 0 and text[at - 1] not in BREAKS:
        at -= 1
    return at


def line_end(text: str, at: int) -> int:
    """Return where the line of *at* ends, before its break."""
    found = _BREAK.search(text, at)
    return found.start() if found else len(text)


def next_line(text: str, at: int) -> int:
    """Return where the line after that of *at* begins; the text's length when there is none."""
    found = _BREAK.search(text, at)
    return found.end() if found else len(text)


def find(root: Node, parts: list[str]) -> Place | None:
    """Return the entry at the pointer with *parts* (one at least), None when it stands inside an alias."""
    node, flow, place = root, False, None
    for part in parts:
        flow = flow or node.flow or node.pair
        index = _index(node, part)
        if index is None:
            return None
        place = Place(node, index, flow)
        node = place.entry.value
    return place


def anchors_in(node: Node) -> bool:
    """Tell whether *node* or something in it has an anchor."""
    return node.anchored or any(anchors_in(entry.value) for entry in node.entries)


def aliases_in(node: Node) -> bool:
    """Tell whether *node* is or holds an alias."""
    return node.kind == "alias" or any(aliases_in(entry.value) for entry in node.entries)


def _index(node: Node, part: str) -> int | None:
    if node.kind == "list":
        return int(part) if part.isascii() and part.isdigit() and int(part) < len(node.entries) else None
    if node.kind == "map":
        return next((index for index, entry in enumerate(node.entries) if entry.name == part), None)
    return None


class _Parser:
    """The grammar of YAML's tokens: which of them make a node. libyaml has already seen that they do."""

    def __init__(self, text: str, offset: int, tokens: Iterator[Any]) -> None:
        self._text, self._offset, self._tokens = text, offset, tokens
        self._paired = unpaired(text) != text
        self._end = 0  # after the last token taken
        self._next: Any = None
        self._advance()

    def root(self) -> Node:
        while self._kind in ("StreamStart", "Directive", "DocumentStart"):
            self._take()
        return self._node()

    @property
    def _kind(self) -> str:
        return "" if self._next is None else type(self._next).__name__.removesuffix("Token")

    def _advance(self) -> None:
        self._next = next(self._tokens, None)

    def _take(self) -> Any:
        token = self._next
        if token.end_mark.index > token.start_mark.index:
            self._end = token.end_mark.index + self._offset
        self._advance()
        return token

    def _node(self) -> Node:
        start, anchored = -1, False
        while self._kind in ("Anchor", "Tag"):
            anchored = anchored or self._kind == "Anchor"
            start = self._at() if start < 0 else start
            self._take()
        node = self._content()
        node.body, node.anchored = node.start, anchored
        if start >= 0:
            node.end = max(node.end, self._end) if node.kind == "empty" else node.end
            node.start = start
        return node

    def _at(self) -> int:
        return int(self._next.start_mark.index) + self._offset

    def _content(self) -> Node:
        match self._kind:
            case "Scalar":
                return self._scalar()
            case "Alias":
                start = self._at()
                self._take()
                return Node("alias", start, self._end)
            case "BlockSequenceStart" | "BlockEntry":
                return self._block_list()
            case "BlockMappingStart":
                return self._block_map()
            case "FlowSequenceStart":
                return self._flow_list()
            case "FlowMappingStart":
                return self._flow_map()
        return Node("empty", self._end, self._end)

    def _scalar(self) -> Node:
        start = self._at()
        token = self._take()
        end = self._end
        if token.style in ("|", ">"):
            end = _content_end(self._text, start, end)
        return Node("scalar", start, end, quoted=token.style in ("'", '"'))

    def _block_list(self) -> Node:
        own = self._kind == "BlockSequenceStart"  # a list at its key's indentation has neither start nor end
        if own:
            self._take()
        node = Node("list", self._at(), 0, column=self._next.start_mark.column)
        while self._kind == "BlockEntry":
            start = self._at()
            self._take()
            colon = self._end
            node.entries.append(Entry(start, self._node(), colon=colon))
        if own:
            self._take()
        node.end = node.entries[-1].end
        return node

    def _block_map(self) -> Node:
        column = self._next.start_mark.column
        node = Node("map", self._at(), 0, column=column)
        self._take()
        while self._kind in ("Key", "Value"):
            node.entries.append(self._pair())
        self._take()
        node.end = node.entries[-1].end
        return node

    def _pair(self) -> Entry:
        start = self._at()
        name, key = "", Node("empty", start, start)
        if self._kind == "Key":
            self._take()
            key, name = self._key()
        colon = -1
        value = Node("empty", self._end, self._end)
        if self._kind == "Value":
            self._take()
            colon = self._end
            value = self._node()
        return Entry(start, value, key, name, colon)

    def _key(self) -> tuple[Node, str]:
        start, anchored = self._at(), False
        while self._kind in ("Anchor", "Tag"):
            anchored = anchored or self._kind == "Anchor"
            self._take()
        name = str(self._next.value) if self._kind == "Scalar" else ""
        key = self._content()
        key.body, key.start, key.anchored = key.start, start, anchored
        if self._paired and key.quoted:
            name = str(json.loads(self._text[key.body : key.end]))
        return key, name

    def _flow_list(self) -> Node:
        node = Node("list", self._at(), 0, flow=True)
        self._take()
        while self._kind != "FlowSequenceEnd":
            if self._kind == "Key":
                pair = self._pair()
                inner = Node("map", pair.start, pair.end, entries=[pair], pair=True, body=pair.start)
                node.entries.append(Entry(pair.start, inner))
            else:
                value = self._node()
                node.entries.append(Entry(value.start, value))
            self._comma(node)
        self._take()
        node.end = self._end
        return node

    def _flow_map(self) -> Node:
        node = Node("map", self._at(), 0, flow=True)
        self._take()
        while self._kind != "FlowMappingEnd":
            if self._kind in ("Key", "Value"):
                node.entries.append(self._pair())
            else:  # a key alone
                key, name = self._key()
                node.entries.append(Entry(key.start, Node("empty", key.end, key.end), key, name))
            self._comma(node)
        self._take()
        node.end = self._end
        return node

    def _comma(self, node: Node) -> None:
        if self._kind == "FlowEntry":
            self._take()
            node.entries[-1].comma = self._end


def _content_end(text: str, start: int, end: int) -> int:
    """Return where a block scalar's content ends: the blank lines after it are no part of it, unless `+` keeps them."""
    header, content = text[start : line_end(text, start)], text[start:end].rstrip(_BLANK)
    last = line_end(text, start + len(content))
    lines = _BREAK.split(text[start + len(header) : last])
    indent = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(_BLANK)), 0)
    spaces_count = any(len(line) > indent for line in _BREAK.split(text[last:end]))
    if "+" not in header.split("#")[0] and not spaces_count:
        return last
    return end - 2 if text[end - 2 : end] == "\r\n" else end - 1 if text[end - 1] in BREAKS else end
