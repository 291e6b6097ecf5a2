"""How wide a text is, and how to make it fit: measured for DejaVu Sans, one of the widest fonts that readers have.

A picture is laid out before anybody knows the reader's font, so widths are those of a wide one; in a narrower font there is air.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# width of a character in em
_BOLD: Final = {
    0.35: "ijl' ",
    0.38: "IJ/|.,’",
    0.42: "-:;",
    0.46: "f!()[]",
    0.5: 'rt_–"',
    0.6: "zcs?",
    0.67: "Lvxyakä“”",
    0.7: "eEFToö0123456789$",
    0.72: "hnuü{}bdgpqSYß",
    0.77: "CPZBAKRVX",
    0.84: "UGDHNOQ&#+=<>",
    0.92: "w",
    1.0: "M@%…",
    1.1: "mW",
}
_REGULAR: Final = {
    0.28: "ijl'IJ",
    0.33: " .,’:;/|",
    0.37: "f-",
    0.4: "t()[]!r",
    0.5: '"_–szc“”?',
    0.55: "L",
    0.59: "kFvxyP",
    0.62: "aoTYäöebdg",
    0.64: "hnpquESüß0123456789{}$",
    0.69: "KAVBRXZC",
    0.77: "UHNDG&OQ",
    0.85: "w#+=<>M",
    0.98: "%mW@…",
}
_WIDTHS: Final = {
    bold: {character: em for em, characters in table.items() for character in characters}
    for bold, table in ((True, _BOLD), (False, _REGULAR))
}
_OTHER: Final = 0.78
_WIDE: Final = 1.1  # Chinese, Japanese, Korean, emoji
_FIRST_WIDE: Final = 0x2E80


@lru_cache(maxsize=8192)
def width(text: str, px: float, *, bold: bool = False) -> float:
    """Return the width of *text* in px at a font size of *px*."""
    widths = _WIDTHS[bold]
    return px * sum(widths.get(character, _WIDE if ord(character) >= _FIRST_WIDE else _OTHER) for character in text)


def fitted(text: str, room: float, px: float, *, bold: bool = False) -> str:
    """Return *text* on one line, cut with an ellipsis where it is wider than *room*, at a word if that loses little."""
    line = " ".join(text.split())
    if width(line, px, bold=bold) <= room:
        return line
    count = _most(line, room - width("…", px, bold=bold), px, bold=bold)
    space = line.rfind(" ", 0, count + 1)
    return line[: space if space > count * 2 // 3 else count].rstrip(" ,.;:“\"'(") + "…"


def wrapped(text: str, room: float, px: float, *, lines: int = 2, bold: bool = True) -> tuple[str, ...]:
    """Return *text* on at most *lines* lines; the last one is cut where it must be."""
    rest = " ".join(text.split())
    found: list[str] = []
    while rest and len(found) < lines - 1 and width(rest, px, bold=bold) > room:
        count = _most(rest, room, px, bold=bold)
        space = rest.rfind(" ", 0, count + 1)
        cut = space if space > count // 3 else count
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return (*found, fitted(rest, room, px, bold=bold)) if rest or not found else tuple(found)


def fitted_end(target: str, room: float, px: float) -> str:
    """Return an address or a dotted name with its end kept: `api.example.com/v1/orders`, `…/v1/orders`, `…/orders`."""
    if width(target, px) <= room:
        return target
    separator = "/" if "/" in target else "."
    before = "…/" if separator == "/" else "…"
    parts = target.split(separator)
    best = ""
    for start in range(len(parts) - 1, 0, -1):  # from the end: an address may have thousands of parts
        shown = before + separator.join(parts[start:]).removeprefix("…/")
        if width(shown, px) > room:
            break
        best = shown if parts[start] else best
    return best or fitted(parts[-1] or target, room, px)


def first_fitting(texts: Sequence[str], room: float, px: float) -> str:
    """Return the first of *texts* that fits, else the last one, cut."""
    return next((text for text in texts if width(text, px) <= room), fitted(texts[-1], room, px))


def _most(line: str, room: float, px: float, *, bold: bool) -> int:
    """Return how many characters of *line* fit, at least 1."""
    count, used = 0, 0.0
    for character in line:
        used += width(character, px, bold=bold)
        if used > room:
            break
        count += 1
    return max(1, count)
