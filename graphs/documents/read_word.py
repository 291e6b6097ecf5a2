"""DOCX: paragraphs and tables in their order. Headers, footers, notes and comments are left out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphs.documents.reading import Found


def read(data: bytes, found: Found, _pages: int, _base: str) -> None:
    from docx import Document
    from docx.table import Table

    document = Document(io.BytesIO(data))
    found.title, found.author = document.core_properties.title or "", document.core_properties.author or ""
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            rows = found.table("", [[each.text for each in row.cells] for row in part.rows])
            found.text("\n".join("\t".join(str(one) for one in row) for row in rows))
        else:
            found.text(part.text)
