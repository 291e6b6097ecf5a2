"""Charts as SVG, written here: bars, lines, areas, points, pies. Readable on light and dark paper; nothing is loaded, nothing runs.

The colours are Okabe and Ito's, which people who see colours otherwise can tell apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

Kind = Literal["bar", "line", "area", "scatter", "pie"]
Theme = Literal["auto", "light", "dark"]
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a900", "#7f7f7f")
# of text, lesser text, grid, axis and paper
_LIGHT = ("#1f2328", "#59636e", "#d1d9e0", "#818b98", "#ffffff")
_DARK = ("#f0f6fc", "#9198a1", "#3d444d", "#656c76", "#0d1117")
_FONT = "system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif"
_CHARACTER = 6.3  # points a character of 11 points takes, about
_NARROWEST = 26.0  # points for a label under the axis


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: tuple[float | None, ...]  # one for each label; None where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    kind: Kind
    title: str = ""
    labels: tuple[str, ...] = ()  # along the axis
    positions: tuple[float, ...] = ()  # scatter: where on it
    series: tuple[Series, ...] = ()
    unit: str = ""
    x_title: str = ""
    y_title: str = ""
    stacked: bool = False
    width: int = 720
    height: int = 420
    theme: Theme = "auto"


@dataclass(slots=True)
class _Frame:
    """The area of the plot and its scale."""

    left: float
    top: float
    right: float
    bottom: float
    low: float
    high: float
    ticks: list[float] = field(default_factory=list)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def svg(chart: Chart) -> str:
    """Return the chart as one SVG document."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width} {chart.height}" width="{chart.width}" height="{chart.height}" '
        f'class="chart-{chart.theme}" role="img" aria-label="{escape(_told(chart))}" font-family="{_FONT}" font-size="11">'
    )
    own = f".chart-{chart.theme}"  # several charts may stand in one page
    light, dark = _style(own, _LIGHT), _style(own, _DARK)
    style = {"light": light, "dark": dark, "auto": f"{light}@media (prefers-color-scheme: dark){{{dark}}}"}[chart.theme]
    title = [_text(chart.width / 2, 24, _short(chart.title, chart.width / 8.4), "t", size=15, weight=600)] if chart.title else []
    body = _pie(chart) if chart.kind == "pie" else _plot(chart)
    return "\n".join([head, f"<style>{style}</style>", '<rect class="bg" width="100%" height="100%"/>', *title, *body, "</svg>"])


def _style(own: str, colours: Sequence[str]) -> str:
    text, lesser, grid, axis, paper = colours
    rules = {
        "t": f"fill:{text}",
        "m": f"fill:{lesser}",
        "g": f"stroke:{grid}",
        "a": f"stroke:{axis}",
        "bg": f"fill:{paper}",
        "on": f"stroke:{paper}",
    }
    return "".join(f"{own} .{name}{{{rule}}}" for name, rule in rules.items())


def _told(chart: Chart) -> str:
    names = ", ".join(series.name for series in chart.series if series.name)
    return f"{chart.title or 'Chart'}: {chart.kind} of {names or 'values'}, {len(chart.labels)} values"


