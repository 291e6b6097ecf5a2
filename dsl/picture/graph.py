"""What a picture consists of: nodes, edges and lanes with places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Badge:
    """A small sign in a node: its condition, its time limit, what stands around it."""

    kind: str  # if, until, timeout, background, before, after, around (an extension), compensate
    text: str  # cut to fit
    tooltip: str  # uncut
    x: float = 0  # from the node's upper left corner
    y: float = 0
    w: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task, a box around tasks, or a pill."""

    id: str  # the task's reference; "start", "end"; else the pointer of a list and a word
    kind: str
    lines: tuple[str, ...] = ()  # the title on one or two lines, cut to fit
    subtitle: str = ""  # what it does, on one line, cut to fit
    w: float = 0
    h: float = 0
    x: float = 0
    y: float = 0
    box: bool = False
    parent: str = ""
    full_title: str = ""
    full_subtitle: str = ""
    icon: str = ""  # a name in `icons.ICONS`
    function: str = ""  # of a `call`: the function's name without version and catalogue, or the protocol
    badges: tuple[Badge, ...] = ()
    text_h: float = 0  # the height title and subtitle stand in the middle of; below are the badges

    @property
    def title(self) -> str:
        return " ".join(self.lines)

    @property
    def tooltip(self) -> str:
        said = f"{self.full_title}: {self.full_subtitle}" if self.full_subtitle else self.full_title
        return said + "".join(f"; {badge.tooltip}" for badge in self.badges)

    def to_json(self) -> dict[str, Any]:
        names = ("id", "kind", "title", "subtitle", "x", "y", "w", "h", "box", "parent", "tooltip", "icon", "function", "text_h")
        badges = [
            {"kind": badge.kind, "text": badge.text, "tooltip": badge.tooltip, "x": self.x + badge.x, "y": self.y + badge.y, "w": badge.w}
            for badge in self.badges
        ]
        return {name: getattr(self, name) for name in names} | {"title_lines": list(self.lines), "badges": badges}


@dataclass(frozen=True, slots=True)
class Edge:
    source: str
    target: str
    label: str
    points: tuple[tuple[float, float], ...]  # joined by vertical and horizontal lines
    back: bool
    label_x: float = 0  # the middle of the label
    label_y: float = 0
    full_label: str = ""
    label_w: float = 0
    kind: str = ""  # "", "loop" (next item), "retry" (again after a failure), "fails" (to what a `catch` does)

    def to_json(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "to": self.target,
            "kind": self.kind,
            "label": self.label,
            "tooltip": self.full_label,
            "points": [list(point) for point in self.points],
            "back": self.back,
            "label_x": self.label_x,
            "label_y": self.label_y,
            "label_w": self.label_w,
        }


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the picture: the tasks under `do`, or what `use` declares beside them."""

    id: str  # "/do", "/use/functions", "/use/extensions"
    title: str
    x: float
    y: float
    w: float
    h: float

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("id", "title", "x", "y", "w", "h")}


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything has whole px from the upper left corner; boxes come before what they contain."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lanes: tuple[Lane, ...] = ()  # one, or with declared functions or extensions several

    def to_json(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
            "lanes": [lane.to_json() for lane in self.lanes],
        }
