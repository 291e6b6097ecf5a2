"""A picture as a standalone SVG, light and dark by the reader's setting, with an optional state for every task."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from dsl.picture.badges import BADGE_HEIGHT
from dsl.picture.graph import Badge, Edge, Lane, Node, Picture
from dsl.picture.icons import HUE, HUES, ICONS
from dsl.picture.parts import LINE, PILL_ICON, TEXT_LEFT
from dsl.picture.sayings import TITLE_PX
from dsl.picture.text import width

PILLS: Final = ("start", "end", "exit", "jump")
_STATES: Final = ("pending", "running", "waiting", "retrying", "done", "faulted", "skipped")
_MARKS: Final = {"running": "▶", "waiting": "‖", "retrying": "↻", "done": "✓", "faulted": "✕", "skipped": "–"}
_RADIUS: Final = 8.0
_TILE: Final = 28.0
_ARROWS: Final = {"": "a", "loop": "a", "retry": "w", "fails": "f"}


def style() -> str:
    """Return the style sheet of the drawing, without line breaks."""
    return Path(__file__).with_name("svg.css").read_text("utf-8").replace("\n", "")


def svg(picture: Picture, states: Mapping[str, Any] | None = None) -> str:
    """
    Return the SVG text.

    Args:
        states: By reference: pending, running, waiting, retrying, done, faulted or skipped, or an object with that as `status`.
    """
    wide, high = f"{picture.width:g}", f"{picture.height:g}"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img">'
    return f"{opening}<style>{style()}</style>{drawing(picture, states)}</svg>\n"


def drawing(picture: Picture, states: Mapping[str, Any] | None = None) -> str:
    """Return what stands inside the `svg` element, without its style."""
    known = {reference: _status(state) for reference, state in (states or {}).items()}
    boxes = [node for node in picture.nodes if node.box]
    parts = [_defs(picture), *(_lane(lane, picture) for lane in picture.lanes[1:])]
    parts += [_node(node, known.get(node.id, "")) for node in boxes]
    parts += [_edge(edge) for edge in picture.edges]
    parts += [_node(node, known.get(node.id, "")) for node in picture.nodes if not node.box]
    parts += [_label(edge) for edge in picture.edges if edge.label]
    return "".join(parts)


def _defs(picture: Picture) -> str:
    """Return the arrowheads, and the icons that are used."""
    used = {node.icon for node in picture.nodes} | {badge.kind for node in picture.nodes for badge in node.badges}
    icons = "".join(f'<path id="i-{name}" d="{ICONS[name]}"/>' for name in sorted(used & set(ICONS)))
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path class="h {name}" d="M0 .5 7.5 4 0 7.5z"/></marker>'
        for name in sorted({_ARROWS.get(edge.kind, "a") for edge in picture.edges})
    )
    return f"<defs>{heads}{icons}</defs>"


def _status(state: Any) -> str:
    name = state.get("status", "") if isinstance(state, Mapping) else str(state)
    return name if name in _STATES else ""


def _lane(lane: Lane, picture: Picture) -> str:
    x = lane.x - 28
    line = f'<path class="g" d="M{x:g} {lane.y:g}V{picture.height - lane.y:g}"/>'
    return f'{line}<text class="k" x="{lane.x:g}" y="{lane.y + 14:g}">{_text(lane.title)}</text>'


def _node(node: Node, status: str) -> str:
    title = f"<title>{_text(node.tooltip.replace('`', ''))}{f' ({status})' if status else ''}</title>"
    opening = f'<g data-ref="{_text(node.id)}">{title}'
    if node.kind in PILLS:
        return f"{opening}{_pill(node, status)}</g>"
    if node.kind == "join":
        return f"{opening}{_join(node)}</g>"
    hue = HUES.get(node.icon, HUE)
    shape = f'<rect class="{"b" if node.box else "n"} {status}" {_place(node)} rx="{12 if node.box else 10}"/>'
    words = f"{shape}{_tile(node, hue)}{_words(node)}{''.join(_badge(badge, node) for badge in node.badges)}"
    mark = _MARKS.get(status, "")
    if mark:
        words += f'<text class="m m{status}" x="{node.x + node.w - 9:g}" y="{node.y + 20:g}">{mark}</text>'
    return f"{opening}{words}</g>"


def _place(node: Node) -> str:
    return f'x="{node.x:g}" y="{node.y:g}" width="{node.w:g}" height="{node.h:g}"'


def _pill(node: Node, status: str) -> str:
    shape = f'<rect class="p {status}" {_place(node)} rx="{node.h / 2:g}"/>'
    centre = node.x + node.w / 2 + (PILL_ICON / 2 if node.icon else 0)
    words = width(node.title, TITLE_PX, bold=True)
    sign = _icon(node.icon, round(centre - words / 2 - PILL_ICON), node.y + node.h / 2 - 8) if node.icon else ""
    middle = f'x="{centre:g}" y="{node.y + node.h / 2 + 4:g}"'
    return f'{shape}{sign}<text class="{"t" if node.h > 30 else "s"} c" {middle}>{_text(node.title)}</text>'


def _join(node: Node) -> str:
    """Return the bar where the branches of a fork meet."""
    wins = " w" if node.icon else ""
    shape = f'<rect class="j{wins}" {_place(node)} rx="6"/>'
    return f'{shape}<text class="s c" x="{node.x + node.w / 2:g}" y="{node.y + node.h / 2 + 4:g}">{_text(node.title)}</text>'


def _tile(node: Node, hue: int) -> str:
    """Return the icon of a task on a tile of its hue, in the middle of the text at a node, at the upper end of a box."""
    y = node.y + (12 if node.box else (node.text_h - _TILE) / 2)
    x = node.x + 11
    tile = f'<rect class="o" x="{x:g}" y="{y:g}" width="{_TILE:g}" height="{_TILE:g}" rx="8"/>'
    return f'<g style="--hue:{hue}">{tile}{_icon(node.icon or "unknown", x + 6, y + 6)}</g>'


def _icon(name: str, x: float, y: float, size: str = "") -> str:
    scale = f" scale({size})" if size else ""
    return f'<use class="i" href="#i-{name}" transform="translate({x:g} {y:g}){scale}"/>'


def _words(node: Node) -> str:
    used = LINE * (len(node.lines) + (1 if node.subtitle else 0))
    y = node.y + (node.text_h - used) / 2 + 13 if not node.box or used < 2 * LINE else node.y + 24
    words = ""
    for line in node.lines:
        words += f'<text class="t" x="{node.x + TEXT_LEFT:g}" y="{y:g}">{_text(line)}</text>'
        y += LINE
    if node.subtitle:
        words += f'<text class="s" x="{node.x + TEXT_LEFT:g}" y="{y:g}">{_text(node.subtitle)}</text>'
    return words


def _badge(badge: Badge, node: Node) -> str:
    x, y = node.x + badge.x, node.y + badge.y
    shape = f'<rect class="d" x="{x:g}" y="{y:g}" width="{badge.w:g}" height="{BADGE_HEIGHT:g}" rx="{BADGE_HEIGHT / 2:g}"/>'
    words = f'<text class="s" x="{x + 22:g}" y="{y + 13:g}">{_text(badge.text)}</text>'
    return f'<g class="v">{shape}{_icon(badge.kind, x + 7, y + 3.5, ".7")}{words}</g>'


def _edge(edge: Edge) -> str:
    kind = f" {edge.kind}" if edge.kind else " back" if edge.back else ""
    return f'<path class="e{kind}" marker-end="url(#{_ARROWS.get(edge.kind, "a")})" d="{path(edge)}"/>'


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
