"""Place boxes of given sizes in layers, top-down, and route the edges between them.

Sugiyama's steps, small: edges that close a cycle are set aside, the longest way gives the layer, long edges get a place of their own in
every layer they pass, layers are ordered by barycentres, columns are straightened by least squares under minimal distances.
All lengths are px; deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

GAP_X: Final = 28
GAP_Y: Final = 30
LABEL_GAP_Y: Final = 58  # below a layer whose edges carry labels
LANE: Final = 16  # between edges that lead back
_SWEEPS: Final = 6

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """An edge to place: positions in the list of sizes, and the width its label needs (0: no label)."""

    source: int
    target: int
    label_width: float = 0


@dataclass(slots=True)
class Layout:
    width: float
    height: float
    corners: list[Point]  # upper left corners, in the order of the sizes
    routes: list[list[Point]]  # in the order of the links
    labels: list[Point]  # middles of the labels, in the order of the links
    back: list[bool]


@dataclass(slots=True)
class _Cell:
    """A box, or the place where a long edge passes a layer."""

    width: float
    height: float
    rank: int
    x: float = 0  # middle
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)


def layered(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Layout:
    """Return the places of boxes whose first one is where things begin."""
    back = _back_edges(len(sizes), links)
    ranks = _ranks(len(sizes), links, back)
    cells = [_Cell(width, height, ranks[number]) for number, (width, height) in enumerate(sizes)]
    chains = [_chain(cells, link) if not back[number] else [] for number, link in enumerate(links)]
    rows = _rows(cells)
    _order(cells, rows)
    _straighten(cells, rows)
    tops, heights = _heights(cells, rows, links, back)
    left = min(cell.x - cell.width / 2 for cell in cells)
    for cell in cells:
        cell.x -= left
    width = max(cell.x + cell.width / 2 for cell in cells)
    corners = [(cell.x - cell.width / 2, tops[cell.rank]) for cell in cells[: len(sizes)]]
    layout = Layout(width, tops[-1] + heights[-1], corners, [[] for _ in links], [(0, 0)] * len(links), back)
    _forward_routes(layout, cells, links, chains, tops, heights)
    _back_routes(layout, cells, links, tops, heights)
    return layout


def grid(sizes: Sequence[tuple[float, float]], per_row: int = 4) -> Layout:
    """Return boxes side by side, in rows of at most *per_row*."""
    corners: list[Point] = []
    y = width = 0.0
    for start in range(0, len(sizes), per_row):
        row = sizes[start : start + per_row]
        x = 0.0
        for box_width, _ in row:
            corners.append((x, y))
            x += box_width + GAP_X
        width = max(width, x - GAP_X)
        y += max(height for _, height in row) + GAP_Y
    return Layout(width, max(0.0, y - GAP_Y), corners, [], [], [])


def _back_edges(count: int, links: Sequence[Link]) -> list[bool]:
    """Mark the edges that close a cycle, seen from the first box on and, for what is left, in list order."""
    outgoing: list[list[int]] = [[] for _ in range(count)]
    for number, link in enumerate(links):
        outgoing[link.source].append(number)
    back = [False] * len(links)
    state: list[int] = [0] * count  # 0 new, 1 on the way, 2 done
    for root in range(count):
        stack = [(root, iter(outgoing[root]))] if state[root] == 0 else []
        state[root] = max(state[root], 1)
        while stack:
            node, edges = stack[-1]
            number = next(edges, -1)
            if number < 0:
                state[node] = 2
                stack.pop()
                continue
            target = links[number].target
            back[number] = state[target] == 1
            if state[target] == 0:
                state[target] = 1
                stack.append((target, iter(outgoing[target])))
    return back


def _ranks(count: int, links: Sequence[Link], back: Sequence[bool]) -> list[int]:
    """Return the layer of every box: one below the lowest box that leads to it; what nothing leads to stands below its neighbour."""
    following: list[list[int]] = [[] for _ in range(count)]
    entered = [0] * count
    for number, link in enumerate(links):
        if not back[number]:
            following[link.source].append(link.target)
            entered[link.target] += 1
    order = _topological(following, list(entered))
    ranks = _longest(order, following, [0] * count)
    base = [0 if box == 0 or entered[box] else ranks[box - 1] + 1 for box in range(count)]
    ranks = _longest(order, following, base)
    layers = {rank: layer for layer, rank in enumerate(sorted(set(ranks)))}
    return [layers[rank] for rank in ranks]


def _topological(following: Sequence[Sequence[int]], entered: list[int]) -> list[int]:
    order = [box for box, count in enumerate(entered) if not count]
    for box in order:  # grows while it is read
        for target in following[box]:
            entered[target] -= 1
            if not entered[target]:
                order.append(target)
    return order


def _longest(order: Sequence[int], following: Sequence[Sequence[int]], ranks: list[int]) -> list[int]:
    for box in order:
        for target in following[box]:
            ranks[target] = max(ranks[target], ranks[box] + 1)
    return ranks


def _chain(cells: list[_Cell], link: Link) -> list[int]:
    """Give a long edge a cell in each layer it passes and connect the neighbours; return those cells."""
    chain: list[int] = []
    above = link.source
    for rank in range(cells[link.source].rank + 1, cells[link.target].rank):
        cells.append(_Cell(max(14, link.label_width if not chain else 0), 0, rank))
        chain.append(len(cells) - 1)
        cells[above].down.append(chain[-1])
        cells[chain[-1]].up.append(above)
        above = chain[-1]
    cells[above].down.append(link.target)
    cells[link.target].up.append(above)
    return chain


def _rows(cells: Sequence[_Cell]) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(max(cell.rank for cell in cells) + 1)]
    for number, cell in enumerate(cells):
        rows[cell.rank].append(number)
    return rows


def _order(cells: Sequence[_Cell], rows: list[list[int]]) -> None:
    """Sort every row by the mean position of its neighbours, down and up in turn."""
    place = {number: position for row in rows for position, number in enumerate(row)}
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for row in rows if downward else reversed(rows):
            means = {
                number: _mean([place[other] for other in (cells[number].up if downward else cells[number].down)], place[number])
                for number in row
            }
            row.sort(key=lambda number: (means[number], place[number]))
            place.update({number: position for position, number in enumerate(row)})


def _straighten(cells: Sequence[_Cell], rows: Sequence[Sequence[int]]) -> None:
    for row in rows:
        x = 0.0
        for number in row:
            cells[number].x = x + cells[number].width / 2
            x += cells[number].width + GAP_X
        for number in row:
            cells[number].x -= x / 2
    for sweep in range(_SWEEPS * 2):
        downward = sweep % 2 == 0
        for row in rows if downward else list(reversed(rows)):
            wanted = [
                _mean([cells[other].x for other in (cells[number].up if downward else cells[number].down)], cells[number].x)
                for number in row
            ]
            for number, x in zip(row, _apart(wanted, [cells[number].width for number in row]), strict=True):
                cells[number].x = x


def _apart(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Return middles as near to *wanted* as possible (least squares) without overlaps: pool adjacent violators."""
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + GAP_X)
    pools: list[tuple[float, int]] = []  # mean, count
    for x, offset in zip(wanted, offsets, strict=True):
        mean, count = x - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, count = (mean * count + other * others) / (count + others), count + others
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]


