"""PDF: the text of each page, in the order it is drawn. A PDF holds no tables, only text that stands in columns."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from graphs.documents.errors import Unreadable

if TYPE_CHECKING:
    from graphs.documents.reading import Found


def read(data: bytes, found: Found, pages: int, _base: str) -> None:
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    logging.disable(logging.CRITICAL)
    try:
        document = PdfReader(io.BytesIO(data))
        if document.is_encrypted and not document.decrypt(""):
            raise Unreadable("it is protected by a password")
        found.count = len(document.pages)
    except PdfReadError as error:
        raise Unreadable(f"it is no readable PDF: {error}") from error
    about = document.metadata
    found.title, found.author = (str(value or "") for value in ((about.title, about.author) if about else ("", "")))
    found.truncated = found.count > pages
    for number, page in enumerate(document.pages[:pages], 1):
        text = found.text(page.extract_text())
        found.pages.append({"number": number, "text": text})
