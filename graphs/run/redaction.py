"""Values of secrets a run has read never leave it in texts: they are replaced by `***`, raw, in base64 and URL-encoded."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import quote, quote_plus

from graphs.run.ports import JSON, Row

_SHORTEST = 4  # a shorter value would blank out half of every text


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
        return [self.value(item) for item in value] if isinstance(value, list) else value

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
    return [str(secret)] if isinstance(secret, str | int | float) and not isinstance(secret, bool) else []


def _forms(text: str) -> set[str]:
    raw = text.encode()
    plain, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    return {text, plain, plain.rstrip("="), safe, safe.rstrip("="), quote(text), quote(text, safe=""), quote_plus(text)}
