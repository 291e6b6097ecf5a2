"""Files read into `{text, tables, pages, links, meta}`. Runs in a child process (`child.py`); libraries are imported by kind."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphs.documents.errors import Unreadable

MOST_CHARACTERS = 2_000_000
MOST_CELLS = 300_000
_MOST_UNPACKED = 300_000_000  # bytes of a packed document (DOCX, XLSX)
_MOST_PARTS = 10_000
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}

Cell = str | int | float | bool | None


@dataclass(slots=True)
class Found:
    """What is found in a document so far; what is too much is left out and said so."""

    texts: list[str] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    title: str = ""
    author: str = ""
    count: int = 1  # of pages or sheets the document has
    truncated: bool = False
    _characters: int = 0
    _cells: int = 0

    def text(self, text: str) -> str:
        """Take *text* in; return what was taken of it."""
        plain = clean(text)[: MOST_CHARACTERS - self._characters]
        self.truncated = self.truncated or len(plain) < len(clean(text))
        self._characters += len(plain)
        self.texts.append(plain)
        return plain

    def table(self, name: str, rows: Iterable[Sequence[Any]]) -> list[list[Cell]]:
        """Take a table in; return its rows."""
        taken: list[list[Cell]] = []
        for row in rows:
            self._cells += max(1, len(row))
            if self._cells > MOST_CELLS:
                self.truncated = True
                break
            taken.append([cell(value) for value in row])
        self.tables.append({"name": clean(name), "rows": taken})
        return taken

    def to_json(self, type_: str) -> dict[str, Any]:
        meta = {
            "type": type_, "title": clean(self.title), "author": clean(self.author), "count": self.count, "truncated": self.truncated,
        }  # fmt: skip
        return {"text": "\n".join(self.texts).strip(), "tables": self.tables, "pages": self.pages, "links": self.links, "meta": meta}


def clean(text: str) -> str:
    """Return *text* without control characters (a database keeps no NUL) and halves of characters."""
    return text.translate(_CONTROL).encode("utf-8", "replace").decode()


def cell(value: Any) -> Cell:
    """Return a cell as JSON has it: numbers and truth as they are, dates in ISO 8601, nothing as null."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value if value == value and abs(value) != float("inf") else None
    return clean(value.isoformat() if hasattr(value, "isoformat") else str(value))


def read(data: bytes, type_: str, *, pages: int, base: str = "") -> dict[str, Any]:
    """
    Return `{text, tables: [{name, rows}], pages: [{number, text}], links: [{text, url}], meta: {type, title, author, count, truncated}}`.

    Args:
        type_: "pdf", "docx", "xlsx", "csv", "html", "markdown", "text", or "" when the content is to tell.
        pages: At most so many pages or sheets are read.
        base: Address of an HTML page, for its links.

    Raises:
        Unreadable: in words.
    """
    kind = type_ or told_by(data)
    if kind in ("docx", "xlsx"):
        _unpackable(data)
    found = Found()
    readers()[kind](data, found, pages, base)
    return found.to_json(kind)


def readers() -> dict[str, Callable[[bytes, Found, int, str], None]]:
    from graphs.documents import read_html, read_pdf, read_sheet, read_text, read_word

    return {
        "pdf": read_pdf.read, "docx": read_word.read, "xlsx": read_sheet.read, "csv": read_text.read_csv, "html": read_html.read,
        "markdown": read_text.read, "text": read_text.read,
    }  # fmt: skip


def told_by(data: bytes) -> str:
    """Return what *data* is by its content. Raises Unreadable."""
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        names = _names(data)
        if any(name.startswith("word/") for name in names):
            return "docx"
        if any(name.startswith("xl/") for name in names):
            return "xlsx"
        raise Unreadable("it is a packed file, and neither DOCX nor XLSX")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("it is in the old format of Office: save it as DOCX or XLSX")
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "html"
    if b"\x00" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("it is neither a text nor PDF, DOCX, XLSX, CSV or HTML")
    return "text"


def _names(data: bytes) -> list[str]:
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Unreadable("it is cut off or damaged") from error


def _unpackable(data: bytes) -> None:
    """Raise Unreadable when *data* is no packed document, or would take too much room unpacked."""
    if not data.startswith(b"PK"):
        raise Unreadable("it is not the packed file that DOCX and XLSX are")
    _names(data)
    parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise Unreadable(f"unpacked it is larger than {_MOST_UNPACKED // 1_000_000} MB")
