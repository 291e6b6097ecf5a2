"""Write a value as text for its place: lines of a block, one line in brackets, or JSON."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Final

from dsl import scalars

JSON = Any

# plain in both block and flow style, and a text for every reader
_WORD: Final = re.compile(r"[A-Za-z0-9_][\w./+-]*", re.ASCII)
_LITERAL: Final = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def block_lines(value: JSON, indent: int, *, pretty: bool) -> list[str]:
    """Return *value* as YAML lines, each after *indent* spaces; *pretty* writes texts of several lines as `|` blocks."""
    from dsl.render import render

    text = render(value, blocks=pretty)
    if "|+" in text:  # it would take in whatever blank lines come to stand below it
        text = render(value, blocks=False)
    lines = _without_end(text).split("\n")
    return [f"{' ' * indent}{line}" if line else "" for line in lines]


def flow_text(value: JSON, *, as_json: bool) -> str:
    """Return *value* on one line, as JSON or as YAML that keeps plain words plain."""
    if as_json or not isinstance(value, dict | list):
        return scalar_text(value, as_json=as_json)
    if isinstance(value, list):
        return f"[{', '.join(flow_text(item, as_json=False) for item in value)}]"
    pairs = (f"{scalar_text(key, as_json=False)}: {flow_text(item, as_json=False)}" for key, item in value.items())
    return f"{{{', '.join(pairs)}}}"


def json_lines(value: JSON, indent: str, unit: str) -> str:
    """Return *value* as JSON over several lines, the second and later ones after *indent*; each level by another *unit*."""
    return escaped(json.dumps(value, ensure_ascii=False, indent=unit)).replace("\n", f"\n{indent}")


def scalar_text(value: JSON, *, as_json: bool, quoted: bool = False) -> str:
    """Return *value* on one line as JSON, which YAML reads the same; plain words stay plain unless *quoted*."""
    if isinstance(value, str) and not as_json and not quoted and _WORD.fullmatch(value) and _is_text(value):
        return value
    return escaped(json.dumps(value, ensure_ascii=False))


def _is_text(value: str) -> bool:
    with suppress(scalars.NotRepresentable):
        return isinstance(scalars.resolve(value), str)
    return False


def escaped(text: str) -> str:
    """Return JSON with every character that YAML refuses, or takes for a line break, as an escape."""
    return _LITERAL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _without_end(text: str) -> str:
    """Return rendered text without its last line break, or the mark after a lone scalar."""
    return text.removesuffix("...\n").removesuffix("\n")
