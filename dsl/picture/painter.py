"""Turn a definition into a picture: sizes and texts of the nodes, scopes as boxes around what stands inside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.phrases import aim, brief, brief_condition, catch_words, failure_words, phrase
from dsl.picture.cells import Layout, Link
from dsl.picture.graph import Edge, Node, Picture
from dsl.picture.layout import grid, layered
from dsl.picture.text import first_fitting, fitted, fitted_end, width, wrapped
from dsl.picture.ways import Way, ways
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, inner_blocks, title_of, top_block
from dsl.words import schedule_words, spoken

JSON = Any

NODE_WIDTH: Final = 260.0
NODE_HEIGHT: Final = 52.0
LINE: Final = 17.0  # of a title
PILL: Final = (168.0, 34.0)
MAX_PILL: Final = 420.0
SMALL_PILL: Final = (72.0, 26.0)
PAD: Final = 16.0
MARGIN: Final = 20.0
TITLE_PX: Final = 13
SUBTITLE_PX: Final = 11
LABEL_PX: Final = 11
MAX_LABEL: Final = 190.0
_BESIDE_TEXT: Final = 29.0  # the bar at the left, air at the right
_MARK: Final = 14.0  # a state's sign beside the title


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


def picture(data: JSON, catalogue: Catalogue | None = None) -> Picture:
    """Return the picture of a definition, valid or not; what is not a task is left out."""
    top = top_block(data)
    block = top if top is not None else TaskBlock("/do", None, False, frozenset())
    part = _Painter(data, catalogue or {}).sequence(block, "", at_top=True)
    whole = _Part(part.width + 2 * MARGIN, part.height + 2 * MARGIN)
    whole.take(part, MARGIN, MARGIN)
    nodes = tuple(replace(node, x=round(node.x), y=round(node.y), w=round(node.w), h=round(node.h)) for node in whole.nodes)
    edges = tuple(
        replace(
            edge,
            points=tuple((round(x), round(y)) for x, y in edge.points),
            label_x=round(edge.label_x),
            label_y=round(edge.label_y),
            label_w=round(edge.label_w),
        )
        for edge in whole.edges
    )
    return Picture(round(whole.width), round(whole.height), nodes, edges)


@dataclass(frozen=True, slots=True)
class _Painter:
    data: JSON
    catalogue: Catalogue

    def sequence(self, block: TaskBlock, parent: str, *, at_top: bool = False) -> _Part:
        """Return the tasks of a list in layers, with the pills where it begins and ends."""
        edges = list(ways(block, at_top=at_top))
        pieces = {step.reference: self.task(step, parent) for step in block.steps}
        if at_top:
            pieces = {"start": self._start()} | pieces | {"end": _pill("end", "end", "End", "", PILL)}
        for way in edges:
            if way.target not in pieces:
                kind, title = ("end", "End of the run") if way.target.endswith("/end") else ("exit", "done")
                pieces[way.target] = _pill(way.target, kind, title, parent, SMALL_PILL if kind == "exit" else (140.0, 26.0))
        names = {name: number for number, name in enumerate(pieces)}
        links = [Link(names[way.source], names[way.target], _label_width(_label(way))) for way in edges]
        placed = layered([(piece.width, piece.height) for piece in pieces.values()], links) if pieces else Layout(0, 0, [], [], [], [])
        return _assembled(list(pieces.values()), placed, edges)

    def task(self, step: Step, parent: str) -> _Part:
        """Return one task: a node, or a box around what it contains."""
        inner = inner_blocks(step)
        if not inner:
            node = self._leaf(step, parent)
            return _Part(node.w, node.h, nodes=[node])
        parts = [self._inside(block, step) for block in inner]
        row = grid([(part.width, part.height) for part in parts])
        title, full = _title(step), self._full(step)
        return _boxed(
            Node(id=step.reference, kind=step.kind or "do", parent=parent, full_title=title, full_subtitle=_unless(full, title),
                 lines=(), subtitle=self._short(step, title), w=0, h=0),
            [(part, corner) for part, corner in zip(parts, row.corners, strict=True)],
            row.width,
            row.height,
        )  # fmt: skip

    def _leaf(self, step: Step, parent: str) -> Node:
        title = _title(step)
        lines = wrapped(title, NODE_WIDTH - _BESIDE_TEXT - _MARK, TITLE_PX)
        below = _unless(self._subtitle(step, NODE_WIDTH - _BESIDE_TEXT), title)
        height = NODE_HEIGHT + (LINE if len(lines) > 1 and below else 0)
        return Node(
            id=step.reference, kind=step.kind or "unknown", lines=lines, subtitle=below, w=NODE_WIDTH, h=height, parent=parent,
            full_title=title, full_subtitle=_unless(self._full(step), title),
        )  # fmt: skip

    def _inside(self, block: TaskBlock, step: Step) -> _Part:
        if block.parallel:
            pieces = [self.task(branch, step.reference) for branch in block.steps]
            return _assembled(pieces, grid([(piece.width, piece.height) for piece in pieces]), [])
        if not block.pointer.endswith("/catch/do"):
            return self.sequence(block, step.reference)
        part = self.sequence(block, block.pointer)
        title = "If it still fails" if failure_words(step.task).startswith("If it still") else "If it fails"
        reason = catch_words(step.task)
        node = Node(id=block.pointer, kind="catch", parent=step.reference, full_title=title, full_subtitle=reason, lines=(),
                    subtitle=reason.replace("`", ""), w=0, h=0)  # fmt: skip
        return _boxed(node, [(part, (0, 0))], part.width, part.height)

    def _subtitle(self, step: Step, room: float) -> str:
        """Return what a task does on one line; of an address the end is kept."""
        condition = step.task.get("if")
        when = f"if {brief_condition(condition)}" if isinstance(condition, str) else ""
        said = brief(step, self.data, self.catalogue)
        if when:
            return first_fitting([f"{when}: {said}", f"only {when}"], room, SUBTITLE_PX)
        aimed = aim(step) if width(said, SUBTITLE_PX) > room else None
        if aimed is None:
            return fitted(said, room, SUBTITLE_PX)
        verb, target = aimed
        return f"{verb} {fitted_end(target, room - width(f'{verb} ', SUBTITLE_PX), SUBTITLE_PX)}"

    def _short(self, step: Step, title: str) -> str:
        """Return what a box does, not cut yet."""
        condition = step.task.get("if")
        when = f"if {brief_condition(condition)}: " if isinstance(condition, str) else ""
        return _unless(when + brief(step, self.data, self.catalogue), title)

    def _full(self, step: Step) -> str:
        condition = step.task.get("if")
        when = f"if {brief_condition(condition)}: " if isinstance(condition, str) else ""
        return when + phrase(step, self.data, self.catalogue)

    def _start(self) -> _Part:
        schedule = self.data.get("schedule") if isinstance(self.data, dict) else None
        words = schedule_words(schedule, str(parley_of_document(self.data).get("timezone") or "UTC"))
        title = " or ".join(words) or "Start"
        room = min(MAX_PILL, max(PILL[0], width(title, TITLE_PX, bold=True) + 36))
        return _pill("start", "start", title, "", (room, PILL[1]))


def _boxed(node: Node, parts: Sequence[tuple[_Part, tuple[float, float]]], inner_width: float, inner_height: float) -> _Part:
    """Return *node* as a box around *parts*, with its title above them."""
    wide = max(NODE_WIDTH, inner_width) + 2 * PAD
    lines = wrapped(node.full_title, wide - _BESIDE_TEXT - _MARK, TITLE_PX)
    subtitle = fitted(node.subtitle, wide - _BESIDE_TEXT, SUBTITLE_PX)
    head = 13 + LINE * len(lines) + (LINE if subtitle else 0)
    whole = _Part(wide, head + inner_height + PAD)
    whole.nodes.append(replace(node, lines=lines, subtitle=subtitle, w=wide, h=whole.height, box=True))
    shift = round((wide - inner_width) / 2)
    for part, (x, y) in parts:
        whole.take(part, shift + x, head + y)
    return whole


def _assembled(pieces: Sequence[_Part], placed: Layout, edges: Sequence[Way]) -> _Part:
    whole = _Part(placed.width, placed.height)
    for piece, (x, y) in zip(pieces, placed.corners, strict=True):
        whole.take(piece, x, y)
    for number, way in enumerate(edges):
        x, y = placed.labels[number]
        label = _label(way)
        route, back = tuple(placed.routes[number]), placed.back[number]
        whole.edges.append(Edge(way.source, way.target, label, route, back, x, y, way.full_label, _label_width(label)))
    return whole


def _title(step: Step) -> str:
    title = title_of(step.name, step.task)
    if title != step.name:
        return title
    title = spoken(step.name) or step.name
    return title[:1].upper() + title[1:]


def _unless(words: str, title: str) -> str:
    return "" if words.casefold() == title.casefold() else words


def _label(way: Way) -> str:
    return fitted(way.label, MAX_LABEL - 12, LABEL_PX)


def _label_width(label: str) -> float:
    return width(label, LABEL_PX) + 12 if label else 0


def _pill(name: str, kind: str, title: str, parent: str, size: tuple[float, float]) -> _Part:
    large = size[1] > SMALL_PILL[1]
    shown = fitted(title, size[0] - 24, TITLE_PX if large else SUBTITLE_PX, bold=large)
    node = Node(id=name, kind=kind, lines=(shown,), subtitle="", w=size[0], h=size[1], parent=parent, full_title=title)
    return _Part(*size, nodes=[node])
