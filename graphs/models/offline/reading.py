"""What the author can read: the rendered messages, and in them the fenced parts. Nothing else reaches it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from prompts import unescape

TASK = re.compile(r"^# ([\w-]+/[\w-]+)\s*$", re.MULTILINE)
PERSON = re.compile(r'(?:"me" is|The person is) ([^\n]+?)(?:\. |\.?$|, the time zone )', re.MULTILINE)
ZONE = re.compile(r"(?:Times are in|the time zone) ([A-Za-z_]+(?:/[A-Za-z_+-]+)*)")


class Reading:
    """The messages of one request."""

    def __init__(self, messages: Sequence[BaseMessage]) -> None:
        self.system = str(messages[0].content) if messages else ""
        self.user = str(messages[1].content) if len(messages) > 1 else ""

    @property
    def prompt(self) -> str:
        """The prompt's name, from its first line."""
        found = TASK.search(self.system)
        return found[1] if found else ""

    def text(self, tag: str) -> str:
        """Return the fenced part *tag*, "" when it is not there."""
        found = re.search(rf"<{tag}>\n(.*?)\n</{tag}>", self.user, re.DOTALL)
        return unescape(found[1]) if found else ""

    def value(self, tag: str) -> Any:
        """Return the fenced part *tag* read as JSON, None when it is not JSON."""
        try:
            return json.loads(self.text(tag) or "null")
        except ValueError:
            return None

    def word(self, name: str) -> str:
        """Return what follows "Name: " on a line of the user message."""
        found = re.search(rf"^{name}: (.+)$", self.user, re.MULTILINE)
        return found[1].strip() if found else ""

    @property
    def person(self) -> str:
        found = PERSON.search(f"{self.system}\n{self.user}")
        return found[1].strip().rstrip(".") if found else "me"

    @property
    def timezone(self) -> str:
        found = ZONE.search(f"{self.system}\n{self.user}")
        return found[1] if found else "UTC"

    def answers(self) -> dict[str, str]:
        """Return the ledger's settled values by question id."""
        ledger = self.value("ledger") or []
        return {
            str(entry["id"]): str(entry["value"])
            for entry in ledger
            if isinstance(entry, dict) and entry.get("status") in ("answered", "defaulted") and entry.get("value")
        }
