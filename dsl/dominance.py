"""Questions about the ways through one list of tasks, as graphs of positions: what is reached, and what no way can avoid.

A way out of the list is an edge to `LEAVES`. Each answer looks at every edge a few times at most.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dsl.checks.flow import LEAVES


def reached(edges: Sequence[Collection[int]]) -> list[int]:
    """Return the positions that the first one leads to, itself included, in the order they are found."""
    found, known = [0], {0, LEAVES}
    for position in found:
        for target in edges[position]:
            if target not in known:
                known.add(target)
                found.append(target)
    return found


def dominated(edges: Sequence[Collection[int]]) -> dict[int, tuple[int, int]]:
    """
    Return (from, to) for every position that can be reached: those inside it are only reached through it.

    Source: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001), then numbered as a tree.
    """
    order = _postorder(edges)
    number = {position: place for place, position in enumerate(order)}
    before: dict[int, list[int]] = {position: [] for position in order}
    for position in order:
        for target in edges[position]:
            if target != LEAVES:
                before[target].append(position)
    above = {0: 0}
    changed = True
    while changed:
        changed = False
        for position in reversed(order[:-1]):
            known = [one for one in before[position] if one in above]
            nearest = known[0]
            for other in known[1:]:
                nearest = _meeting(nearest, other, above, number)
            if above.get(position) != nearest:
                above[position], changed = nearest, True
    return _spans(above)


def _meeting(one: int, other: int, above: dict[int, int], number: dict[int, int]) -> int:
    while one != other:
        while number[one] < number[other]:
            one = above[one]
        while number[other] < number[one]:
            other = above[other]
    return one


def _postorder(edges: Sequence[Collection[int]]) -> list[int]:
    """Return the positions that can be reached, each after those it leads to; the first position is last."""
    order, known, waiting = list[int](), {0, LEAVES}, [(0, iter(edges[0]))]
    while waiting:
        position, targets = waiting[-1]
        target = next((one for one in targets if one not in known), None)
        if target is None:
            order.append(position)
            waiting.pop()
        else:
            known.add(target)
            waiting.append((target, iter(edges[target])))
    return order


def _spans(above: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Return the places of every position and what hangs below it in a walk of the tree."""
    below: dict[int, list[int]] = {}
    for position, parent in above.items():
        if position:
            below.setdefault(parent, []).append(position)
    first: dict[int, int] = {}
    spans: dict[int, tuple[int, int]] = {}
    waiting = [(0, False)]
    while waiting:
        position, done = waiting.pop()
        if done:
            spans[position] = (first[position], len(first))
            continue
        first[position] = len(first)
        waiting.append((position, True))
        waiting.extend((one, False) for one in below.get(position, ()))
    return spans


def on_every_way(edges: Sequence[Collection[int]]) -> frozenset[int]:
    """Return the positions on every way from the first task out of the list; of a list that nothing leaves, the first only.

    One way is taken, and a task of it is passed by no other way unless something before it leads beyond it. Every edge is looked at once.
    """
    way = _shortest_way(edges)
    place = {position: number for number, position in enumerate(way)}
    sure, seen, furthest = [], set(way), 0
    for number, position in enumerate(way):
        if furthest <= number:
            sure.append(position)
        waiting = [position]
        while waiting:
            for target in edges[waiting.pop()]:
                if target == LEAVES:
                    furthest = len(way)
                elif target in place:
                    furthest = max(furthest, place[target])
                elif target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return frozenset(sure)


def _shortest_way(edges: Sequence[Collection[int]]) -> list[int]:
    """Return the positions of a way from the first task out of the list; only the first where there is none."""
    came, waiting = {0: -1}, [0]
    for position in waiting:
        for target in sorted(edges[position]):
            if target == LEAVES:
                way = [position]
                while came[way[-1]] >= 0:
                    way.append(came[way[-1]])
                return way[::-1]
            if target not in came:
                came[target] = position
                waiting.append(target)
    return [0]
