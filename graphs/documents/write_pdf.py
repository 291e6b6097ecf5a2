"""Markdown as PDF, with fonts of its own: Latin, Greek, Cyrillic and many signs; Chinese, Japanese and Korean by the reader's fonts.

Scripts that are written from right to left, or whose letters join, are not laid out here: their characters are told as missing.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphs.documents.errors import Unreadable
from graphs.documents.markdown import Block, Run, Runs, blocks

if TYPE_CHECKING:
    from graphs.documents.writing import Look

_FONTS = {"Text": "DejaVuSans", "Text-Bold": "DejaVuSans-Bold", "Text-Italic": "DejaVuSans-Oblique", "Code": "DejaVuSansMono"}
# the first code point, the last, and the font every reader of PDF has or replaces by one of its own
_ASIAN = (
    (0x3040, 0x30FF, "HeiseiKakuGo-W5"),  # kana
    (0x1100, 0x11FF, "HYGothic-Medium"),
    (0xAC00, 0xD7AF, "HYGothic-Medium"),
    (0x2E80, 0x9FFF, "STSong-Light"),
    (0xF900, 0xFAFF, "STSong-Light"),
    (0xFF00, 0xFFEF, "STSong-Light"),
)
_MARGIN_MM = 20.0
_PADDING = 12.0  # points that a frame keeps on its sides
_HEADINGS = (20, 16, 13.5, 12, 11, 10.5)
_SIZE = 10.0
_ROWS_A_TABLE = 500  # a longer one is set in parts: laying out is worse than linear


def pdf(text: str, look: Look) -> tuple[str, bytes]:
    """Return the characters that are not shown, and the file. Raises Unreadable when something does not fit a page."""
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus.doctemplate import LayoutError

    fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=tuple(one * mm for one in look.size_mm), title=look.title, author=look.author, lang=look.language, invariant=1,
        leftMargin=_MARGIN_MM * mm, rightMargin=_MARGIN_MM * mm, topMargin=_MARGIN_MM * mm, bottomMargin=_MARGIN_MM * mm,
    )  # fmt: skip
    missing: dict[str, None] = {}
    story = [part for block in blocks(text) for part in _parts(block, document.width - _PADDING, missing)]
    try:
        document.build(story or [_paragraph((), _style(), missing)], onFirstPage=_foot, onLaterPages=_foot)
    except LayoutError as error:
        raise Unreadable("a part of it does not fit on a page: a table cell or an unbroken word is too large") from error
    return "".join(missing), out.getvalue()


@lru_cache(maxsize=1)
def fonts() -> dict[str, frozenset[int]]:
    """Register the fonts; return the code points that each of ours has."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    found = {}
    for name, file in _FONTS.items():
        font = TTFont(name, str(Path(__file__).parent / "fonts" / f"{file}.ttf"))
        pdfmetrics.registerFont(font)
        found[name] = frozenset(font.face.charToGlyph)
    for name in {one[2] for one in _ASIAN}:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    pdfmetrics.registerFontFamily("Text", normal="Text", bold="Text-Bold", italic="Text-Italic", boldItalic="Text-Bold")
    pdfmetrics.registerFontFamily("Code", normal="Code", bold="Code", italic="Code", boldItalic="Code")
    return found


