"""libyaml's events to plain data, with limits; `source.read` is the door.

Iterative on purpose: a frame per open collection, no recursion, so a text of ten thousand brackets is refused and not a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    pointer: str
    anchor: str | None
    start: Any  # mark
    first_node: int  # how many nodes there were before it
    key: Any = _NO_KEY  # of a mapping: the key whose value comes next
    skip: bool = False  # the next value is read but not kept (its key was wrong)
    kept: bool = True  # this collection itself is kept


@dataclass(slots=True)
class _Anchor:
    value: Any
    nodes: int
    depth: int
    done: bool = False


@dataclass(slots=True)
class Reader:
    text: str
    depth: int
    nodes: int
    places: bool = True  # without, neither spans nor references of problems are kept: two thirds of the time, a quarter of the memory
    plain: Callable[[str], Any] = scalars.resolve  # what an unquoted scalar is
    spans: dict[str, Span] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Frame] = field(default_factory=list)
    _anchors: dict[str, _Anchor] = field(default_factory=dict)
    _seen: int = 0
    _documents: int = 0
    _root: Any = None
    _offset: int = 0  # a byte order mark is not part of what libyaml counts

    def run(self) -> Any:
        """Return the data of the only document. Raises Refused; smaller mistakes are added to `problems`."""
        self._offset = 1 if self.text.startswith("\ufeff") else 0
        try:
            for event in yaml.parse(self.text[self._offset :], Loader=_LOADER):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            raise Refused(self._syntax_problem(error)) from error
        if not self._documents or self._root is None:
            raise Refused(_problem("empty", "there is no definition in this text", "write a document with `document:` and `do:`"))
        return self._root

    def _take(self, event: Any) -> None:
        if isinstance(event, ev.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, ev.MappingStartEvent | ev.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, ev.MappingEndEvent | ev.SequenceEndEvent):
            self._close(event)
        elif isinstance(event, ev.AliasEvent):
            self._alias(event)
        elif isinstance(event, ev.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                hint = "keep one definition per file; remove the second `---` and what follows"
                raise Refused(self._at("several-documents", event, "the text holds more than one document", hint))

    def _scalar(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is _NO_KEY:
            self._key(frame, event)
            return
        value = self._scalar_value(event)
        self._count(event, 1)
        if event.anchor:
            self._anchors[event.anchor] = _Anchor(value, 1, 0, done=True)
        pointer = self._place(value)
        if pointer is not None:
            self.spans[pointer] = self._span(event.start_mark, event.end_mark)

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
        key = event.value
        if event.tag not in (None, "!", _TEXT) and event.tag not in _SCALAR_TAGS:
            self._unknown_tag(event)
        if key == "<<" and event.implicit[0]:
            pointer = join(frame.pointer, key)
            message = "merge keys (`<<`) are not part of YAML 1.2"
            self._add(_problem("merge-key", message, "write the values out", event.start_mark, pointer))
        frame.key = key
        frame.skip = isinstance(frame.value, dict) and frame.value.get(key) is not None  # an empty first one gives way
        if key in frame.value:
            first = self.keys.get(f"{frame.pointer}/{escape(key)}")
            where = f", first on line {first.line}" if first else ""
            hint = "keep one of them; in a `do` list every task is an item of its own, starting with `- `"
            self._note("duplicate-key", event, f"the key '{key[:80]}' is there twice{where}", hint)
        if frame.kept and not frame.skip:
            self.keys[f"{frame.pointer}/{escape(key)}"] = self._span(event.start_mark, event.end_mark)

    def _open(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is _NO_KEY:
            hint = "quote the text if it starts with '{', '[' or '?'"
            raise Refused(self._at("invalid-key", event, "a key must be plain text, not a list or a mapping", hint))
        if len(self._stack) >= self.depth:
            raise Refused(
                self._at(
                    "too-deep",
                    event,
                    f"the definition is nested deeper than {self.depth} levels",
                    "move inner parts into workflows of their own",
                )
            )
        if event.tag not in _COLLECTION_TAGS:
            self._unknown_tag(event)
        self._count(event, 1)
        value: dict[str, Any] | list[Any] = {} if isinstance(event, ev.MappingStartEvent) else []
        if event.anchor:
            self._anchors[event.anchor] = _Anchor(value, 1, 1)
        pointer = self._place(value)
        opened = _Frame(value, pointer or "", event.anchor, event.start_mark, self._seen - 1)
        opened.kept = pointer is not None
        self._stack.append(opened)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        if frame.kept:
            self.spans[frame.pointer] = self._span(frame.start, event.end_mark)
        if frame.anchor:
            anchor = self._anchors[frame.anchor]
            anchor.nodes, anchor.done = self._seen - frame.first_node, True
            anchor.depth = _depth(frame.value)

    def _alias(self, event: Any) -> None:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            raise Refused(
                self._at("unknown-alias", event, f"'*{event.anchor}' names no anchor", f"mark what it stands for with '&{event.anchor}'")
            )
        if not anchor.done:
            raise Refused(self._at("endless-alias", event, f"'*{event.anchor}' stands inside itself", "write the inner part out"))
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is _NO_KEY:
            raise Refused(self._at("invalid-key", event, "an alias cannot be a key", "write the key out"))
        if len(self._stack) + anchor.depth > self.depth:
            raise Refused(
                self._at("too-deep", event, f"the definition is nested deeper than {self.depth} levels", "use fewer aliases inside aliases")
            )
        self._count(event, anchor.nodes)
        pointer = self._place(anchor.value)
        if pointer is not None:
            self.spans[pointer] = self._span(event.start_mark, event.end_mark)

    def _place(self, value: Any) -> str | None:
        """Put *value* where it belongs and return its pointer, None when it is read only to be dropped."""
        if not self._stack:
            self._root = value
            return "" if self.places else None
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            return f"{frame.pointer}/{len(frame.value) - 1}" if frame.kept else None
        key, skip = frame.key, frame.skip
        frame.key, frame.skip = _NO_KEY, False
        if skip:
            return None
        frame.value[key] = value
        return f"{frame.pointer}/{escape(key)}" if frame.kept else None

    def _count(self, event: Any, nodes: int) -> None:
        self._seen += nodes
        if self._seen > self.nodes:
            message = f"the definition has more than {self.nodes:,} values" + (" once its aliases are written out" if self._anchors else "")
            raise Refused(self._at("too-many-nodes", event, message, "split it: `run: workflow` starts another definition"))

    def _span(self, start: Any, end: Any) -> Span:
        return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1, start.index + self._offset, end.index + self._offset)

    def _at(self, code: str, event: Any, message: str, hint: str) -> Problem:
        pointer = self._stack[-1].pointer if self._stack and code != "too-deep" else ""
        return _problem(code, message, hint, event.start_mark, pointer)

    def _unknown_tag(self, event: Any) -> None:
        self._note("unknown-tag", event, f"the tag '{event.tag[:80]}' is not allowed: a definition is plain data", "remove the tag")

    def _note(self, code: str, event: Any, message: str, hint: str) -> None:
        self._add(self._at(code, event, message, hint))

    def _pointer(self) -> str:
        """Return the pointer of the value that is read next."""
        if not self._stack:
            return ""
        frame = self._stack[-1]
        return join(frame.pointer, len(frame.value) if isinstance(frame.value, list) else frame.key)

    def _add(self, problem: Problem) -> None:
        if len(self.problems) <= MOST_PROBLEMS:
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
