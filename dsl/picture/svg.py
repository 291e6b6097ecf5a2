"""A picture as a standalone SVG, light and dark by the reader's setting, with an optional state for every task."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from dsl.picture.graph import Edge, Node, Picture

# kind -> hue of the bar at the left
_HUES: Final = {"call": 215, "emit": 265, "listen": 265, "for": 165, "fork": 190, "try": 30, "catch": 12, "switch": 45, "set": 140} | {
    "wait": 250,
    "raise": 0,
    "run": 290,
}
_STATES: Final = ("pending", "running", "waiting", "retrying", "done", "faulted", "skipped")
_MARKS: Final = {"running": "▶", "waiting": "‖", "retrying": "↻", "done": "✓", "faulted": "✕", "skipped": "–"}

_LINE: Final = 17  # px from one line of text to the next
_RADIUS: Final = 8.0

_STYLE: Final = """
:root{color-scheme:light dark}
svg{--bg:#fff;--ink:#1c2430;--soft:#5b6675;--line:#8a96a5;--card:#fff;--edge:#c8d0da;--box:#f5f7fa;
--bar:46%;--running:#1769d2;--waiting:#9a6700;--done:#1a7f37;--faulted:#cf222e;background:var(--bg)}
@media (prefers-color-scheme:dark){svg{--bg:#12161c;--ink:#e8edf3;--soft:#a3afbd;--line:#7b8796;--card:#1c232c;--edge:#3a4553;--box:#171d25;
--bar:60%;--running:#6cb0ff;--waiting:#e3b341;--done:#4ac26b;--faulted:#ff7b72}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--ink)}
.t{font-size:13px;font-weight:600}.s,.l{font-size:11px;fill:var(--soft)}.c{text-anchor:middle}
.m{font-size:13px;font-weight:700;text-anchor:end}
.n{fill:var(--card);stroke:var(--edge)}.b{fill:var(--box);stroke:var(--edge)}.p{fill:var(--box);stroke:var(--line)}
.e{fill:none;stroke:var(--line);stroke-width:1.5}.back{stroke-dasharray:5 4}.h{fill:var(--line)}
.lb{fill:var(--bg);stroke:var(--edge);stroke-width:.6}
.running,.retrying{stroke:var(--running);stroke-width:2.5}.waiting{stroke:var(--waiting);stroke-width:2.5}
.done{stroke:var(--done);stroke-width:2}.faulted{stroke:var(--faulted);stroke-width:2.5}.skipped{opacity:.55;stroke-dasharray:4 3}
.mrunning,.mretrying{fill:var(--running)}.mwaiting{fill:var(--waiting)}.mdone{fill:var(--done)}.mfaulted{fill:var(--faulted)}
""".strip().replace("\n", "")


def svg(picture: Picture, states: Mapping[str, Any] | None = None) -> str:
    """
    Return the SVG text.

    Args:
        states: By reference: pending, running, waiting, retrying, done, faulted or skipped, or an object with that as `status`.
    """
    known = {reference: _status(state) for reference, state in (states or {}).items()}
    width, height = f"{picture.width:g}", f"{picture.height:g}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
        '<path class="h" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    boxes = [node for node in picture.nodes if node.box]
    parts += [_node(node, known.get(node.id, "")) for node in boxes]
    parts += [_edge(edge) for edge in picture.edges]
    parts += [_node(node, known.get(node.id, "")) for node in picture.nodes if not node.box]
    parts += [_label(edge) for edge in picture.edges if edge.label]
    return "".join([*parts, "</svg>\n"])


def _status(state: Any) -> str:
    name = state.get("status", "") if isinstance(state, Mapping) else str(state)
    return name if name in _STATES else ""


def _node(node: Node, status: str) -> str:
    title = f"<title>{_text(node.tooltip.replace('`', ''))}{f' ({status})' if status else ''}</title>"
    if node.kind in ("start", "end", "exit"):
        shape = f'<rect class="p {status}" x="{node.x:g}" y="{node.y:g}" width="{node.w:g}" height="{node.h:g}" rx="{node.h / 2:g}"/>'
        middle = f'x="{node.x + node.w / 2:g}" y="{node.y + node.h / 2 + 4:g}"'
        return f'<g>{title}{shape}<text class="{"t" if node.h > 30 else "s"} c" {middle}>{_text(node.title)}</text></g>'
    style = "b" if node.box else "n"
    shape = f'<rect class="{style} {status}" x="{node.x:g}" y="{node.y:g}" width="{node.w:g}" height="{node.h:g}" rx="8"/>'
    used = _LINE * (len(node.lines) + (1 if node.subtitle else 0))
    bar_height = used - 4 if node.box else node.h - 16
    hue = _HUES.get(node.kind, 215)
    bar = f'<rect x="{node.x + 8:g}" y="{node.y + 8:g}" width="4" height="{bar_height:g}" rx="2" style="fill:hsl({hue} 65% var(--bar))"/>'
    y = node.y + (22 if node.box else (node.h - used) / 2 + 13)
    words = ""
    for line in node.lines:
        words += f'<text class="t" x="{node.x + 20:g}" y="{y:g}">{_text(line)}</text>'
        y += _LINE
    if node.subtitle:
        words += f'<text class="s" x="{node.x + 20:g}" y="{y:g}">{_text(node.subtitle)}</text>'
    mark = _MARKS.get(status, "")
    if mark:
        words += f'<text class="m m{status}" x="{node.x + node.w - 9:g}" y="{node.y + 20:g}">{mark}</text>'
    return f"<g>{title}{shape}{bar}{words}</g>"


def _edge(edge: Edge) -> str:
    back = " back" if edge.back else ""
    return f'<path class="e{back}" marker-end="url(#a)" d="{path(edge)}"/>'


def path(edge: Edge) -> str:
    """Return SVG path data: straight lines with rounded corners."""
    points = edge.points
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_RADIUS, _length(before, (x, y)) / 2, _length((x, y), after) / 2)
        start, end = _towards((x, y), before, radius), _towards((x, y), after, radius)
        parts.append(f"L{start[0]:g} {start[1]:g}Q{x:g} {y:g} {end[0]:g} {end[1]:g}")
    parts.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(parts)


def _length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])  # the lines are vertical or horizontal


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    length = _length(start, end) or 1
    return start[0] + (end[0] - start[0]) * distance / length, start[1] + (end[1] - start[1]) * distance / length


def _label(edge: Edge) -> str:
    box = f'<rect class="lb" x="{edge.label_x - edge.label_w / 2:g}" y="{edge.label_y - 9:g}" width="{edge.label_w:g}" height="18" rx="9"/>'
    words = f'<text class="l c" x="{edge.label_x:g}" y="{edge.label_y + 4:g}">{_text(edge.label)}</text>'
    return f"<g><title>{_text(edge.full_label)}</title>{box}{words}</g>"


def _text(value: str) -> str:
    return escape(value, quote=True)
