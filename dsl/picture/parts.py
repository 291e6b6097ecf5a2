"""Placed pieces of a picture: a part knows its own nodes and edges from its corner, and the parts inside it; `flat` gives all places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import floor
from typing import Final

from dsl.picture.badges import ROW, laid_out
from dsl.picture.cells import Layout, Link
from dsl.picture.graph import Edge, Node
from dsl.picture.layout import layered
from dsl.picture.sayings import SUBTITLE_PX, TITLE_PX
from dsl.picture.text import fitted, width, wrapped
from dsl.picture.ways import Way
from dsl.pointer import get
from dsl.walk import Step, inner_blocks, steps_in

NODE_WIDTH: Final = 280.0
NODE_HEIGHT: Final = 52.0
LINE: Final = 17.0  # of a title
PILL: Final = (168.0, 34.0)
MAX_PILL: Final = 420.0
SMALL_PILL: Final = 26.0
MAX_SMALL_PILL: Final = 240.0
PAD: Final = 16.0
LABEL_PX: Final = 11
MAX_LABEL: Final = 190.0
MAX_BESIDE: Final = 250.0  # of a label beside the line of a loop
TEXT_LEFT: Final = 48.0  # the icon
TEXT_RIGHT: Final = 10.0
MARK: Final = 14.0  # a state's sign beside the title
PILL_ICON: Final = 22.0
_JOIN: Final = 26.0  # the height of the bar where branches meet
_TO_JOIN: Final = 36.0


@dataclass(slots=True)
class Part:
    """A placed piece with its corner at (0, 0)."""

    width: float
    height: float
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    inner: list[tuple[Part, float, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The id of the node that edges lead to: the part's own, else that of the only part inside it."""
        return self.nodes[0].id if self.nodes else self.inner[0][0].name


