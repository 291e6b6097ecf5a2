"""Changes of a text as splices: which characters go, and what comes in their place. Everything else stays as it is.

Comment lines directly above an entry, at its indentation, belong to it, and so do comment lines below that stand deeper than it. Comments
that begin the text belong to the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.edit.syntax import BREAKS, Node, Place, find, line_end, line_start, next_line, parse
from dsl.edit.values import block_lines, flow_text, json_lines, scalar_text
from dsl.pointer import parent, split

JSON = Any

_INDENT: Final = 2


class NoPlace(Exception):
    """The text offers no place for the change that would leave all else as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class Splice:
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Text:
    """A readable text with its tree and its habits."""

    text: str
    pretty: bool = True  # several lines as a block; without it, quoted on one
    greedy: bool = False  # blank lines below what goes, go too: a block of text above would take them in
    anew: bool = False  # what moves is written anew
    root: Node = field(init=False)
    as_json: bool = field(init=False)
    newline: str = field(init=False)

    def __post_init__(self) -> None:
        self.root = parse(self.text)
        self.newline = "\r\n" if "\r\n" in self.text else "\r" if "\r" in self.text and "\n" not in self.text else "\n"
        self.as_json = _is_json(self.text)

    def place(self, pointer: str) -> Place:
        """Return where the value at *pointer* stands. Raises NoPlace: inside an alias."""
        found = find(self.root, split(pointer))
        if found is None:
            raise NoPlace(f"{pointer} is written by an alias elsewhere: write it out first")
        return found

    def node(self, pointer: str) -> tuple[Node, bool]:
        """Return the value at *pointer*, and whether it stands in brackets."""
        if not pointer:
            return self.root, False
        place = self.place(pointer)
        return place.entry.value, place.flow

    def lines(self, value: JSON, indent: int) -> str:
        return self.newline.join(block_lines(value, indent, pretty=self.pretty))


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """Return *text* with *splices* done; they do not overlap."""
    parts, at = [], 0
    for splice in sorted(splices, key=lambda one: (one.start, one.end)):
        parts += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*parts, text[at:]])


# values


def put(source: Text, pointer: str, value: JSON) -> list[Splice]:
    """Return the splices that make *value* stand at *pointer*, which exists, or is a new key of an existing mapping."""
    if not pointer:
        return [_whole(source, value)]
    place = find(source.root, split(pointer))
    if place is not None:
        return [_replaced(source, place, value)]
    owner, flow = source.node(parent(pointer))
    if owner.kind != "map":
        raise NoPlace(f"{parent(pointer)} is written by an alias elsewhere: write it out first")
    return _new_key(source, owner, flow, pointer, value)


def _whole(source: Text, value: JSON) -> Splice:
    node = source.root
    if source.as_json:
        return Splice(node.start, node.end, json_lines(value, "", " " * _INDENT))
    return Splice(node.start, line_end(source.text, node.end), source.lines(value, 0))


def _replaced(source: Text, place: Place, value: JSON) -> Splice:
    entry, text = place.entry, source.text
    node = entry.value
    if place.flow:
        written = _in_brackets(source, place.owner, entry.start, value)
        if node.pair:
            raise NoPlace("it stands in a one-line list without its braces")
        if node.kind == "empty":
            lead = ": " if entry.colon < 0 and entry.key else " "
            return Splice(entry.end, entry.end, lead + written)
        return Splice(node.start, node.end, written)
    if entry.colon < 0:
        raise NoPlace("its key has no colon")
    inline = not (isinstance(value, dict | list) and value)
    if place.owner.kind == "list":
        return _replaced_item(source, place, value)
    line = line_end(text, entry.colon)
    rest = text[entry.colon : line]
    written = source.lines({"k": value}, place.owner.column).lstrip(" ").removeprefix("k:") if inline else ""
    if inline and source.newline not in written:
        written = written.strip()
        if node.kind == "empty":
            return Splice(entry.colon, entry.colon, f" {written}")
        if node.start > line:
            comment = rest if rest.lstrip().startswith("#") else ""
            return Splice(entry.colon, node.end, f" {written}{' ' if comment else ''}{comment.lstrip()}")
        return Splice(node.start, node.end, written)
    if inline:
        return Splice(entry.colon, line_end(text, entry.end), " " + written.lstrip())
    body = source.newline + source.lines(value, place.owner.column + _INDENT)
    if node.kind != "empty" and node.end > line:  # several lines: a comment beside the key stays
        comment = rest if rest.lstrip().startswith("#") else ""
        return Splice(entry.colon, line_end(text, node.end), comment + body)
    end = line_end(source.text, entry.end)
    comment = text[entry.end : end]
    return Splice(entry.colon, end, (comment.rstrip() if comment.strip() else "") + body)


