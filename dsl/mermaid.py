"""A definition as Mermaid flowchart text, from the same nodes and edges as the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.picture import Edge, Node, Picture, picture
from dsl.words import shortened

JSON = Any

_UNSAFE = re.compile(r"[^\w \-.,:/()'’…→↑=+%]")
_SHAPES: Final = {
    "switch": ("{{", "}}"),
    "listen": ("[/", "/]"),
    "emit": ("[/", "/]"),
    "raise": ("[[", "]]"),
    "join": ("[", "]"),
} | dict.fromkeys(("start", "end", "exit", "jump"), ("([", "])"))
_MOST: Final = 120  # characters of a line


@dataclass(frozen=True, slots=True)
class _Chart:
    drawn: Picture
    names: dict[str, str]  # by node id
    children: dict[str, list[Node]]  # by the id of their box
    again: dict[str, str]  # by the id of a box that leads to itself: Mermaid cannot draw that, so it is told


def mermaid(data: JSON, catalogue: Catalogue | None = None) -> str:
    """Return `flowchart TD` text; scopes and lanes are subgraphs, ways that lead back or are taken after a failure are dotted."""
    drawn = picture(data, catalogue)
    children: dict[str, list[Node]] = {}
    for node in drawn.nodes:
        children.setdefault(node.parent, []).append(node)
    names = {node.id: f"n{number}" for number, node in enumerate(drawn.nodes)}
    again = {edge.source: edge.full_label for edge in drawn.edges if edge.source == edge.target and edge.source in children}
    chart = _Chart(drawn, names, children, again)
    lines = ["flowchart TD", *_lanes(chart)]
    lines += [_edge(edge, chart) for edge in drawn.edges if edge.source != edge.target or edge.source not in again]
    return "\n".join(lines) + "\n"


def _lanes(chart: _Chart) -> list[str]:
    """Return the nodes; those of a lane beside the tasks in a subgraph of its own."""
    lines: list[str] = []
    for number, lane in enumerate(chart.drawn.lanes):
        inside = [node for node in chart.children.get("", ()) if lane.x <= node.x < lane.x + lane.w + 1]
        if number == 0:
            lines += _inside(chart, inside, 1)
        else:
            lines += [f"  subgraph lane{number} [{_quoted(lane.title)}]", *_inside(chart, inside, 2), "  end"]
    return lines


def _inside(chart: _Chart, nodes: list[Node], depth: int) -> list[str]:
    lines = []
    indent = "  " * depth
    for node in nodes:
        name = chart.names[node.id]
        if node.box:
            lines.append(f"{indent}subgraph {name} [{_text(node, chart.again.get(node.id, ''))}]")
            lines += [*_inside(chart, chart.children.get(node.id, []), depth + 1), f"{indent}end"]
        else:
            opening, closing = _SHAPES.get(node.kind, ("[", "]"))
            lines.append(f"{indent}{name}{opening}{_text(node)}{closing}")
    return lines


def _edge(edge: Edge, chart: _Chart) -> str:
    arrow = "-.->" if edge.back or edge.kind else "-->"
    label = edge.label or ("fails" if edge.kind == "fails" else "")
    source, target = (_inner(edge.source, chart, -1), _inner(edge.target, chart, 0)) if edge.back else (edge.source, edge.target)
    return f"  {chart.names[source]} {arrow}{f'|{_quoted(label)}|' if label else ''} {chart.names[target]}"


def _inner(name: str, chart: _Chart, position: int) -> str:
    """Return the first or last node inside a box: Mermaid cannot lay out a way that leads back to a box from beside it."""
    while chart.children.get(name):
        name = chart.children[name][position].id
    return name


def _text(node: Node, *more: str) -> str:
    """Return the title of a node, what it does and its badges, each on a line."""
    said = [node.full_title, node.full_subtitle, *(badge.tooltip for badge in node.badges), *more]
    return _quoted(*[shortened(line.replace("`", ""), _MOST) for line in said if line.strip()])


def _quoted(*lines: str) -> str:
    """Return *lines* in quotes, other signs as Mermaid's character codes, so that no name can change the drawing."""
    return '"' + "<br/>".join(_UNSAFE.sub(lambda match: f"#{ord(match.group())};", line) for line in lines) + '"'
