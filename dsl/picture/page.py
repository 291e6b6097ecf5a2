"""A definition as one HTML file: its picture to move and enlarge, its outline and its effects. It needs no network and no server."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from dsl.canonical import digest
from dsl.catalogue import Catalogue
from dsl.effects import Effect, effects
from dsl.outline import OutlineLine, outline
from dsl.picture.drawing import drawing, style
from dsl.picture.painter import picture
from dsl.settings import parley_of_document
from dsl.words import spoken

JSON = Any

_KINDS: Final = {
    "read": "Reads",
    "write": "Changes",
    "irreversible": "Cannot be undone",
    "unknown": "May do anything",
    "none": "Nothing outside",
}
_CODE: Final = re.compile(r"`([^`]*)`")
# nothing is loaded from anywhere; only what stands in the file is shown and run
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TOOLS: Final = (
    ("smaller", "−", "Smaller"),
    ("fit", "Fit", "Fit the width"),
    ("whole", "All", "Show all of it"),
    ("larger", "+", "Larger"),
)


def page(data: JSON, catalogue: Catalogue | None = None, workflows: Collection[str] | Mapping[str, JSON] | None = None) -> str:
    """
    Return the page of a valid definition.

    Args:
        catalogue: Functions that the definition may call.
        workflows: Child workflows, as for `effects`.
    """
    document = data["document"]
    title = str(parley_of_document(data).get("title") or document.get("title") or document["name"])
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{escape(title)}</title>',
            f"<style>{_file('page.css')}{style()}</style></head><body>",
            _header(data, title),
            f"<main>{_figure(data, catalogue, title)}<aside>",
            f'<section><h2>In words</h2><ol class="words">{"".join(_line(line) for line in outline(data, catalogue))}</ol></section>',
            f"<section><h2>What it does outside</h2>{_effects(effects(data, catalogue, workflows))}</section>",
            f"</aside></main><script>{_file('page.js')}</script></body></html>\n",
        )
    )


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _header(data: JSON, title: str) -> str:
    document = data["document"]
    summary = document.get("summary")
    name = f"{document['namespace']}/{document['name']} {document['version']}"
    told = f'<p dir="auto">{_words(summary)}</p>' if isinstance(summary, str) else ""
    return f'<header><h1 dir="auto">{escape(title)}</h1>{told}<p class="meta">{escape(name)} · <code>{digest(data)}</code></p></header>'


def _figure(data: JSON, catalogue: Catalogue | None, title: str) -> str:
    drawn = picture(data, catalogue)
    tools = "".join(
        f'<button type="button" data-act="{act}" title="{says}" aria-label="{says}">{sign}</button>' for act, sign, says in _TOOLS
    )
    size = f'width="{drawn.width:g}" height="{drawn.height:g}" viewBox="0 0 {drawn.width:g} {drawn.height:g}"'
    image = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Picture of {escape(title)}">{drawing(drawn)}</svg>'
    return f'<figure><div class="view" tabindex="0">{image}</div><div class="tools">{tools}</div></figure>'


def _line(line: OutlineLine) -> str:
    more = f'<span class="more" dir="auto">{_words(line.detail)}</span>' if line.detail else ""
    goto = f' data-goto="{escape(line.reference)}"' if line.reference else ""
    words = f'<span class="no">{escape(line.number)}</span><span dir="auto">{_words(line.text)}</span>'
    return f'<li style="--depth:{line.depth}"{goto}>{words}{more}</li>'


def _effects(found: list[Effect]) -> str:
    if not found:
        return "<p>Nothing: it reads and changes nothing outside.</p>"
    return f'<ul class="effects">{"".join(_effect(effect) for effect in found)}</ul>'


def _effect(effect: Effect) -> str:
    more = ". ".join(_said(effect))
    return (
        f'<li data-goto="{escape(effect.reference)}"><span class="kind {effect.kind}">{_KINDS.get(effect.kind, effect.kind)}</span> '
        f'<span dir="auto">{_words(effect.target)}</span><span class="more">{_words(more)}</span></li>'
    )


def _said(effect: Effect) -> Iterator[str]:
    title = effect.title if effect.title != effect.task else spoken(effect.task)
    yield title[:1].upper() + title[1:]
    if effect.how_often:
        yield effect.how_often[:1].upper() + effect.how_often[1:]
    if effect.decided_before:
        yield f"{effect.by or 'Somebody'} decides before"
    if effect.secrets:
        yield f"With the secret{'s' if len(effect.secrets) > 1 else ''} {', '.join(effect.secrets)}"


def _words(text: str) -> str:
    """Return *text* for HTML, what stands in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))