def _replaced_item(source: Text, place: Place, value: JSON) -> Splice:
    entry = place.entry
    written = source.lines(value, place.owner.column + _INDENT).lstrip(" ")
    end = entry.end if "\n" not in written else line_end(source.text, entry.end)
    return Splice(entry.colon, end, f" {written}")


def _new_key(source: Text, owner: Node, flow: bool, pointer: str, value: JSON) -> list[Splice]:
    key = split(pointer)[-1]
    if flow or owner.flow:
        name = scalar_text(key, as_json=source.as_json)
        at = owner.entries[0].start if owner.entries else owner.body
        return _into_brackets(source, owner, len(owner.entries), f"{name}: {_in_brackets(source, owner, at, value)}")
    index = _usual_index(owner, pointer)
    pair = source.lines({key: value}, owner.column)
    return _line_in(source, owner, index, pair)


def _usual_index(owner: Node, pointer: str) -> int:
    """Return where a new key goes: last, but the document's settings above its tasks."""
    if pointer in ("/schedule", "/input", "/use", "/timeout"):
        return next((index for index, entry in enumerate(owner.entries) if entry.name == "do"), len(owner.entries))
    return len(owner.entries)


# entries that go, come and move


def drop(source: Text, pointer: str) -> list[Splice]:
    """Return the splices without the entry at *pointer*; the last one leaves `{}` or `[]`."""
    place = source.place(pointer)
    owner, index = place.owner, place.index
    if len(owner.entries) == 1:
        empty: JSON = {} if owner.kind == "map" else []
        if owner.flow:
            return [Splice(owner.body + 1, owner.end - 1, "")]
        return put(source, parent(pointer), empty)
    if place.flow or owner.flow:
        return _out_of_brackets(source, owner, index)
    if not _own_line(source.text, place.entry.start):
        if index == 0:  # it shares its line with a dash; so will what follows
            start = place.entry.start
            following = next_line(source.text, _below(source.text, owner, 0))
            return [Splice(start, following + _blanks(source.text, following), "")]
        raise NoPlace("it shares its line with something else")
    start, end = region(source, place)
    return [Splice(start, _blank_lines(source.text, end) if source.greedy else end, "")]


def add_item(source: Text, pointer: str, index: int, value: JSON, *, after: bool = False) -> list[Splice]:
    """Return the splices that put *value* into a list: before the entry *index* and its comments, or right *after* the one before it."""
    owner, flow = source.node(pointer)
    if owner.kind != "list":
        raise NoPlace(f"{pointer} is written by an alias elsewhere: write it out first")
    if not owner.entries and not flow and not source.as_json:
        return put(source, pointer, [value])
    if flow or owner.flow:
        at = owner.entries[0].start if owner.entries else owner.body
        return _into_brackets(source, owner, index, _in_brackets(source, owner, at, value))
    return _line_in(source, owner, index, _item(source, owner, value), after=after)


