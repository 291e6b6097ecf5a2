"""What is placed: boxes and labels as cells of layers, links between them, and the finished layout. All lengths are px."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

GAP_X: Final = 28  # px between two boxes side by side
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """An edge to place: positions in the list of sizes, and the width its label needs (0: no label)."""

    source: int
    target: int
    label_width: float = 0
    side: bool = False  # leads away from the main line, which is straight where it can be


@dataclass(slots=True)
class Layout:
    width: float
    height: float
    corners: list[Point]  # upper left corners, in the order of the sizes
    routes: list[list[Point]]  # in the order of the links
    labels: list[Point]  # middles of the labels, in the order of the links
    back: list[bool]


@dataclass(slots=True)
class Cell:
    """A box, the label of an edge, or the place where a long edge passes a layer."""

    width: float
    height: float
    rank: int
    box: bool = False
    label: bool = False
    side: bool = False  # of a link that leads away
    x: float = 0  # middle
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2
