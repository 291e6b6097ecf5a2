"""Markdown as DOCX: Word's own styles for headings and tables, real links, numbers of lists as they are written."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from graphs.documents.markdown import Block, Run, Runs, blocks

if TYPE_CHECKING:
    from graphs.documents.writing import Look

_MARGIN_MM = 25
_INDENT_MM = 7


def word(text: str, look: Look) -> bytes:
    from docx import Document

    document = Document()
    _begin(document, look)
    for block in blocks(text):
        if block.kind == "table":
            _table(document, block)
        elif block.kind == "rule":
            _rule(document.add_paragraph())
        elif block.kind == "code":
            _code(document, block)
        else:
            _text(document, block)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _begin(document: Any, look: Look) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    about = document.core_properties
    about.title, about.author, about.comments, about.language = look.title, look.author, "", look.language
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(one) for one in look.size_mm)
    section.orientation = WD_ORIENT.LANDSCAPE if look.landscape else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(11)
    style.paragraph_format.space_after = Pt(6)


def _text(document: Any, block: Block) -> None:
    from docx.shared import Mm

    paragraph = document.add_heading(level=block.level) if block.kind == "heading" else document.add_paragraph()
    layout = paragraph.paragraph_format
    if block.kind == "item":
        layout.left_indent = Mm(_INDENT_MM * block.level)
        if block.mark:
            layout.first_line_indent = Mm(-_INDENT_MM)
            layout.tab_stops.add_tab_stop(Mm(_INDENT_MM * block.level))
            paragraph.add_run(f"{block.mark}\t")
    elif block.quoted:
        layout.left_indent = Mm(_INDENT_MM * block.quoted)
    _runs(paragraph, block.runs, italic=block.quoted > 0)


def _runs(paragraph: Any, runs: Runs, *, bold: bool = False, italic: bool = False) -> None:
    for run in runs:
        if run.link:
            _link(paragraph, run)
        else:
            _style(paragraph.add_run(run.text), run, bold=bold, italic=italic)


def _style(made: Any, run: Run, *, bold: bool, italic: bool) -> None:
    made.bold, made.italic, made.font.strike = (run.bold or bold) or None, (run.italic or italic) or None, run.strike or None
    if run.code:
        made.font.name = "Consolas"


def _link(paragraph: Any, run: Run) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(run.link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    made = paragraph.add_run(run.text)
    _style(made, run, bold=False, italic=False)
    made.font.underline, made.font.color.rgb = True, RGBColor(0x05, 0x63, 0xC1)
    link.append(made._r)
    paragraph._p.append(link)


def _code(document: Any, block: Block) -> None:
    from docx.shared import Mm, Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent = Mm(_INDENT_MM * max(1, block.level))
    made = paragraph.add_run(block.code)
    made.font.name, made.font.size = "Consolas", Pt(9.5)
    _shade(paragraph._p.get_or_add_pPr(), "F2F2F2")


def _table(document: Any, block: Block) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    sides = {"left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
    table = document.add_table(rows=len(block.rows), cols=len(block.rows[0]), style="Table Grid")
    for number, row in enumerate(block.rows):
        for cell, runs, align in zip(table.rows[number].cells, row, block.aligns, strict=False):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = sides.get(align)
            paragraph.paragraph_format.space_after = 0
            _runs(paragraph, runs, bold=number == 0)
            if number == 0:
                _shade(cell._tc.get_or_add_tcPr(), "E7ECF3")
    repeated = OxmlElement("w:tblHeader")  # the head stands on every page
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    document.add_paragraph().paragraph_format.space_after = 0


def _shade(properties: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", colour)):
        shade.set(qn(name), value)
    properties.append(shade)


def _rule(paragraph: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("w:val", "single"), ("w:sz", "6"), ("w:space", "1"), ("w:color", "808080")):
        line.set(qn(name), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)
