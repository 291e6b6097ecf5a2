"""Texts and CSV: UTF-8, UTF-16 with its mark, else Windows-1252, which most other files of these kinds are."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from graphs.documents.errors import Unreadable

if TYPE_CHECKING:
    from graphs.documents.reading import Found

_DELIMITERS = ",;\t|"


def decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(data: bytes, found: Found, _pages: int, _base: str) -> None:
    found.text(decoded(data).replace("\r\n", "\n").replace("\r", "\n"))


def read_csv(data: bytes, found: Found, _pages: int, _base: str) -> None:
    text = decoded(data)
    csv.field_size_limit(1_000_000)
    try:
        found.table("", csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise Unreadable(f"it is no readable CSV: {error}") from error
    found.text(text.replace("\r\n", "\n"))


def _delimiter(text: str) -> str:
    """Return the character that parts the first lines into most fields, the same number in each."""
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()]

    def fields(delimiter: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        return len(set(counts)) == 1 and bool(counts) and counts[0] > 1, max(counts, default=0)

    return max(_DELIMITERS, key=fields)