def _heights(
    cells: Sequence[_Cell], rows: Sequence[Sequence[int]], links: Sequence[Link], back: Sequence[bool]
) -> tuple[list[float], list[float]]:
    """Return top and height of every layer."""
    labelled = {cells[link.source].rank for number, link in enumerate(links) if link.label_width and not back[number]}
    led_back_to_first = any(back[number] and cells[link.target].rank == 0 for number, link in enumerate(links))
    tops, heights, y = [], [], float(LANE) if led_back_to_first else 0.0
    for rank, row in enumerate(rows):
        tops.append(y)
        heights.append(max((cells[number].height for number in row), default=0.0))
        y += heights[-1] + (LABEL_GAP_Y if rank in labelled else GAP_Y)
    return tops, heights


def _forward_routes(
    layout: Layout,
    cells: Sequence[_Cell],
    links: Sequence[Link],
    chains: Sequence[Sequence[int]],
    tops: Sequence[float],
    heights: Sequence[float],
) -> None:
    for number, link in enumerate(links):
        if layout.back[number]:
            continue
        source, target = cells[link.source], cells[link.target]
        points: list[Point] = [(source.x, tops[source.rank] + source.height)]
        if source.height < heights[source.rank]:
            points.append((source.x, tops[source.rank] + heights[source.rank]))
        for passed in chains[number]:
            cell = cells[passed]
            points += [(cell.x, tops[cell.rank]), (cell.x, tops[cell.rank] + heights[cell.rank])]
        points.append((target.x, tops[target.rank]))
        layout.routes[number] = points
        first = cells[chains[number][0]] if chains[number] else target
        layout.labels[number] = (first.x, tops[first.rank] - 18)


def _back_routes(layout: Layout, cells: Sequence[_Cell], links: Sequence[Link], tops: Sequence[float], heights: Sequence[float]) -> None:
    """Lead edges that close a cycle around the right side, each in a lane of its own, crossing only the gaps between layers."""
    lanes = [number for number, is_back in enumerate(layout.back) if is_back]
    used = 0.0  # by the lanes so far and their labels
    for number in lanes:
        link = links[number]
        source, target = cells[link.source], cells[link.target]
        x = max(cell.x + cell.width / 2 for cell in cells if target.rank <= cell.rank <= source.rank) + LANE + used
        below, above = tops[source.rank] + heights[source.rank] + 10, tops[target.rank] - 10
        start_x, end_x = source.x + min(30, source.width / 4), target.x + min(30, target.width / 4)
        layout.routes[number] = [
            (start_x, tops[source.rank] + source.height),
            (start_x, below),
            (x, below),
            (x, above),
            (end_x, above),
            (end_x, tops[target.rank]),
        ]
        layout.labels[number] = (x + link.label_width / 2 + 4, (below + above) / 2)
        used += LANE + link.label_width
        layout.width = max(layout.width, x + link.label_width + LANE)
        layout.height = max(layout.height, below + LANE)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
