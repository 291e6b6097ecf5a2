"""XLSX: the values of each sheet, formulas by their last result."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from graphs.documents.errors import Unreadable

if TYPE_CHECKING:
    from graphs.documents.reading import Found


def read(data: bytes, found: Found, pages: int, _base: str) -> None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found.count = len(book.sheet_names)
        found.truncated = found.count > pages
        for name in book.sheet_names[:pages]:
            sheet = book.get_sheet_by_name(name)
            rows = found.table(name, ([None if one == "" else one for one in row] for row in sheet.iter_rows()))
            lines = "\n".join("\t".join("" if one is None else str(one) for one in row) for row in rows)
            found.text(f"{name}\n{lines}\n")
    except CalamineError as error:
        raise Unreadable(f"it is no readable workbook: {error}") from error