def _plot(chart: Chart) -> Iterator[str]:
    frame = _frame(chart)
    yield from _grid(chart, frame)
    if not chart.labels:
        yield _text((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, "no data", "m")
        return
    yield from {"bar": _bars, "line": _lines, "area": _lines, "scatter": _points}[chart.kind](chart, frame)
    yield from _legend(chart, frame.left, (44 if chart.title else 20))


def _frame(chart: Chart) -> _Frame:
    low, high = _range(chart)
    ticks = _ticks(low, high)
    longest = max(len(_number(tick, chart.unit)) for tick in ticks)
    top = 16 + (24 if chart.title else 0) + (22 if len(chart.series) > 1 else 0)
    bottom = chart.height - 30 - (18 if chart.x_title else 0)
    left = 14 + longest * _CHARACTER + (16 if chart.y_title else 0)
    return _Frame(left, top, chart.width - 18, bottom, min(ticks), max(ticks), ticks)


def _range(chart: Chart) -> tuple[float, float]:
    """Return the least and the greatest value to be shown; bars and areas begin at 0."""
    if chart.stacked and chart.kind in ("bar", "area"):
        columns = [[series.values[at] or 0.0 for series in chart.series] for at in range(len(chart.labels))]
        values = [sum(value for value in column if value > 0) for column in columns]
        values += [sum(value for value in column if value < 0) for column in columns]
    else:
        values = [value for series in chart.series for value in series.values if value is not None]
    values = values or [0.0, 1.0]
    low, high = min(values), max(values)
    return (min(low, 0.0), max(high, 0.0)) if chart.kind in ("bar", "area") or 0 <= low < (high - low) else (low, high)


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers around *low* and *high*."""
    if high <= low:
        around = max(abs(high) / 10, 1)
        low, high = low - around, high + around
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _grid(chart: Chart, frame: _Frame) -> Iterator[str]:
    for tick in frame.ticks:
        y = frame.y(tick)
        kind = "a" if tick == 0 else "g"
        yield f'<line class="{kind}" x1="{frame.left:.1f}" x2="{frame.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(frame.left - 6, y + 4, _number(tick, chart.unit), "m", anchor="end")
    if chart.y_title:
        middle = (frame.top + frame.bottom) / 2
        turned = f'transform="rotate(-90 12 {middle:.1f})"'
        yield _text(12, middle, _short(chart.y_title, (frame.bottom - frame.top) / 6), "m", more=turned)
    if chart.x_title:
        yield _text((frame.left + frame.right) / 2, chart.height - 8, _short(chart.x_title, (frame.right - frame.left) / 6), "m")


def _labels(chart: Chart, frame: _Frame, places: Sequence[float]) -> Iterator[str]:
    """Write the labels under the axis, as many as have room."""
    room = (frame.right - frame.left) / max(1, len(places))
    longest = min(max(len(label) for label in chart.labels), 14) * _CHARACTER + 6
    every = max(1, math.ceil(max(_NARROWEST, longest) / room)) if room < longest else 1
    for at in range(0, len(places), every):
        yield _text(places[at], frame.bottom + 16, _short(chart.labels[at], max(room * every, _NARROWEST) / _CHARACTER), "m")


def _bars(chart: Chart, frame: _Frame) -> Iterator[str]:
    room = (frame.right - frame.left) / len(chart.labels)
    places = [frame.left + room * (at + 0.5) for at in range(len(chart.labels))]
    count = 1 if chart.stacked else len(chart.series)
    wide = min(room * 0.76, 90.0 * count) / count
    above, below = [0.0] * len(places), [0.0] * len(places)
    for number, series in enumerate(chart.series):
        for at, value in enumerate(series.values):
            if value is None:
                continue
            base = 0.0
            if chart.stacked:
                heap = above if value >= 0 else below
                base, heap[at] = heap[at], heap[at] + value
            x = places[at] - wide * count / 2 + (0 if chart.stacked else wide * number)
            top, bottom = sorted((frame.y(base), frame.y(base + value)))
            size = f'width="{max(wide - 1, 0.5):.1f}" height="{max(bottom - top, 0.5):.1f}"'
            yield _shape(f'rect x="{x:.1f}" y="{top:.1f}" {size} fill="{_colour(number)}"', _tip(chart, series, at, value))
    yield from _labels(chart, frame, places)


def _lines(chart: Chart, frame: _Frame) -> Iterator[str]:
    count = len(chart.labels)
    places = [frame.left + (frame.right - frame.left) * (at / (count - 1) if count > 1 else 0.5) for at in range(count)]
    heap = [0.0] * count
    for number, series in enumerate(chart.series):
        base = list(heap)
        if chart.stacked:
            heap = [below + (value or 0.0) for below, value in zip(heap, series.values, strict=True)]
        tops = [
            None if value is None else (below if chart.stacked else 0.0) + value for below, value in zip(base, series.values, strict=True)
        ]
        for piece in _unbroken(tops):
            line = " ".join(f"{places[at]:.1f},{frame.y(tops[at] or 0.0):.1f}" for at in piece)
            if chart.kind == "area":
                back = " ".join(f"{places[at]:.1f},{frame.y(base[at] if chart.stacked else 0.0):.1f}" for at in reversed(piece))
                yield f'<polygon points="{line} {back}" fill="{_colour(number)}" fill-opacity="{0.75 if chart.stacked else 0.3}"/>'
            yield f'<polyline points="{line}" fill="none" stroke="{_colour(number)}" stroke-width="2" stroke-linejoin="round"/>'
            for at in piece if count <= 60 else ():
                circle = f'circle cx="{places[at]:.1f}" cy="{frame.y(tops[at] or 0.0):.1f}" r="2.6" fill="{_colour(number)}"'
                yield _shape(circle, _tip(chart, series, at, series.values[at] or 0.0))
    yield from _labels(chart, frame, places)


def _unbroken(values: Sequence[float | None]) -> Iterator[list[int]]:
    """Yield the runs of positions that have a value."""
    piece: list[int] = []
    for at, value in enumerate([*values, None]):
        if value is not None:
            piece.append(at)
        elif piece:
            yield piece
            piece = []


def _points(chart: Chart, frame: _Frame) -> Iterator[str]:
    ticks = _ticks(min(chart.positions), max(chart.positions))
    low, high = min(ticks), max(ticks)

    def x(value: float) -> float:
        return frame.left + (value - low) / (high - low) * (frame.right - frame.left)

    for tick in ticks:
        yield f'<line class="g" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{frame.top:.1f}" y2="{frame.bottom:.1f}"/>'
        yield _text(x(tick), frame.bottom + 16, _number(tick, ""), "m")
    for number, series in enumerate(chart.series):
        for at, value in enumerate(series.values):
            if value is not None:
                circle = (
                    f'circle cx="{x(chart.positions[at]):.1f}" cy="{frame.y(value):.1f}" r="4" fill="{_colour(number)}" fill-opacity="0.8"'
                )
                yield _shape(circle, _tip(chart, series, at, value))


def _legend(chart: Chart, x: float, y: float) -> Iterator[str]:
    if len(chart.series) < 2:
        return
    for number, series in enumerate(chart.series):
        name = _short(series.name, 24)
        if x + 18 + len(name) * _CHARACTER > chart.width:
            yield _text(chart.width - 16, y, "…", "m", anchor="end")
            return
        yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" rx="2" fill="{_colour(number)}"/>'
        yield _text(x + 14, y, name, "t", anchor="start")
        x += 30 + len(name) * _CHARACTER


def _pie(chart: Chart) -> Iterator[str]:
    values = [max(0.0, value or 0.0) for value in (chart.series[0].values if chart.series else ())]
    total = sum(values)
    top = 40 if chart.title else 12
    radius = min(chart.height - top - 16, chart.width * 0.55) / 2
    cx, cy = 20 + radius, top + radius
    if total <= 0:
        yield _text(chart.width / 2, chart.height / 2, "no data", "m")
        return
    angle = -math.pi / 2
    for number, value in enumerate(values):
        tip = f"{chart.labels[number]}: {_number(value, chart.unit)} ({value / total:.1%})"
        if value == total:
            yield _shape(f'circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:.1f}" fill="{_colour(number)}"', tip)
        elif value > 0:
            end = angle + 2 * math.pi * value / total
            start, stop = (f"{cx + radius * math.cos(one):.1f} {cy + radius * math.sin(one):.1f}" for one in (angle, end))
            arc = f"A{radius:.1f} {radius:.1f} 0 {int(end - angle > math.pi)} 1 {stop}"
            yield _shape(f'path class="on" d="M{cx:.1f} {cy:.1f}L{start}{arc}Z" fill="{_colour(number)}"', tip)
            angle = end
    most = int((chart.height - top - 10) // 20)
    left, room = cx + radius + 24, (chart.width - cx - radius - 44) / _CHARACTER
    for number, label in enumerate(chart.labels[:most]):
        y = top + 14 + 20 * number
        if number == most - 1 and len(chart.labels) > most:
            yield _text(left, y, f"and {len(chart.labels) - most + 1} more", "m", anchor="start")
            return
        share = f" – {values[number] / total:.1%}"
        yield f'<rect x="{left:.1f}" y="{y - 9}" width="10" height="10" rx="2" fill="{_colour(number)}"/>'
        yield _text(left + 16, y, _short(label, room - len(share) - 2) + share, "t", anchor="start")


def _tip(chart: Chart, series: Series, at: int, value: float) -> str:
    named = f"{series.name}, " if series.name and len(chart.series) > 1 else ""
    return f"{named}{chart.labels[at]}: {_number(value, chart.unit)}"


def _shape(shape: str, tip: str) -> str:
    return f"<{shape}><title>{escape(_plain(tip))}</title></{shape.split(' ', 1)[0]}>"


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _number(value: float, unit: str) -> str:
    """Return a number as people write it on an axis: 1.2k, 3M."""
    size = abs(value)
    for limit, mark in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (1e3 if mark == 'k' else limit):.4g}{mark}{unit and ' ' + unit}"
    return f"{value:.6g}{unit and ' ' + unit}"


def _short(text: str, most: float) -> str:
    plain = _plain(text)
    return plain if len(plain) <= most else plain[: max(1, int(most) - 1)].rstrip() + "…"


def _plain(text: str) -> str:
    """Return *text* as XML can hold it: one line, no control characters."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "middle", size: int = 0, weight: int = 0, more: str = "") -> str:
    extra = (f' font-size="{size}"' if size else "") + (f' font-weight="{weight}"' if weight else "") + (f" {more}" if more else "")
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'
