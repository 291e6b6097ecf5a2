"""Which items of a list kept their order: the fewest that must move are the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def in_order(positions: Sequence[int]) -> set[int]:
    """Return the indexes of a longest increasing subsequence of *positions*, which are all different."""
    ends: list[int] = []  # of the best subsequence of each length, its last index
    before: list[int] = []
    for index, position in enumerate(positions):
        length = bisect_left([positions[end] for end in ends], position)
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [index]
    found: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found
