"""Values of secrets a run has read never leave it in texts: they become `***`, raw, in base64, URL-encoded and as JSON spells them.

In base64 also as a part of something longer, as `Basic` has user and password in one.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import quote, quote_plus

from graphs.run.ports import JSON, Row

_SHORTEST = 4  # a shorter value would blank out half of every text
_SHORTEST_PART = 8  # letters of base64 that are enough to know a value by


class Redactor:
    def __init__(self) -> None:
        self._forms: list[str] = []

    def add(self, secret: JSON) -> None:
        """Remember every text in *secret*, longest first so that a part never uncovers the rest."""
        forms = {form for text in _texts(secret) if len(text) >= _SHORTEST for form in _forms(text)}
        self._forms = sorted({*self._forms, *forms}, key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, "***")
        return text

    def value(self, value: JSON) -> JSON:
        """Return *value* with every text in it redacted; the same object when no secret was read."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return "***" if _is_number(value) and str(value) in self._forms else value

    def holds(self, value: JSON) -> bool:
        """Return whether a secret is somewhere in *value*."""
        return bool(self._forms) and self.value(value) != value

    def row(self, row: Row) -> Row:
        """Return *row* as an observer may see it."""
        if not self._forms:
            return row
        return replace(row, output=self.value(row.output), context=self.value(row.context), error=self.value(row.error))


def _texts(secret: JSON) -> list[str]:
    if isinstance(secret, dict):
        return [text for item in secret.values() for text in _texts(item)]
    if isinstance(secret, list):
        return [text for item in secret for text in _texts(item)]
    return [str(secret)] if isinstance(secret, str) or _is_number(secret) else []


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _forms(text: str) -> set[str]:
    raw = text.encode("utf-8", "surrogatepass")
    plain, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    coded = {plain, plain.rstrip("="), safe, safe.rstrip("="), *_parts(raw)}
    spelt = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return {text, *coded, *spelt, quote(raw), quote(raw, safe=""), quote_plus(raw)}


def _parts(raw: bytes) -> set[str]:
    """Return what base64 has of *raw* for certain where something stands before and behind it."""
    found = set()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6  # letters made of *raw* alone
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(bytes(before) + raw).decode()[first:last])
    return {part for part in found if len(part) >= _SHORTEST_PART}
