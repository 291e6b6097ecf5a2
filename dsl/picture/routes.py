"""Route the edges between placed boxes: only vertical and horizontal lines, the horizontal ones in tracks of the gaps between layers.

An edge leaves its box at the bottom and enters the next one at the top. One that leads back goes around the right side, from side to side
where nothing stands in between. Lines of different boxes never lie upon each other unless they end at the same box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dsl.picture.cells import Cell, Layout, Link, Point
from dsl.picture.tracks import CLEAR, Bundle, tracked

ARROW: Final = 30  # the last piece of an edge, straight, so that its arrowhead is seen to come from somewhere
STUB: Final = 14  # the first piece
STRAIGHT: Final = 36  # a gap without horizontal lines
TRACK: Final = 10  # between two horizontal lines
LANE: Final = 18  # between two edges that lead back
LABEL_ROOM: Final = 12  # between the middle of a label and a line above or below it
LABEL_GAP: Final = 6  # between the line of an edge that leads back and its label, to the right of it
_NEAR: Final = 12  # a shift that an edge does not bend for

Way = list[tuple[int, float]]  # the cells an edge comes to, each with the x where it does


@dataclass(slots=True)
class _Turn:
    """An edge that leads back: through the side of a box where `*_side`, else through the gap below or above it."""

    number: int
    source: int
    target: int
    lane: float  # x of its vertical line
    right: float  # of that and its label
    from_side: bool
    to_side: bool
    from_x: float
    to_x: float

    @property
    def below(self) -> int:
        """The key of its line below the source; edges that go down have the number of a cell."""
        return -2 * self.number - 1

    @property
    def above(self) -> int:
        return -2 * self.number - 2


def routed(
    cells: Sequence[Cell], rows: Sequence[Sequence[int]], links: Sequence[Link], chains: Sequence[Sequence[int]], back: Sequence[bool]
) -> Layout:
    """Return the layout of *cells* whose x is known: the y of the layers, and all edges."""
    router = _Router(cells, rows)
    ways = [[] if back[number] else _way(cells, link, chains[number]) for number, link in enumerate(links)]
    turns = _turns(cells, rows, links, back)
    for way in ways:
        router.claim(way)
    for turn in turns:
        router.claim_turn(turn)
    router.place()
    right = max([cell.right for cell in cells] + [turn.right for turn in turns])
    corners = [(cell.left, router.tops[cell.rank]) for cell in cells if cell.box]
    layout = Layout(right, router.bottom, corners, [[] for _ in links], [(0, 0)] * len(links), list(back))
    for number, way in enumerate(ways):
        if way:
            layout.routes[number] = router.points(way)
            layout.labels[number] = router.label(chains[number])
    for turn in turns:
        layout.routes[turn.number] = router.turn_points(turn)
    for turn in turns:
        layout.labels[turn.number] = _label_beside(turn, links[turn.number].label_width, turns, layout.routes)
    return layout


class _Router:
    """Knows the gaps: gap n is above layer n, one more is below the last layer."""

    def __init__(self, cells: Sequence[Cell], rows: Sequence[Sequence[int]]) -> None:
        self._cells, self._rows = cells, rows
        self._boxes = [any(cells[number].box for number in row) for row in rows]
        self._bundles: list[dict[int, Bundle]] = [{} for _ in range(len(rows) + 1)]  # by the cell above
        self._tracks: list[int] = []
        self.tops: list[float] = []
        self._heights: list[float] = []
        self.bottom = 0.0

    def claim(self, way: Way) -> None:
        """Take the lines of an edge into the gaps it crosses."""
        for (above, above_x), (below, below_x) in pairwise(way):
            bundle = self._bundles[self._cells[below].rank].setdefault(above, Bundle(above_x, {}))
            bundle.lowers[below] = below_x

    def claim_turn(self, turn: _Turn) -> None:
        """Take the lines of an edge that leads back into the gaps below its source and above its target."""
        if not turn.from_side:
            self._bundles[self._cells[turn.source].rank + 1][turn.below] = Bundle(turn.from_x, {turn.below: turn.lane})
        if not turn.to_side:
            self._bundles[self._cells[turn.target].rank][turn.above] = Bundle(turn.lane, {turn.target: turn.to_x})

    def place(self) -> None:
        """Give every line its track and every layer its top."""
        self._tracks = [tracked(list(bundles.values())) for bundles in self._bundles]
        y = 0.0
        for rank, row in enumerate(self._rows):
            y += self._gap_height(rank)
            self.tops.append(y)
            self._heights.append(max(self._cells[number].height for number in row))
            y += self._heights[-1]
        self.bottom = y + (STUB + (self._tracks[-1] - 1) * TRACK + 2 if self._tracks[-1] else 0)

    def points(self, way: Way) -> list[Point]:
        first, x = way[0]
        points: list[Point] = [(x, self.tops[self._cells[first].rank] + self._cells[first].height)]
        for (above, above_x), (below, below_x) in pairwise(way):
            if above_x != below_x:
                y = self._y(self._cells[below].rank, above)
                points += [(above_x, y), (below_x, y)]
        last, x = way[-1]
        return [*points, (x, self.tops[self._cells[last].rank])]

    def turn_points(self, turn: _Turn) -> list[Point]:
        source, target = self._cells[turn.source], self._cells[turn.target]
        if turn.from_side:
            y = self.tops[source.rank] + source.height - _inset(turn, source)
            points = [(source.right, y), (turn.lane, y)]
        else:
            y = self._y(source.rank + 1, turn.below)
            points = [(turn.from_x, self.tops[source.rank] + source.height), (turn.from_x, y), (turn.lane, y)]
        if turn.to_side:
            y = self.tops[target.rank] + _inset(turn, target)
            return [*points, (turn.lane, y), (target.right, y)]
        y = self._y(target.rank, turn.above)
        return [*points, (turn.lane, y), (turn.to_x, y), (turn.to_x, self.tops[target.rank])]

    def label(self, chain: Sequence[int]) -> Point:
        """Return the middle of an edge's label: that of the cell which keeps its room."""
        cell = next((self._cells[number] for number in chain if self._cells[number].label), None)
        return (cell.x, self.tops[cell.rank] + self._heights[cell.rank] / 2) if cell else (0, 0)

    def _gap_height(self, rank: int) -> float:
        leaves, arrives = rank > 0 and self._boxes[rank - 1], self._boxes[rank]
        if not self._tracks[rank]:
            return 0 if rank == 0 else STRAIGHT if leaves and arrives else ARROW if arrives else STUB
        first = 2 if rank == 0 else STUB if leaves else CLEAR
        return first + (self._tracks[rank] - 1) * TRACK + (ARROW if arrives else CLEAR)

    def _y(self, rank: int, above: int) -> float:
        """Return the y of a line above layer *rank*, counted up from that layer, so that all gaps end alike."""
        track = self._bundles[rank][above].track
        if rank == len(self._rows):
            return self.tops[-1] + self._heights[-1] + STUB + track * TRACK
        return self.tops[rank] - (ARROW if self._boxes[rank] else CLEAR) - (self._tracks[rank] - 1 - track) * TRACK


