"""Make long edges straight once the boxes stand: those that lead away from the main line first, as near to it as what they pass allows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from dsl.picture.cells import GAP_X, Cell, Link

_NARROW: Final = 14  # px between a line or a label and its neighbour, where only that makes an edge straight

Rows = Sequence[Sequence[int]]


def straighten_chains(cells: Sequence[Cell], rows: Rows, links: Sequence[Link], chains: Sequence[Sequence[int]]) -> None:
    """Move the cells of long edges, and pills at their ends, sideways; boxes keep their place and nothing comes to overlap."""
    place = {number: position for row in rows for position, number in enumerate(row)}
    aside = [[*chain, *_pill(cells, link)] for link, chain in zip(links, chains, strict=True) if link.side]
    aside = sorted((chain for chain in aside if chain), key=lambda chain: min(cells[number].x for number in chain))
    before = [cell.x for cell in cells]
    _tuck(cells, rows, place, aside, free=_free(rows, place, aside))
    if _overlaps(cells, rows):
        for cell, x in zip(cells, before, strict=True):
            cell.x = x
        _tuck(cells, rows, place, aside, free=set())
    for chain in chains:
        if len({cells[number].x for number in chain}) > 1:
            _smooth(cells, rows, place, chain)


def _pill(cells: Sequence[Cell], link: Link) -> list[int]:
    return [link.target] if cells[link.target].side and len(cells[link.target].up) == 1 else []


def _free(rows: Rows, place: dict[int, int], chains: Sequence[Sequence[int]]) -> set[int]:
    """Return the cells of *chains* right of which stand only such cells: they can make room for each other."""
    rank = {number: row for row in rows for number in row}
    free = {number for chain in chains for number in chain}
    before = -1
    while before != len(free):
        before = len(free)
        for chain in chains:
            if any(other not in free for number in chain for other in rank[number][place[number] :]):
                free.difference_update(chain)
    return free


def _tuck(cells: Sequence[Cell], rows: Rows, place: dict[int, int], chains: Sequence[Sequence[int]], free: set[int]) -> None:
    """Give all cells of a chain one x, as far to the left as its left neighbours allow; free neighbours to the right come later."""
    for chain in chains:
        nearest, farthest = [], []
        for number in chain:
            row, position, half = rows[cells[number].rank], place[number], cells[number].width / 2
            nearest += [cells[row[position - 1]].right + GAP_X + half] if position > 0 else [cells[number].x]
            following = row[position + 1 : position + 2]
            farthest += [cells[other].left - GAP_X - half for other in following if other not in free]
        x = max(nearest)
        if all(x <= limit for limit in farthest):
            for number in chain:
                cells[number].x = x


def _smooth(cells: Sequence[Cell], rows: Rows, place: dict[int, int], chain: Sequence[int]) -> None:
    """Give all cells of a chain one x where its neighbours leave room for that."""
    low, high = float("-inf"), float("inf")
    for number in chain:
        row, position, half = rows[cells[number].rank], place[number], cells[number].width / 2
        if position > 0:
            low = max(low, cells[row[position - 1]].right + _NARROW + half)
        if position + 1 < len(row):
            high = min(high, cells[row[position + 1]].left - _NARROW - half)
    if low <= high:
        for number in chain:
            cells[number].x = min(max(cells[chain[-1]].x, low), high)


def _overlaps(cells: Sequence[Cell], rows: Rows) -> bool:
    return any(cells[left].right + GAP_X > cells[right].left + 0.5 for row in rows for left, right in pairwise(row))
