"""What makes a picture tidy: nothing overlaps, everything is inside its box, lines cross no node and do not lie upon each other."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import NamedTuple

from dsl import Picture
from dsl.picture import Edge, Node
from dsl.picture.text import width

PILLS = ("start", "end", "exit", "jump", "join")


class Area(NamedTuple):
    x: float
    y: float
    w: float
    h: float


def _area(node: Node) -> Area:
    return Area(node.x, node.y, node.w, node.h)


def _label_area(edge: Edge) -> Area:
    return Area(edge.label_x - edge.label_w / 2, edge.label_y - 9, edge.label_w, 18)


def _line_area(one: tuple[float, float], other: tuple[float, float]) -> Area:
    return Area(min(one[0], other[0]), min(one[1], other[1]), max(abs(one[0] - other[0]), 0.1), max(abs(one[1] - other[1]), 0.1))


def _overlap(one: Area, other: Area) -> bool:
    return one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h


def _around(area: Area, box: Area) -> bool:
    return box.x <= area.x and box.y + 30 <= area.y and area.x + area.w <= box.x + box.w and area.y + area.h <= box.y + box.h


def assert_tidy(drawn: Picture) -> None:
    nodes = {node.id: node for node in drawn.nodes}
    assert len(nodes) == len(drawn.nodes)
    for node in drawn.nodes:
        assert node.x >= 0
        assert node.y >= 0
        assert node.x + node.w <= drawn.width
        assert node.y + node.h <= drawn.height
        box = nodes.get(node.parent)
        if box:
            assert box.box
            assert box.x < node.x
            assert box.y < node.y
            assert node.x + node.w < box.x + box.w
            assert node.y + node.h < box.y + box.h
    by_parent: dict[str, list[Node]] = {}
    for node in drawn.nodes:
        by_parent.setdefault(node.parent, []).append(node)
    for siblings in by_parent.values():
        assert not [(one.id, other.id) for one, other in combinations(siblings, 2) if _overlap(_area(one), _area(other))]
    _assert_labels_apart(drawn)
    _assert_texts_fit(drawn)
    _assert_badges_inside(drawn)
    _assert_lanes_apart(drawn)
    for edge in drawn.edges:
        _assert_route(edge, nodes)
    _assert_lines_apart(drawn)


def _assert_labels_apart(drawn: Picture) -> None:
    labelled = [edge for edge in drawn.edges if edge.label]
    for edge in labelled:
        label = _label_area(edge)
        assert label.x >= 0
        assert label.x + label.w <= drawn.width
        assert not [node.id for node in drawn.nodes if _overlap(label, _area(node)) and not (node.box and _around(label, _area(node)))]
    for edge in labelled:
        label = _label_area(edge)
        others = [other for other in drawn.edges if other is not edge and (other.source, other.target) != (edge.source, edge.target)]
        assert not [other for other in others for line in pairwise(other.points) if _overlap(label, _line_area(*line))], edge
    assert not [(one.label, other.label) for one, other in combinations(labelled, 2) if _overlap(_label_area(one), _label_area(other))]


def _assert_route(edge: Edge, nodes: dict[str, Node]) -> None:
    """Only straight lines, from the bottom or right side to the top or right side, through no other node, with room for the arrowhead."""
    source, target = nodes[edge.source], nodes[edge.target]
    lines = list(pairwise(edge.points))
    assert all((x == other_x) != (y == other_y) for (x, y), (other_x, other_y) in lines), edge
    (first_x, first_y), (last_x, last_y) = edge.points[0], edge.points[-1]
    assert abs(first_y - source.y - source.h) <= 1 or (edge.back and abs(first_x - source.x - source.w) <= 1)
    assert source.x <= first_x <= source.x + source.w + 1
    assert abs(last_y - target.y) <= 1 or (edge.back and abs(last_x - target.x - target.w) <= 1)
    assert target.x <= last_x <= target.x + target.w + 1
    (before_x, before_y), _ = lines[-1]
    assert abs(last_x - before_x) + abs(last_y - before_y) >= 28
    for (x, y), (other_x, other_y) in lines:
        line = _line_area((x, y), (other_x, other_y))
        inside = [Area(node.x + 2, node.y + 2, node.w - 4, node.h - 4) for node in nodes.values() if not node.box]
        assert not [area for area in inside if _overlap(line, area)], edge


def _assert_lines_apart(drawn: Picture) -> None:
    """Lines upon each other belong to edges from the same or to the same node."""
    lines = [(edge, one, other) for edge in drawn.edges for one, other in pairwise(edge.points)]
    for (edge, a, b), (other, c, d) in combinations(lines, 2):
        if edge.source == other.source or edge.target == other.target:
            continue
        for along, across in ((0, 1), (1, 0)):
            if a[across] == b[across] == c[across] == d[across]:
                shared = min(max(a[along], b[along]), max(c[along], d[along])) - max(min(a[along], b[along]), min(c[along], d[along]))
                assert shared <= 0, (edge, other)


def _assert_texts_fit(drawn: Picture) -> None:
    """Titles take at most two lines; no line is wider than the room beside its icon, no label wider than its ground."""
    for node in drawn.nodes:
        pill = node.kind in PILLS
        beside = 20 + 22 * (bool(node.icon) and node.kind != "join") if pill else 58
        px, bold = (13, True) if node.h > 26 else (11, False)
        assert len(node.lines) <= (1 if pill else 2)
        assert all(width(line, px, bold=bold) <= node.w - beside + 1 for line in node.lines), node
        assert width(node.subtitle, 11) <= node.w - beside + 1, node
        assert 17 * (len(node.lines) + bool(node.subtitle)) <= node.h
    assert all(width(edge.label, 11) < edge.label_w for edge in drawn.edges if edge.label)


def _assert_badges_inside(drawn: Picture) -> None:
    """Badges stand in their node, apart from each other, below its text, and above what a box contains."""
    for node in drawn.nodes:
        areas = [Area(node.x + badge.x, node.y + badge.y, badge.w, 18) for badge in node.badges]
        assert not [(one, other) for one, other in combinations(areas, 2) if _overlap(one, other)]
        for badge, area in zip(node.badges, areas, strict=True):
            assert node.x < area.x
            assert area.x + area.w < node.x + node.w
            assert node.y + node.text_h - 12 <= area.y
            assert area.y + area.h < node.y + node.h
            assert not [inner.id for inner in drawn.nodes if inner.parent == node.id and _overlap(area, _area(inner))]
            assert 22 + width(badge.text, 11) <= badge.w


def _assert_lanes_apart(drawn: Picture) -> None:
    """Every node stands in a lane, and lanes stand beside each other."""
    lanes = [Area(lane.x, lane.y, lane.w, lane.h) for lane in drawn.lanes]
    assert all(one.x + one.w < other.x for one, other in pairwise(lanes))
    for node in drawn.nodes:
        assert any(lane.x <= node.x and node.x + node.w <= lane.x + lane.w + 1 and node.y + node.h <= lane.y + lane.h + 1 for lane in lanes)
    for edge in drawn.edges:
        assert any(all(lane.x <= x <= lane.x + lane.w + 1 for x, _ in edge.points) for lane in lanes), edge
