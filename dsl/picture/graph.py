"""A definition as a graph of nodes and edges with places: scopes are boxes around what stands inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.jq_words import condition_words
from dsl.phrases import case_words, catch_words, phrase
from dsl.picture.layout import Layout, Link, grid, layered
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, inner_blocks, is_directive, title_of, top_block
from dsl.words import schedule_words, shortened, spoken

JSON = Any

NODE: Final = (208.0, 52.0)
PILL: Final = (168.0, 34.0)
MAX_PILL: Final = 380.0
SMALL_PILL: Final = (72.0, 26.0)
HEAD: Final = 46.0  # of a box: title and subtitle
PAD: Final = 16.0
MARGIN: Final = 20.0
TITLE_CHARACTERS: Final = 22  # what fits into a node at 13 px, beside the bar and a state mark
SUBTITLE_CHARACTERS: Final = 27  # at 11 px
TITLE_PX: Final = 7.8  # one character in a wide font such as DejaVu Sans
SUBTITLE_PX: Final = 6.7
LABEL_CHARACTERS: Final = 28
LABEL_PX: Final = 6.0  # one character of a label

_SCHEME: Final = re.compile(r" https?://")


@dataclass(frozen=True, slots=True)
class Node:
    id: str  # the task's reference; "start", "end"; else the pointer of a list and a word
    kind: str
    title: str  # cut to fit
    subtitle: str
    x: float
    y: float
    w: float
    h: float
    box: bool = False
    parent: str = ""
    full_title: str = ""
    full_subtitle: str = ""

    def to_json(self) -> dict[str, Any]:
        tooltip = f"{self.full_title}: {self.full_subtitle}" if self.full_subtitle else self.full_title
        names = ("id", "kind", "title", "subtitle", "x", "y", "w", "h", "box", "parent")
        return {name: getattr(self, name) for name in names} | {"tooltip": tooltip}


@dataclass(frozen=True, slots=True)
class Edge:
    source: str
    target: str
    label: str
    points: tuple[tuple[float, float], ...]  # between points of different x and y: a curve that leaves and arrives vertically
    back: bool
    label_x: float = 0
    label_y: float = 0
    full_label: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "to": self.target,
            "label": self.label,
            "tooltip": self.full_label,
            "points": [list(point) for point in self.points],
            "back": self.back,
            "label_x": self.label_x,
            "label_y": self.label_y,
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything has whole px from the upper left corner; boxes come before what they contain."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }


@dataclass(slots=True)
class _Part:
    """A placed piece: its own nodes and edges, with the corner at (0, 0)."""

    width: float
    height: float
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def moved(self, x: float, y: float) -> Iterator[Node | Edge]:
        for node in self.nodes:
            yield replace(node, x=node.x + x, y=node.y + y)
        for edge in self.edges:
            points = tuple((px + x, py + y) for px, py in edge.points)
            yield replace(edge, points=points, label_x=edge.label_x + x, label_y=edge.label_y + y)

    def take(self, other: _Part, x: float, y: float) -> None:
        for piece in other.moved(x, y):
            if isinstance(piece, Node):
                self.nodes.append(piece)
            else:
                self.edges.append(piece)


@dataclass(frozen=True, slots=True)
class _Way:
    source: str
    target: str
    label: str = ""


def picture(data: JSON, catalogue: Catalogue | None = None) -> Picture:
    """Return the picture of a definition, valid or not; what is not a task is left out."""
    top = top_block(data)
    block = top if top is not None else TaskBlock("/do", None, False, frozenset())
    part = _Painter(data, catalogue or {}).sequence(block, "", at_top=True)
    whole = _Part(part.width + 2 * MARGIN, part.height + 2 * MARGIN)
    whole.take(part, MARGIN, MARGIN)
    nodes = tuple(replace(node, x=round(node.x), y=round(node.y), w=round(node.w), h=round(node.h)) for node in whole.nodes)
    edges = tuple(
        replace(edge, points=tuple((round(x), round(y)) for x, y in edge.points), label_x=round(edge.label_x), label_y=round(edge.label_y))
        for edge in whole.edges
    )
    return Picture(round(whole.width), round(whole.height), nodes, edges)


@dataclass(frozen=True, slots=True)
class _Painter:
    data: JSON
    catalogue: Catalogue

    def sequence(self, block: TaskBlock, parent: str, *, at_top: bool = False) -> _Part:
        """Return the tasks of a list in layers, with the pills where it begins and ends."""
        ways = list(_ways(block, at_top=at_top))
        pieces = {step.reference: self.task(step, parent) for step in block.steps}
        if at_top:
            pieces = {"start": self._start()} | pieces | {"end": _pill("end", "end", "End", "", PILL)}
        for way in ways:
            if way.target not in pieces:
                kind, title = ("end", "End of the run") if way.target.endswith("/end") else ("exit", "done")
                pieces[way.target] = _pill(way.target, kind, title, parent, SMALL_PILL if kind == "exit" else (140.0, 26.0))
        names = {name: number for number, name in enumerate(pieces)}
        links = [Link(names[way.source], names[way.target], _label_width(way.label)) for way in ways]
        placed = layered([(piece.width, piece.height) for piece in pieces.values()], links) if pieces else Layout(0, 0, [], [], [], [])
        return _assembled(list(pieces.values()), placed, ways)

    def task(self, step: Step, parent: str) -> _Part:
        """Return one task: a node, or a box around what it contains."""
        title, subtitle = self._texts(step)
        inner = inner_blocks(step)
        if not inner:
            return _Part(*NODE, nodes=[_node(step.reference, step.kind or "unknown", title, subtitle, parent, *NODE)])
        parts = [self._inside(block, step) for block in inner]
        row = grid([(part.width, part.height) for part in parts])
        width = max(NODE[0] + 2 * PAD, row.width + 2 * PAD)
        whole = _Part(width, HEAD + row.height + PAD)
        whole.nodes.append(replace(_node(step.reference, step.kind or "do", title, subtitle, parent, width, whole.height), box=True))
        shift = (width - 2 * PAD - row.width) / 2
        for part, (x, y) in zip(parts, row.corners, strict=True):
            whole.take(part, PAD + shift + x, HEAD + y)
        return whole

    def _inside(self, block: TaskBlock, step: Step) -> _Part:
        if block.parallel:
            pieces = [self.task(branch, step.reference) for branch in block.steps]
            return _assembled(pieces, grid([(piece.width, piece.height) for piece in pieces]), [])
        if not block.pointer.endswith("/catch/do"):
            return self.sequence(block, step.reference)
        part = self.sequence(block, block.pointer)
        width = max(NODE[0], part.width) + 2 * PAD
        whole = _Part(width, HEAD + part.height + PAD)
        reason = catch_words(step.task)
        whole.nodes.append(replace(_node(block.pointer, "catch", "If it fails", reason, step.reference, width, whole.height), box=True))
        whole.take(part, (width - part.width) / 2, HEAD)
        return whole

    def _texts(self, step: Step) -> tuple[str, str]:
        title = title_of(step.name, step.task)
        if title == step.name:
            title = spoken(step.name)
            title = title[:1].upper() + title[1:]
        subtitle = _SCHEME.sub(" ", phrase(step, self.data, self.catalogue))
        condition = step.task.get("if")
        if isinstance(condition, str):
            subtitle = f"if {condition_words(condition)}: {subtitle}"
        return title, "" if subtitle.casefold() == title.casefold() else subtitle

    def _start(self) -> _Part:
        schedule = self.data.get("schedule") if isinstance(self.data, dict) else None
        words = schedule_words(schedule, str(parley_of_document(self.data).get("timezone") or "UTC"))
        title = " or ".join(words) or "Start"
        width = min(MAX_PILL, max(PILL[0], len(title) * TITLE_PX + 36))
        return _pill("start", "start", title, "", (width, PILL[1]))


def _ways(block: TaskBlock, *, at_top: bool) -> Iterator[_Way]:
    """Yield the edges of a list, several between the same two as one."""
    if block.parallel:
        return
    found: dict[tuple[str, str], list[str]] = {}
    if at_top:
        first = block.steps[0].reference if block.steps else "end"
        found["start", first] = []
    by_name = {step.name: step.reference for step in block.steps}
    for step in block.steps:
        for then, label in _leads(step):
            target = _target(then, step, by_name, at_top=at_top)
            labels = found.setdefault((step.reference, target), [])
            if label and label not in labels:
                labels.append(label)
    pills = {target for _, target in found if target not in by_name.values() and target != "end"}
    plain = {pair for pair, labels in found.items() if pair[1] in pills and not labels}
    if not at_top and pills == {f"{block.pointer}/exit"} and len([pair for pair in found if pair[1] in pills]) == len(plain) == 1:
        found = {pair: labels for pair, labels in found.items() if pair not in plain}  # one plain way out needs no sign
    for (source, target), labels in found.items():
        yield _Way(source, target, " or ".join(labels))


def _leads(step: Step) -> Iterator[tuple[JSON, str]]:
    """Yield (then, label) of every way out of a task."""
    if "if" in step.task and step.task.get("then") not in (None, "continue"):
        yield "continue", "skipped"
    if step.kind == "raise":
        if "if" in step.task:
            yield "continue", ""
        return
    if step.kind != "switch":
        yield step.task.get("then"), ""
        return
    items = [item for item in step.task["switch"] if isinstance(item, dict)] if isinstance(step.task["switch"], list) else []
    cases = [case for item in items for case in item.values() if isinstance(case, dict)]
    for case in cases:
        yield case.get("then"), case_words(case).removeprefix("if ").removeprefix("the ")
    if all("when" in case for case in cases):
        yield step.task.get("then"), "otherwise"


def _target(then: JSON, step: Step, by_name: dict[str, str], *, at_top: bool) -> str:
    if isinstance(then, str) and then in by_name and not is_directive(then):
        return by_name[then]
    following = step.siblings.steps[step.siblings.steps.index(step) + 1 :]
    if following and (then is None or then == "continue"):
        return following[0].reference
    if at_top:
        return "end"
    return f"{step.siblings.pointer}/{'end' if then == 'end' else 'exit'}"


def _assembled(pieces: Sequence[_Part], placed: Layout, ways: Sequence[_Way]) -> _Part:
    whole = _Part(placed.width, placed.height)
    for piece, (x, y) in zip(pieces, placed.corners, strict=True):
        whole.take(piece, x, y)
    for number, way in enumerate(ways):
        x, y = placed.labels[number]
        label = shortened(way.label, LABEL_CHARACTERS)
        whole.edges.append(Edge(way.source, way.target, label, tuple(placed.routes[number]), placed.back[number], x, y, way.label))
    return whole


def _label_width(label: str) -> float:
    return len(shortened(label, LABEL_CHARACTERS)) * LABEL_PX + 12 if label else 0


def _pill(name: str, kind: str, title: str, parent: str, size: tuple[float, float]) -> _Part:
    return _Part(*size, nodes=[_node(name, kind, title, "", parent, *size)])


def _node(name: str, kind: str, title: str, subtitle: str, parent: str, width: float, height: float) -> Node:
    more = max(0.0, width - NODE[0])
    fits = int((width - 24) / TITLE_PX) if kind in ("start", "end", "exit") else TITLE_CHARACTERS + int(more / TITLE_PX)
    shown = shortened(title, fits)
    below = shortened(subtitle, SUBTITLE_CHARACTERS + int(more / SUBTITLE_PX))
    return Node(name, kind, shown, below, 0, 0, width, height, False, parent, title, subtitle)