def flat(part: Part, x: float, y: float) -> tuple[list[Node], list[Edge]]:
    """Return the nodes and edges of *part* and of all inside it, at whole px; boxes before what they contain."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    waiting = [(part, x, y)]
    while waiting:
        one, left, top = waiting.pop()
        nodes += [
            replace(
                node, x=snapped(node.x + left), y=snapped(node.y + top), w=snapped(node.w), h=snapped(node.h), text_h=snapped(node.text_h)
            )
            for node in one.nodes
        ]
        edges += [_moved(edge, left, top) for edge in one.edges]
        waiting += [(inner, left + at_x, top + at_y) for inner, at_x, at_y in reversed(one.inner)]
    return nodes, edges


def leaf(node: Node, badges: Sequence[tuple[str, str, str]]) -> Part:
    """Return *node* with its texts, sized for its title, subtitle and badges."""
    lines = wrapped(node.full_title, NODE_WIDTH - TEXT_LEFT - TEXT_RIGHT - MARK, TITLE_PX)
    text = NODE_HEIGHT + (LINE if len(lines) > 1 and node.subtitle else 0)
    shown, rows = laid_out(badges, TEXT_LEFT, text - 5, NODE_WIDTH - TEXT_RIGHT)
    height = text + rows * ROW
    return Part(NODE_WIDTH, height, [replace(node, lines=lines, w=NODE_WIDTH, h=height, text_h=text, badges=shown)])


def boxed(
    node: Node, parts: Sequence[tuple[Part, tuple[float, float]]], inner: tuple[float, float], badges: Sequence[tuple[str, str, str]] = ()
) -> Part:
    """Return *node* as a box around *parts*, which take *inner* (width, height), with its texts above them."""
    wide = max(NODE_WIDTH, inner[0]) + 2 * PAD
    lines = wrapped(node.full_title, wide - TEXT_LEFT - TEXT_RIGHT - MARK, TITLE_PX)
    subtitle = fitted(node.subtitle, wide - TEXT_LEFT - TEXT_RIGHT, SUBTITLE_PX)
    text = 20 + LINE * max(2, len(lines) + (1 if subtitle else 0))
    shown, rows = laid_out(badges, TEXT_LEFT, text - 6, wide - TEXT_RIGHT)
    head = text + 2 + rows * ROW
    whole = Part(wide, head + inner[1] + (PAD if parts else 0))
    whole.nodes.append(replace(node, lines=lines, subtitle=subtitle, w=wide, h=whole.height, box=True, text_h=text, badges=shown))
    shift = round((wide - inner[0]) / 2)
    whole.inner = [(part, shift + x, head + y) for part, (x, y) in parts]
    return whole


def pill(name: str, kind: str, title: str, parent: str, *, icon: str = "", large: bool = True) -> Part:
    """Return a large pill for where the workflow begins and ends, or a small one inside it."""
    px, beside, most = (TITLE_PX, 36.0, MAX_PILL) if large else (SUBTITLE_PX, 24.0, MAX_SMALL_PILL)
    beside += PILL_ICON if icon else 0
    wide = min(most, max(PILL[0] if large else 72.0, width(title, px, bold=large) + beside))
    shown = fitted(title, wide - beside + 12, px, bold=large)
    high = PILL[1] if large else SMALL_PILL
    node = Node(id=name, kind=kind, lines=(shown,), w=wide, h=high, parent=parent, full_title=title, icon=icon)
    return Part(wide, high, [node])


def assembled(pieces: Sequence[Part], placed: Layout, edges: Sequence[Way]) -> Part:
    """Return the pieces at their places with the edges between them."""
    whole = Part(placed.width, placed.height)
    whole.inner = [(piece, x, y) for piece, (x, y) in zip(pieces, placed.corners, strict=True)]
    for number, way in enumerate(edges):
        x, y = placed.labels[number]
        label = label_of(way)
        route, back = tuple(placed.routes[number]), placed.back[number]
        whole.edges.append(Edge(way.source, way.target, label, route, back, x, y, way.full_label, label_width(label), way.kind))
    return whole


def layers(pieces: dict[str, Part], edges: Sequence[Way], *, roots: int = 1) -> Part:
    """Return *pieces* in layers with *edges* between them; the first *roots* are where things begin."""
    if not pieces:
        return Part(0, 0)
    names = {name: number for number, name in enumerate(pieces)}
    links = [Link(names[way.source], names[way.target], label_width(label_of(way)), way.side) for way in edges]
    return assembled(list(pieces.values()), layered([(piece.width, piece.height) for piece in pieces.values()], links, roots), edges)


def stacked(parts: Sequence[Part]) -> Part:
    """Return *parts* as one, above each other."""
    if len(parts) == 1:
        return parts[0]
    whole = Part(max((part.width for part in parts), default=0), 0)
    for part in parts:
        whole.inner.append((part, round((whole.width - part.width) / 2), whole.height))
        whole.height += part.height + PAD
    return whole


def joined(branches: Part, name: str, step: Step, *, arrows: bool) -> Part:
    """Return *branches* above the bar where they meet: when all are done, or the first one."""
    wins = get(step.task, "/fork/compete") is True
    told = "the first that is done wins, the others are stopped" if wins else "goes on when all of them are done"
    title = "The first one wins" if wins else "When all are done"
    top = branches.height + (_TO_JOIN if arrows else 16)
    bar = Node(
        id=name,
        kind="join",
        lines=(title,),
        w=branches.width,
        h=_JOIN,
        y=top,
        parent=step.reference,
        full_title=title,
        full_subtitle=told,
        icon="compete" if wins else "",
    )
    middles = [(piece.name, x + piece.width / 2, y + piece.height) for piece, x, y in branches.inner] if arrows else []
    edges = [Edge(source, name, "", ((x, y), (x, top)), back=False) for source, x, y in middles]
    return Part(branches.width, top + _JOIN, [bar], [*branches.edges, *edges], branches.inner)


def more(name: str, hidden: Sequence[Step], parent: str) -> Part:
    """Return the node that stands for tasks which are not drawn."""
    count = sum(1 for step in hidden for _ in _with_inner(step))
    title = f"… and {count:,} more"
    said = "not drawn here; the outline has all of them"
    node = Node(id=name, kind="more", subtitle="not drawn here", parent=parent, full_title=title, full_subtitle=said, icon="more")
    return leaf(node, ())


def _with_inner(step: Step) -> list[Step]:
    return [step, *(one for block in inner_blocks(step) for one in steps_in(block))]


def label_of(way: Way) -> str:
    return fitted(way.label, (MAX_BESIDE if way.kind else MAX_LABEL) - 12, LABEL_PX)


def label_width(label: str) -> float:
    return width(label, LABEL_PX) + 12 if label else 0


def snapped(px: float) -> int:
    """Return *px* rounded, halves always up: what is a whole number apart stays so."""
    return floor(px + 0.5)


def _moved(edge: Edge, x: float, y: float) -> Edge:
    points = tuple((snapped(px + x), snapped(py + y)) for px, py in edge.points)
    return replace(edge, points=points, label_x=snapped(edge.label_x + x), label_y=snapped(edge.label_y + y), label_w=snapped(edge.label_w))