def _way(cells: Sequence[Cell], link: Link, chain: Sequence[int]) -> Way:
    """Return the cells an edge comes to; a small shift is taken within the width of a box that has no other edge there."""
    way = [(number, cells[number].x) for number in (link.source, *chain, link.target)]
    if len(cells[link.source].down) == 1 and abs(way[0][1] - way[1][1]) <= _NEAR:
        way[0] = (link.source, way[1][1])
    elif len(cells[link.target].up) == 1 and abs(way[-1][1] - way[-2][1]) <= _NEAR:
        way[-1] = (link.target, way[-2][1])
    return way


def _turns(cells: Sequence[Cell], rows: Sequence[Sequence[int]], links: Sequence[Link], back: Sequence[bool]) -> list[_Turn]:
    """Return the edges that lead back, each with a lane right of all that it passes."""
    found: list[_Turn] = []
    if not any(back):
        return found
    rights = [max(cells[number].right for number in row) for row in rows]
    for number, link in enumerate(links):
        if not back[number]:
            continue
        source, target = cells[link.source], cells[link.target]
        passed = [turn for turn in found if cells[turn.target].rank <= source.rank and target.rank <= cells[turn.source].rank]
        beside = max(rights[target.rank : source.rank + 1])
        lane = round(max([beside + ARROW] + [turn.right + LANE for turn in passed]))
        sides = _is_last(cells, rows, link.source), _is_last(cells, rows, link.target)
        exits = [round(cell.x + min(30, cell.width / 4)) for cell in (source, target)]
        right = lane + (LABEL_GAP + link.label_width if link.label_width else 2)
        found.append(_Turn(number, link.source, link.target, lane, right, *sides, *exits))
    return found


def _inset(turn: _Turn, cell: Cell) -> float:
    """Return how far from a box's corner an edge meets its side: one that leads to itself stays between all others."""
    return min(20, cell.height / 3) if turn.source == turn.target else min(10, cell.height / 5)


def _label_beside(turn: _Turn, width: float, turns: Sequence[_Turn], routes: Sequence[Sequence[Point]]) -> Point:
    """Return the middle of a label right of an edge that leads back, as near to that edge's middle as no other line crosses it."""
    ys = [y for x, y in routes[turn.number] if x == turn.lane]
    low, high, middle = min(ys) + LABEL_ROOM, max(ys) - LABEL_ROOM, (ys[0] + ys[-1]) / 2
    crossing = [
        y
        for other in turns
        if width and other.lane > turn.lane
        for (x, y), (other_x, other_y) in pairwise(routes[other.number])
        if y == other_y and min(x, other_x) < turn.right
    ]
    places = [middle, *(y + shift for y in crossing for shift in (-LABEL_ROOM, LABEL_ROOM) if low <= y + shift <= high)]
    free = [y for y in places if all(abs(y - line) >= LABEL_ROOM for line in crossing)]
    return turn.lane + LABEL_GAP + width / 2, min(free, key=lambda y: abs(y - middle), default=middle)


def _is_last(cells: Sequence[Cell], rows: Sequence[Sequence[int]], number: int) -> bool:
    """Tell whether nothing but passing edges stands to the right of a box in its layer."""
    here = cells[number]
    return not any(cells[other].x > here.x and (cells[other].box or cells[other].label) for other in rows[here.rank])