def move_item(source: Text, pointer: str, to: str, index: int, value: JSON, *, after: bool = False) -> list[Splice]:
    """
    Return the splices that move the item at *pointer* into the list *to*, before the entry *index* (as counted before the move).

    Its own text moves where both lists are blocks; else *value* is written anew.
    """
    place = source.place(pointer)
    owner, flow = source.node(to)
    if place.flow or place.owner.flow or flow or owner.flow or not owner.entries:
        if owner is place.owner and owner.flow:
            own_text = source.text[place.entry.start : place.entry.end]
            return [*drop(source, pointer), *_into_brackets(source, owner, index, own_text)]
        return [*drop(source, pointer), *add_item(source, to, index, value, after=after)]
    if source.anew or not _own_line(source.text, place.entry.start):
        return [*drop(source, pointer), *add_item(source, to, index, value, after=after)]
    start, end = region(source, place)
    moved = _shifted(source.text[start:end], owner.column - place.owner.column).removesuffix("\n").removesuffix("\r")
    gone = Splice(start, _blank_lines(source.text, end) if source.greedy else end, "")
    return [gone, *_line_in(source, owner, index, moved, after=after)]


def rename_key(source: Text, pointer: str, name: str) -> list[Splice]:
    """Return the splice that gives the key at *pointer* another name, in the quotes it had."""
    key = source.place(pointer).entry.key
    if key is None or key.anchored:
        raise NoPlace("its name is no plain key")
    return [Splice(key.body, key.end, _key_text(source, name, quoted=key.quoted))]


def _key_text(source: Text, name: str, *, quoted: bool) -> str:
    return scalar_text(name, as_json=source.as_json, quoted=quoted)


def region(source: Text, place: Place) -> tuple[int, int]:
    """Return from where to where the lines of a block entry reach, its comments and last line break included."""
    return _above(source.text, place.owner, place.index), next_line(source.text, _below(source.text, place.owner, place.index))


def _above(text: str, owner: Node, index: int) -> int:
    """Return where the comment lines directly above an entry begin, else where its line does."""
    begin = line_start(text, owner.entries[index].start)
    floor = owner.entries[index - 1].end if index else 0
    indent, at = text[begin : owner.entries[index].start], begin
    while at > floor:
        before = line_start(text, at - (2 if text[at - 2 : at] == "\r\n" else 1))
        if before < floor or not text.startswith(f"{indent}#", before):
            return at
        at = before
    return max(begin, _start(text))  # comments that begin the text belong to it


def _start(text: str) -> int:
    return 1 if text.startswith("\ufeff") else 0


def _below(text: str, owner: Node, index: int) -> int:
    """Return where the last line of an entry ends, comment lines below it that stand deeper included."""
    end = owner.entries[index].end
    found, at = end, next_line(text, end)
    while at < len(text):
        stop = line_end(text, at)
        line = text[at:stop]
        bare = line.lstrip(" \t")
        if bare and not (bare.startswith("#") and len(line) - len(bare) > owner.column):
            break
        found, at = (stop if bare else found), next_line(text, stop)
    return found


def _own_line(text: str, start: int) -> bool:
    return not text[line_start(text, start) : start].strip(" \ufeff")


def _blank_lines(text: str, at: int) -> int:
    """Return where the blank lines that begin at *at* end."""
    while at < len(text) and not text[at : line_end(text, at)].strip():
        at = next_line(text, at)
    return at


def _blanks(text: str, at: int) -> int:
    """Return how many blanks and line breaks stand at *at*."""
    return len(text[at:]) - len(text[at:].lstrip())


def _item(source: Text, owner: Node, value: JSON) -> str:
    body = source.lines(value, owner.column + _INDENT).lstrip(" ")
    return f"{' ' * owner.column}- {body}"