def _parts(block: Block, width: float, missing: dict[str, None]) -> Iterator[Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import HRFlowable, Spacer

    if block.kind == "table":
        yield from _tables(block, width, missing)
        yield Spacer(1, 8)
    elif block.kind == "rule":
        yield HRFlowable(width="100%", color=HexColor("#999999"), spaceBefore=6, spaceAfter=6)
    elif block.kind == "code":
        shaded = {"backColor": HexColor("#f2f2f2"), "borderPadding": 5, "leading": 11.5, "spaceBefore": 6, "spaceAfter": 10}
        style = _style(fontName="Code", fontSize=8.5, leftIndent=14 * block.level + 6, rightIndent=6, wordWrap="CJK", **shaded)
        lines = [(Run(line or " "),) for line in block.code.expandtabs(4).split("\n")]
        yield _paragraph(tuple(run for line in lines for run in (*line, Run("\n")))[:-1], style, missing, code=True)
    elif block.kind == "heading":
        size = _HEADINGS[block.level - 1]
        style = _style(fontName="Text-Bold", fontSize=size, leading=size * 1.25, spaceBefore=size * 0.8, keepWithNext=1)
        yield _paragraph(block.runs, style, missing, bold=True)
    elif block.kind == "item":
        indent = 16.0 * block.level
        yield _paragraph(block.runs, _style(leftIndent=indent, bulletIndent=indent - 13, spaceAfter=2), missing, mark=block.mark)
    else:
        yield _paragraph(block.runs, _style(leftIndent=16.0 * block.quoted, textColor="#555555" if block.quoted else "black"), missing)


def _tables(block: Block, width: float, missing: dict[str, None]) -> Iterator[Any]:
    """Yield the table, a long one in parts; the head stands on each page."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable

    sides = {"left": 0, "center": 1, "right": 2, "": 0}
    widths = _widths(block, width)

    def row(cells: tuple[Runs, ...], *, bold: bool) -> list[Any]:
        styles = [_style(fontSize=9, leading=11.5, spaceAfter=0, alignment=sides[align], splitLongWords=1) for align in block.aligns]
        return [_paragraph(runs, style, missing, bold=bold) for runs, style in zip(cells, styles, strict=False)]

    look = [
        ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#b5b5b5")), ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e7ecf3")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]  # fmt: skip
    head, body = block.rows[0], block.rows[1:]
    for start in range(0, max(1, len(body)), _ROWS_A_TABLE):
        rows = [row(head, bold=True), *(row(cells, bold=False) for cells in body[start : start + _ROWS_A_TABLE])]
        yield LongTable(rows, colWidths=widths, repeatRows=1, style=look, hAlign="LEFT")


def _widths(block: Block, width: float) -> list[float]:
    """Share *width* by what the columns hold; a short table stays narrow."""
    longest = [max(len(_words(cell)) for cell in column) for column in zip(*block.rows, strict=True)]
    wanted = [min(max(length, 3) * 5.6 + 14, width) for length in longest]
    if sum(wanted) <= width:
        return wanted
    least = min(60.0, width / len(wanted))
    weights = [max(length, 1) ** 0.6 for length in longest]
    free = width - least * len(wanted)
    return [least + free * weight / sum(weights) for weight in weights]


def _words(runs: Runs) -> str:
    return "".join(run.text for run in runs)


def _style(**more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    plain = {"fontName": "Text", "fontSize": _SIZE, "leading": _SIZE * 1.4, "spaceAfter": 6, "splitLongWords": 1, "bulletFontName": "Text"}
    return ParagraphStyle("text", **{**plain, **more})


def _paragraph(runs: Runs, style: Any, missing: dict[str, None], *, mark: str = "", code: bool = False, bold: bool = False) -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph("".join(_marked(run, missing, code=code, bold=bold) for run in runs), style, bulletText=mark or None)


def _marked(run: Run, missing: dict[str, None], *, code: bool, bold: bool) -> str:
    """Return a run in the paragraph's own markup."""
    mono = code or run.code
    strong = run.bold or bold
    font = "Code" if mono else "Text-Bold" if strong else "Text-Italic" if run.italic else "Text"
    pieces = []
    for name, group in groupby(run.text, key=lambda character: _font(character, font, missing)):
        words = escape("".join(group), quote=False).replace("\n", "<br/>")
        words = words.replace("  ", "\u00a0 ") if mono else words
        pieces.append(f'<font face="{name}">{words}</font>')
    text = "".join(pieces)
    text = f"<strike>{text}</strike>" if run.strike else text
    return f'<link href="{escape(run.link)}" color="#0b57d0">{text}</link>' if run.link else text


def _font(character: str, wanted: str, missing: dict[str, None]) -> str:
    """Return the font that has *character*; note it when none does."""
    code = ord(character)
    if code < 0x250 or character == "\n":
        return wanted
    if unicodedata.bidirectional(character) in ("R", "AL", "AN") or 0x900 <= code <= 0xDFF:
        missing[character] = None
        return wanted
    if code in fonts()[wanted]:
        return wanted
    if code in fonts()["Text"]:
        return "Text"
    asian = next((font for first, last, font in _ASIAN if first <= code <= last), "")
    if not asian and unicodedata.category(character) not in ("Mn", "Cf", "Zs", "Cc"):
        missing[character] = None
    return asian or wanted


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Text", 8)
    canvas.setFillGray(0.45)
    canvas.drawRightString(document.pagesize[0] - document.rightMargin, document.bottomMargin * 0.55, str(document.page))
    canvas.restoreState()
