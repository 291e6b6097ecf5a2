"""libyaml's events to plain data, with limits; `source.read` is the door.

Iterative on purpose: a frame per open collection, no recursion, so a text of ten thousand brackets is refused and not a crash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

import yaml
from yaml import events as ev

from dsl import scalars
from dsl.pointer import escape, join
from dsl.problems import MOST_PROBLEMS, Problem
from dsl.source import Span

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT, _TAG = "tag:yaml.org,2002:str", "tag:yaml.org,2002:"
_SCALAR_TAGS = {f"{_TAG}int": (int,), f"{_TAG}float": (int, float), f"{_TAG}bool": (bool,), f"{_TAG}null": (NoneType,)}
_COLLECTION_TAGS = {None, "!", f"{_TAG}map", f"{_TAG}seq"}
_KEY_TAGS = {"!", _TEXT, *_SCALAR_TAGS}
_BRANCHES = re.compile(r"/\d+/[^/]+/fork/branches\Z")
_NO_KEY = object()
_UNKNOWN_START = "could not be read here"


class Refused(Exception):
    """Reading stops: the text is not YAML, or a limit is passed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """An open collection."""

    value: dict[str, Any] | list[Any]
    pointer: str | None  # None: no place is kept of what is inside
    anchor: _Anchor | None
    start: Any  # mark
    mapping: bool
    key: Any = _NO_KEY  # of a mapping: the key whose value comes next
    child: str | None = None  # and that value's pointer
    most: int | None = None  # of a list that may have only so many items
    skip: bool = False  # the next value is read but not kept (its key was wrong)


@dataclass(slots=True)
class _Anchor:
    value: Any
    nodes: int  # until it is done: how many there were before it
    depth: int
    done: bool = False