def _line_in(source: Text, owner: Node, index: int, lines: str, *, after: bool = False) -> list[Splice]:
    """Return the splice that puts whole *lines* (without their last break) before an entry of a block, or *after* the one before it."""
    text = source.text
    if index == 0 and not _own_line(text, owner.entries[0].start):
        start = owner.entries[0].start
        return [Splice(start, start, f"{lines.lstrip(' ')}{source.newline}{' ' * owner.column}")]
    if index == 0 or (index < len(owner.entries) and not after):
        at = _above(text, owner, index)
        return [Splice(at, at, lines + source.newline)]
    at = next_line(text, _below(text, owner, index - 1))
    if at == len(text) and text[-1] not in BREAKS:
        return [Splice(at, at, source.newline + lines)]
    return [Splice(at, at, lines + source.newline)]


def _shifted(lines: str, by: int) -> str:
    """Return *lines* moved right by so many columns, or left."""
    if by == 0:
        return lines
    if by > 0:
        return re.sub(r"(?m)^(?=[^\r\n])", " " * by, lines)
    return re.sub(rf"(?m)^ {{1,{-by}}}", "", lines)


# brackets


def _in_brackets(source: Text, owner: Node, at: int, value: JSON) -> str:
    """Return *value* for a place in brackets; over several lines where JSON is written so."""
    if source.as_json and "\n" in _lead(source, owner) and _tall(source, owner) and isinstance(value, dict | list) and value:
        line = source.text[line_start(source.text, at) : at]
        unit = _lead(source, source.root).lstrip("\r\n") or " " * _INDENT
        return json_lines(value, line[: len(line) - len(line.lstrip())], unit).replace("\n", source.newline)
    return flow_text(value, as_json=source.as_json)


def _tall(source: Text, owner: Node) -> bool:
    """Tell whether what *owner* holds takes several lines, or nothing says that it would not."""
    held = [entry.value for entry in owner.entries if entry.value.entries]
    return not held or any("\n" in source.text[node.start : node.end] for node in held)


def _lead(source: Text, owner: Node) -> str:
    """Return the blanks before the first entry in brackets, from its line break on when it has a line of its own."""
    if not owner.entries or not owner.flow:
        return ""
    first = owner.entries[0].start
    line = line_start(source.text, first)
    if line > owner.body and not source.text[line:first].strip():
        return source.newline + source.text[line:first]
    lead = source.text[owner.body + 1 : first]
    return lead if not lead.strip() else ""


def _into_brackets(source: Text, owner: Node, index: int, written: str) -> list[Splice]:
    text, entries = source.text, owner.entries
    if owner.pair:
        raise NoPlace("it stands in a one-line list without its braces")
    if not entries:
        at = owner.body + 1
        blank = not text[at : owner.end - 1].strip()
        return [Splice(at, owner.end - 1 if blank else at, written)]
    lead = _lead(source, owner)
    several = lead if "\n" in lead or "\r" in lead else " "
    if index < len(entries):
        at = entries[index].start
        return [Splice(at, at, f"{written},{several}")]
    final = entries[-1]
    end = line_end(text, max(final.end, final.comma))
    if several != " " and text[max(final.end, final.comma) : end].lstrip().startswith("#"):
        comma = [] if final.comma >= 0 else [Splice(final.end, final.end, ",")]
        return [*comma, Splice(end, end, several + written)]
    return [Splice(final.end, final.end, f",{several}{written}")]


def _out_of_brackets(source: Text, owner: Node, index: int) -> list[Splice]:
    text, entries = source.text, owner.entries
    entry = entries[index]
    if index + 1 < len(entries):
        following = entries[index + 1].start
        between = text[entry.comma : following]
        return [Splice(entry.start, following if "#" not in between else entry.comma + _blanks(text, entry.comma), "")]
    before = entries[index - 1]
    end = entry.comma if entry.comma >= 0 and not source.as_json else entry.end
    if "#" in text[before.comma : entry.start]:
        return [Splice(line_start(text, entry.start) if _own_line(text, entry.start) else entry.start, end, "")]
    return [Splice(before.end, end, "," if entry.comma >= 0 else "")]


def _is_json(text: str) -> bool:
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return False
    try:
        json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True
