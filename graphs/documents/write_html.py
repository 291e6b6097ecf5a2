"""Markdown as one HTML page that needs nothing from elsewhere; light or dark as the reader's screen is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from graphs.documents import markdown

if TYPE_CHECKING:
    from graphs.documents.writing import Look

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; max-width: 48rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .6em; }
table { border-collapse: collapse; margin: 1.2em 0; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .35em .7em; vertical-align: top; }
th { background: #8882; text-align: start; }
pre { background: #8882; padding: .8em 1em; overflow-x: auto; border-radius: 4px; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .92em; }
blockquote { margin: 1em 0; padding: 0 1em; border-left: 3px solid #8888; }
@media print { body { max-width: none; margin: 0; } pre, table { break-inside: avoid; } }"""


def page(text: str, look: Look) -> str:
    author = f'<meta name="author" content="{escape(look.author)}">\n' if look.author else ""
    return (
        f'<!doctype html>\n<html lang="{escape(look.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(look.title)}</title>\n{author}<style>\n{_STYLE}\n</style>\n</head>\n<body>\n{markdown.html(text)}</body>\n</html>\n"
    )
