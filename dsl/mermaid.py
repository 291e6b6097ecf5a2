"""A definition as Mermaid flowchart text, from the same nodes and edges as the picture."""

from __future__ import annotations

import re
from typing import Any

from dsl.picture import Picture, picture

JSON = Any

_UNSAFE = re.compile(r"[^\w \-.,:/()'’…=+%]")
_SHAPES = {"switch": ("{{", "}}"), "start": ("([", "])"), "end": ("([", "])"), "exit": ("([", "])")}


def mermaid(data: JSON) -> str:
    """Return `flowchart TD` text; scopes are subgraphs."""
    drawn = picture(data)
    names = {node.id: f"n{number}" for number, node in enumerate(drawn.nodes)}
    lines = ["flowchart TD", *_inside(drawn, "", names, 1)]
    for edge in drawn.edges:
        arrow = "-.->" if edge.back else "-->"
        label = f"|{_quoted(edge.label)}|" if edge.label else ""
        lines.append(f"  {names[edge.source]} {arrow}{label} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _inside(drawn: Picture, parent: str, names: dict[str, str], depth: int) -> list[str]:
    lines = []
    indent = "  " * depth
    for node in drawn.nodes:
        if node.parent != parent:
            continue
        if node.box:
            lines += [
                f"{indent}subgraph {names[node.id]} [{_quoted(node.tooltip.replace('`', ''))}]",
                *_inside(drawn, node.id, names, depth + 1),
                f"{indent}end",
            ]
        else:
            opening, closing = _SHAPES.get(node.kind, ("[", "]"))
            lines.append(f"{indent}{names[node.id]}{opening}{_quoted(node.tooltip.replace('`', ''))}{closing}")
    return lines


def _quoted(text: str) -> str:
    """Return *text* in quotes, other signs as Mermaid's character codes, so that no name can change the drawing."""
    return '"' + _UNSAFE.sub(lambda match: f"#{ord(match.group())};", text) + '"'
