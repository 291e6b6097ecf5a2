"""HTML: what a reader sees as text, the tables, the links. Scripts are not run, nothing is loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from bs4 import Tag

    from graphs.documents.reading import Found

_UNSEEN = ("script", "style", "noscript", "template", "svg", "head", "iframe", "object")
_BLOCKS = frozenset({  # HTML Living Standard, 15.3.3
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_SPACES = re.compile(r"\s+")
_MOST_LINKS = 2000


def read(data: bytes, found: Found, _pages: int, base: str) -> None:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(data, "lxml")
    found.title = " ".join(page.title.get_text().split()) if page.title else ""
    about = page.find("meta", attrs={"name": "author"})
    found.author = str(about.get("content") or "") if about else ""
    root = page.find("base", href=True)
    base = urljoin(base, str(root["href"])) if root else base
    for unseen in page(_UNSEEN):
        unseen.decompose()
    for table in page("table"):
        if not table.find("table"):  # one that holds others is there for the layout
            rows = [[_line(one.get_text(" ")) for one in row(["td", "th"], recursive=False)] for row in table("tr")]
            caption = table.find("caption")
            found.table(_line(caption.get_text(" ")) if caption else "", rows)
    found.links = _links(page, base)
    found.text(_seen(page))


def _links(page: Tag, base: str) -> list[dict[str, str]]:
    links: dict[str, dict[str, str]] = {}
    for link in page("a", href=True):
        try:
            url = urljoin(base, str(link["href"]).strip()).partition("#")[0]
            scheme = urlsplit(url).scheme
        except ValueError:
            continue
        if scheme in ("http", "https") and len(links) < _MOST_LINKS:
            links.setdefault(url, {"text": _line(link.get_text(" ")), "url": url})
    return list(links.values())


def _seen(page: Tag) -> str:
    """Return the text with a line for each block, cells of a row parted by tabs."""
    from bs4.element import NavigableString, PreformattedString, Tag

    pieces: list[str] = []
    for node in page.descendants:
        if isinstance(node, Tag):
            if node.name in _BLOCKS:
                pieces.append("\n")
            elif node.name in ("td", "th"):
                pieces.append("\t")
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            pieces.append(_SPACES.sub(" ", str(node)))
    lines = ("\t".join(" ".join(part.split()) for part in line.strip("\t ").split("\t")) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line.strip())


def _line(text: str) -> str:
    return " ".join(text.split())
