"""Place boxes of given sizes in layers, top-down.

Sugiyama's steps, small: edges that close a cycle are set aside, the longest way gives the layer, long edges and labels get a place of
their own in every layer they pass, layers are ordered by barycentres, columns are straightened by least squares under minimal distances.
`routes.py` draws the edges between them. All lengths are px; deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, sqrt
from typing import Final

from dsl.picture.cells import GAP_X, Cell, Layout, Link, Point
from dsl.picture.chains import straighten_chains
from dsl.picture.routes import routed

ROW_GAP: Final = 16  # between rows of branches
LABEL_HEIGHT: Final = 18
THIN: Final = 14  # the room of an edge that passes a layer
_SWEEPS: Final = 6
_ASIDE: Final = 0.25  # places: what leads away stands right of its neighbours
_ONE_ROW: Final = 4  # branches
_WIDE: Final = 3.0  # of rows of branches, to their height


def layered(sizes: Sequence[tuple[float, float]], links: Sequence[Link], roots: int = 1) -> Layout:
    """Return the places of boxes; the first *roots* of them are where things begin."""
    back = _back_edges(len(sizes), links)
    ranks = _with_label_layers(_ranks(len(sizes), links, back, roots), links, back)
    cells = [Cell(width, height, ranks[number], box=True) for number, (width, height) in enumerate(sizes)]
    for number in {link.target for link in links if link.side} - {link.target for link in links if not link.side}:
        cells[number].side = True
    chains = [_chain(cells, link) if not back[number] else [] for number, link in enumerate(links)]
    rows = _rows(cells)
    _order(cells, rows)
    _straighten(cells, rows)
    _align(cells, rows)
    straighten_chains(cells, rows, links, chains)
    left = min(cell.left for cell in cells)
    for cell in cells:
        cell.x = round(cell.x - left)
    return routed(cells, rows, links, chains, back)


def _with_label_layers(ranks: list[int], links: Sequence[Link], back: Sequence[bool]) -> list[int]:
    """Return the ranks with a layer of its own below each one whose edges carry labels: so labels have room like boxes."""
    labelled = {ranks[link.source] for number, link in enumerate(links) if link.label_width and not back[number]}
    added = [0]
    for rank in range(max(ranks)):
        added.append(added[-1] + (rank in labelled))
    return [rank + added[rank] for rank in ranks]


def rows_of(sizes: Sequence[tuple[float, float]]) -> tuple[Layout, int]:
    """Return boxes side by side, in as many rows as make the whole about three times as wide as high, and how many rows these are."""
    area = sum((width + GAP_X) * (height + ROW_GAP) for width, height in sizes)
    room = max(sqrt(area * _WIDE), *(width + GAP_X for width, _ in sizes))
    mean = sum(width + GAP_X for width, _ in sizes) / len(sizes)
    rows = 1 if len(sizes) <= _ONE_ROW else ceil(len(sizes) / max(3, int(room / mean)))
    per_row = ceil(len(sizes) / rows)
    corners: list[Point] = []
    y = width = 0.0
    for start in range(0, len(sizes), per_row):
        row = sizes[start : start + per_row]
        x = 0.0
        for box_width, _ in row:
            corners.append((x, y))
            x += box_width + GAP_X
        width = max(width, x - GAP_X)
        y += max(height for _, height in row) + ROW_GAP
    return Layout(width, y - ROW_GAP, corners, [], [], []), rows


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


def _ranks(count: int, links: Sequence[Link], back: Sequence[bool], roots: int) -> list[int]:
    """Return the layer of every box: one below the lowest box that leads to it; what nothing leads to stands below its neighbour."""
    following: list[list[int]] = [[] for _ in range(count)]
    entered = [0] * count
    for number, link in enumerate(links):
        if not back[number]:
            following[link.source].append(link.target)
            entered[link.target] += 1
    order = _topological(following, list(entered))
    ranks = _longest(order, following, [0] * count)
    base = [0] * count
    for box in range(roots, count):
        base[box] = 0 if entered[box] else max(ranks[box - 1], base[box - 1]) + 1
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


def _chain(cells: list[Cell], link: Link) -> list[int]:
    """Give a long edge a cell in each layer it passes and connect the neighbours; return those cells."""
    chain: list[int] = []
    above = link.source
    for rank in range(cells[link.source].rank + 1, cells[link.target].rank):
        labelled = not chain and link.label_width > 0
        cells.append(Cell(link.label_width if labelled else THIN, LABEL_HEIGHT if labelled else 0, rank, label=labelled, side=link.side))
        chain.append(len(cells) - 1)
        cells[above].down.append(chain[-1])
        cells[chain[-1]].up.append(above)
        above = chain[-1]
    cells[above].down.append(link.target)
    cells[link.target].up.append(above)
    return chain


def _rows(cells: Sequence[Cell]) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(max(cell.rank for cell in cells) + 1)]
    for number, cell in enumerate(cells):
        rows[cell.rank].append(number)
    return rows


def _order(cells: Sequence[Cell], rows: list[list[int]]) -> None:
    """Sort every row by the mean position of its neighbours, down and up in turn."""
    place = {number: position for row in rows for position, number in enumerate(row)}
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for row in rows if downward else reversed(rows):
            means = {
                number: _mean([place[other] for other in (cells[number].up if downward else cells[number].down)], place[number])
                + (_ASIDE if cells[number].side else 0)
                for number in row
            }
            row.sort(key=lambda number: (means[number], place[number]))
            place.update({number: position for position, number in enumerate(row)})


def _straighten(cells: Sequence[Cell], rows: Sequence[Sequence[int]]) -> None:
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
                _mean([cells[other].x for other in _in_line(cells, cells[number].up if downward else cells[number].down)], cells[number].x)
                for number in row
            ]
            for number, x in zip(row, _apart(wanted, [cells[number].width for number in row]), strict=True):
                cells[number].x = x


def _align(cells: Sequence[Cell], rows: Sequence[Sequence[int]]) -> None:
    """Put what has one way in below where that comes from, as far as its neighbours leave room: so plain sequences are straight."""
    for row in rows[1:]:
        for position, number in enumerate(row):
            cell = cells[number]
            above = _in_line(cells, cell.up)
            if len(above) != 1 or _in_line(cells, cells[above[0]].down) != [number]:
                continue
            wanted = cells[above[0]].x
            if position > 0:
                wanted = max(wanted, cells[row[position - 1]].right + GAP_X + cell.width / 2)
            if position + 1 < len(row):
                wanted = min(wanted, cells[row[position + 1]].left - GAP_X - cell.width / 2)
            cell.x = wanted


def _in_line(cells: Sequence[Cell], neighbours: list[int]) -> list[int]:
    """Return those neighbours that a cell stays in line with: not the ones aside, where there are others."""
    return [number for number in neighbours if not cells[number].side] or neighbours


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


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
