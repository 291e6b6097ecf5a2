"""Which horizontal lines of one gap may share a track, and which must be above which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLEAR: Final = 8  # px between the ends of two lines in one track, and between a line and a label


@dataclass(slots=True)
class Bundle:
    """Horizontal lines of one gap that begin at the same place."""

    upper: float  # x where they come from above
    lowers: dict[int, float]  # x by what they lead to
    track: int = 0

    @property
    def low(self) -> float:
        return min(self.upper, *self.lowers.values())

    @property
    def high(self) -> float:
        return max(self.upper, *self.lowers.values())


def tracked(bundles: list[Bundle]) -> int:
    """Give every bundle that bends a track, numbered from above; return how many there are."""
    placed: list[Bundle] = []
    for bundle in _in_order([bundle for bundle in bundles if bundle.low != bundle.high]):
        bundle.track = max((other.track + 1 for other in placed if _turns_first(other, bundle)), default=0)
        while any(other.track == bundle.track and _collide(other, bundle) for other in placed):
            bundle.track += 1
        placed.append(bundle)
    return max((bundle.track + 1 for bundle in placed), default=0)


def _in_order(bending: list[Bundle]) -> list[Bundle]:
    """Return the bundles so that what must be above comes first; where that goes round in a circle, from left to right."""
    waiting, ordered = sorted(bending, key=lambda bundle: (bundle.low, bundle.high)), []
    while waiting:
        free = (one for one in waiting if not any(_turns_first(other, one) for other in waiting if other is not one))
        ordered.append(next(free, waiting[0]))
        waiting.remove(ordered[-1])
    return ordered


def _turns_first(one: Bundle, other: Bundle) -> bool:
    """Tell whether *one* comes from above where *other* goes down: it has to turn away before."""
    return any(abs(one.upper - x) < CLEAR for x in other.lowers.values())


def _collide(one: Bundle, other: Bundle) -> bool:
    if one.high + CLEAR <= other.low or other.high + CLEAR <= one.low:
        return False
    meeting = {one.lowers[target] for target in set(one.lowers) & set(other.lowers)}  # above a box that both lead to
    return not ((one.high == other.low and one.high in meeting) or (other.high == one.low and other.high in meeting))
