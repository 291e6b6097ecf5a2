"""What a picture consists of: nodes and edges with places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task, a box around tasks, or a pill."""

    id: str  # the task's reference; "start", "end"; else the pointer of a list and a word
    kind: str
    lines: tuple[str, ...]  # the title on one or two lines, cut to fit
    subtitle: str  # what it does, on one line, cut to fit
    w: float
    h: float
    x: float = 0
    y: float = 0
    box: bool = False
    parent: str = ""
    full_title: str = ""
    full_subtitle: str = ""

    @property
    def title(self) -> str:
        return " ".join(self.lines)

    @property
    def tooltip(self) -> str:
        return f"{self.full_title}: {self.full_subtitle}" if self.full_subtitle else self.full_title

    def to_json(self) -> dict[str, Any]:
        names = ("id", "kind", "title", "subtitle", "x", "y", "w", "h", "box", "parent", "tooltip")
        return {name: getattr(self, name) for name in names} | {"title_lines": list(self.lines)}


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
            "label_w": self.label_w,
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
