"""Markdown written as HTML, DOCX or PDF. Runs in a child process (`child.py`); libraries are imported by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Paper = Literal["a4", "letter"]
MEDIA_TYPES: Mapping[str, str] = {
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
SIZES_MM: Mapping[str, tuple[float, float]] = {"a4": (210, 297), "letter": (215.9, 279.4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a document says of itself, and its paper."""

    title: str = ""
    author: str = ""
    language: str = "en"
    paper: Paper = "a4"
    landscape: bool = False

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        width, height = SIZES_MM[self.paper]
        return (height, width) if self.landscape else (width, height)


def write(text: str, options: Mapping[str, Any]) -> tuple[str, bytes]:
    """
    Write *text*, Markdown, as `options["to"]`: "html", "docx" or "pdf".

    Returns:
        The characters that the document cannot show, and the file.
    """
    look = Look(**{name: options[name] for name in ("title", "author", "language", "paper", "landscape") if options.get(name)})
    if options["to"] == "html":
        from graphs.documents.write_html import page

        return "", page(text, look).encode()
    if options["to"] == "docx":
        from graphs.documents.write_word import word

        return "", word(text, look)
    from graphs.documents.write_pdf import pdf

    return pdf(text, look)