class Spans(Mapping[str, Span]):
    """Where nodes stand, by pointer. A place is worked out when it is asked for: most never are, and reading is quicker by a third."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self.marks: dict[str, tuple[Any, Any]] = {}

    def __getitem__(self, pointer: str) -> Span:
        start, end = self.marks[pointer]
        offset = self._offset
        return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1, start.index + offset, end.index + offset)

    def __contains__(self, pointer: object) -> bool:
        return pointer in self.marks

    def __iter__(self) -> Iterator[str]:
        return iter(self.marks)

    def __len__(self) -> int:
        return len(self.marks)


class Reader:
    """
    Args:
        depth, nodes, branches: What is beyond is refused: levels, values with aliases written out, branches of one fork.
        places: Without, neither spans nor references of problems are kept.
        plain: What an unquoted scalar is.
    """

    def __init__(
        self,
        text: str,
        *,
        depth: int,
        nodes: int,
        branches: int | None = None,
        places: bool = True,
        plain: Callable[[str], Any] = scalars.resolve,
    ) -> None:
        self.text = text
        self.depth = depth
        self.nodes = nodes
        self.branches = branches
        self.places = places
        self.plain = plain
        self.problems: list[Problem] = []
        self._offset = 1 if text.startswith("\ufeff") else 0  # a byte order mark is not part of what libyaml counts
        self.spans, self.keys = Spans(self._offset), Spans(self._offset)
        self._values, self._names = self.spans.marks, self.keys.marks
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchor] = {}
        self._seen = 0
        self._documents = 0
        self._root: Any = None

    def run(self) -> Any:
        """Return the data of the only document. Raises Refused; smaller mistakes are added to `problems`."""
        takers: dict[type, Callable[[Any], None]] = {
            ev.ScalarEvent: self._scalar,
            ev.MappingStartEvent: self._open,
            ev.SequenceStartEvent: self._open,
            ev.MappingEndEvent: self._close,
            ev.SequenceEndEvent: self._close,
            ev.AliasEvent: self._alias,
            ev.DocumentStartEvent: self._document,
        }
        try:
            for event in yaml.parse(self.text[self._offset :], Loader=_LOADER):
                take = takers.get(type(event))
                if take is not None:
                    take(event)
        except yaml.MarkedYAMLError as error:
            raise Refused(self._syntax_problem(error)) from error
        if not self._documents or self._root is None:
            raise Refused(_problem("empty", "there is no definition in this text", "write a document with `document:` and `do:`"))
        return self._root

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            hint = "keep one definition per file; remove the second `---` and what follows"
            raise Refused(self._at("several-documents", event, "the text holds more than one document", hint))

    def _scalar(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.mapping and frame.key is _NO_KEY:
            self._key(frame, event)
            return
        value = event.value
        if event.tag is not None or event.implicit[0]:
            value = self._scalar_value(event)
        self._seen += 1
        if self._seen > self.nodes:
            raise self._crowded(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, 1, 0, done=True)
        pointer = self._place(value)
        if pointer is not None:
            self._values[pointer] = (event.start_mark, event.end_mark)

    def _scalar_value(self, event: Any) -> Any:
        tag = event.tag
        try:
            if tag is None:
                return self.plain(event.value) if event.implicit[0] and event.style in (None, "") else event.value
            if tag in (_TEXT, "!"):
                return event.value
            if tag in _SCALAR_TAGS:
                return self._tagged(tag, event)
        except scalars.NotRepresentable as error:
            hint = "put it in quotes if it is a name or number to keep as it is written"
            self._add(_problem("unsafe-number", f"{error}", hint, event.start_mark, self._pointer()))
            return event.value
        self._unknown_tag(event)
        return event.value

    def _tagged(self, tag: str, event: Any) -> Any:
        value = self.plain(event.value)
        if type(value) not in _SCALAR_TAGS[tag]:
            self._note("unknown-tag", event, f"'{event.value[:80]}' is not what its tag '{tag}' says", "remove the tag")
        return value

    def _key(self, frame: _Frame, event: Any) -> None:
        key, values = event.value, frame.value
        if event.tag is not None and event.tag not in _KEY_TAGS:
            self._unknown_tag(event)
        if key == "<<" and event.implicit[0]:
            message = "merge keys (`<<`) are not part of YAML 1.2"
            self._add(_problem("merge-key", message, "write the values out", event.start_mark, join(frame.pointer or "", key)))
        frame.key = key
        if frame.pointer is not None:
            frame.child = f"{frame.pointer}/{escape(key)}"
        if key in values:
            frame.skip = values[key] is not None  # an empty first one gives way
            first = self.keys.get(frame.child) if frame.child is not None else None
            where = f", first on line {first.line}" if first else ""
            hint = "keep one of them; in a `do` list every task is an item of its own, starting with `- `"
            self._note("duplicate-key", event, f"the key '{key[:80]}' is there twice{where}", hint)
        if frame.child is not None and not frame.skip:
            self._names[frame.child] = (event.start_mark, event.end_mark)

    def _open(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.mapping and frame.key is _NO_KEY:
            hint = "quote the text if it starts with '{', '[' or '?'"
            raise Refused(self._at("invalid-key", event, "a key must be plain text, not a list or a mapping", hint))
        if len(self._stack) >= self.depth:
            raise Refused(self._too_deep(event, "move inner parts into workflows of their own"))
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            self._unknown_tag(event)
        self._seen += 1
        if self._seen > self.nodes:
            raise self._crowded(event)
        mapping = type(event) is ev.MappingStartEvent
        value: dict[str, Any] | list[Any] = {} if mapping else []
        anchor = None
        if event.anchor is not None:
            anchor = self._anchors[event.anchor] = _Anchor(value, self._seen - 1, 1)
        opened = _Frame(value, self._place(value), anchor, event.start_mark, mapping)
        if opened.pointer is not None and not mapping and _BRANCHES.search(opened.pointer):
            opened.most = self.branches
        self._stack.append(opened)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        if frame.pointer is not None:
            self._values[frame.pointer] = (frame.start, event.end_mark)
        anchor = frame.anchor
        if anchor is not None:
            anchor.nodes, anchor.depth, anchor.done = self._seen - anchor.nodes, _depth(frame.value), True

    def _alias(self, event: Any) -> None:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            raise Refused(
                self._at("unknown-alias", event, f"'*{event.anchor}' names no anchor", f"mark what it stands for with '&{event.anchor}'")
            )
        if not anchor.done:
            raise Refused(self._at("endless-alias", event, f"'*{event.anchor}' stands inside itself", "write the inner part out"))
        if self._stack and self._stack[-1].mapping and self._stack[-1].key is _NO_KEY:
            raise Refused(self._at("invalid-key", event, "an alias cannot be a key", "write the key out"))
        if len(self._stack) + anchor.depth > self.depth:
            raise Refused(self._too_deep(event, "use fewer aliases inside aliases"))
        self._seen += anchor.nodes
        if self._seen > self.nodes:
            raise self._crowded(event)
        pointer = self._place(anchor.value)
        if pointer is not None:
            self._values[pointer] = (event.start_mark, event.end_mark)

    def _place(self, value: Any) -> str | None:
        """Put *value* where it belongs and return its pointer, None when no place is kept of it."""
        if not self._stack:
            self._root = value
            return "" if self.places else None
        frame = self._stack[-1]
        if not frame.mapping:
            items = frame.value
            if frame.most is not None and len(items) >= frame.most:
                raise Refused(self._too_wide(frame))
            pointer = None if frame.pointer is None else f"{frame.pointer}/{len(items)}"
            items.append(value)  # type: ignore[union-attr]
            return pointer
        key, pointer = frame.key, frame.child
        frame.key = _NO_KEY
        if frame.skip:
            frame.skip = False
            return None
        frame.value[key] = value
        return pointer

    def _crowded(self, event: Any) -> Refused:
        message = f"the definition has more than {self.nodes:,} values" + (" once its aliases are written out" if self._anchors else "")
        return Refused(self._at("too-many-nodes", event, message, "split it: `run: workflow` starts another definition"))

    def _too_wide(self, frame: _Frame) -> Problem:
        message = f"the fork has more than {self.branches:,} branches"
        start, _ = self._names[frame.pointer or ""]
        return _problem("too-wide", message, "let a `for` go through the items one after the other", start, frame.pointer or "")

    def _too_deep(self, event: Any, hint: str) -> Problem:
        return _problem("too-deep", f"the definition is nested deeper than {self.depth} levels", hint, event.start_mark)

    def _at(self, code: str, event: Any, message: str, hint: str) -> Problem:
        return _problem(code, message, hint, event.start_mark, (self._stack[-1].pointer or "") if self._stack else "")

    def _unknown_tag(self, event: Any) -> None:
        self._note("unknown-tag", event, f"the tag '{event.tag[:80]}' is not allowed: a definition is plain data", "remove the tag")

    def _note(self, code: str, event: Any, message: str, hint: str) -> None:
        self._add(self._at(code, event, message, hint))

    def _pointer(self) -> str:
        """Return the pointer of the value that is read next."""
        if not self._stack:
            return ""
        frame = self._stack[-1]
        return join(frame.pointer or "", frame.key if frame.mapping else len(frame.value))

    def _add(self, problem: Problem) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            raise Refused(problem)  # enough is told; `check` says that there are more
        self.problems.append(problem)

    def _syntax_problem(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        what = error.problem or _UNKNOWN_START
        at = mark.index + self._offset if mark else len(self.text)
        if self.text[at : at + 1] == "\t" or (mark and self._line_before(at).strip(" ") == "\t"):
            return _problem("tab", "a tab stands where YAML wants spaces", "indent with spaces, two for each level", mark)
        if "nesting" in what or "depth" in what:
            return _problem(
                "too-deep",
                f"the definition is nested deeper than {self.depth} levels",
                "move inner parts into workflows of their own",
                mark,
            )
        context = f" ({error.context})" if error.context else ""
        return _problem("not-yaml", f"this is not YAML: {what}{context}", _hint(what), mark)

    def _line_before(self, at: int) -> str:
        return self.text[self.text.rfind("\n", 0, at) + 1 : at]


def _depth(value: Any) -> int:
    """Return how deep *value* is nested; it is at most as deep as the limit, so recursion is safe."""
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    return 1 + max((_depth(item) for item in value), default=0) if isinstance(value, list) else 0


def _hint(what: str) -> str:
    if "mapping values are not allowed" in what:
        return "quote text that contains ': ', and check the indentation of this line"
    if "block end" in what or "block collection" in what:
        return "check the indentation: this line belongs to no level above it"
    if "quoted scalar" in what or "stream end" in what:
        return "a quote or a bracket is not closed"
    return "check quotes, brackets and indentation near this place"


def _problem(code: str, message: str, hint: str, mark: Any = None, pointer: str = "") -> Problem:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(code=code, reference=pointer, message=message, hint=hint, line=line, column=column)
