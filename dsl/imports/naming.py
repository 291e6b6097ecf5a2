"""Names, versions and words for functions that came from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_NAME: Final = 100
MAX_WORDS: Final = 16
MAX_SUMMARY: Final = 300

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_EDGES: Final = "-_."
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
_NUMBERS = re.compile(r"v?(\d{1,9})(?:[._-](\d{1,9}))?(?:[._-](\d{1,9}))?", re.ASCII | re.IGNORECASE)
_PARTS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_NOISE: Final = frozenset(("a", "an", "and", "api", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"))
_MARKUP = re.compile(r"<[^<>\n]{1,200}>|[*`]+|^#+\s*", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,600}\)")


def fitting(name: str, otherwise: str = "function") -> str:
    """Return *name* as a function can be called, `repos/list-tags` as `repos-list-tags`; at most 100 characters."""
    plain = _UNFIT.sub("-", name.strip()).strip(_EDGES)
    return (plain[:MAX_NAME].strip(_EDGES) or otherwise) if plain else otherwise


class Names:
    """Names that are taken; each new one gets `-2`, `-3` … behind it when it is."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}  # so that a million of one name take no longer than a million names

    def take(self, name: str) -> str:
        """Return *name*, or the first free one like it, and take it."""
        found, number = name, self._next.get(name, 2)
        while found in self._taken:
            found, number = f"{name}-{number}", number + 1
        self._next[name] = number
        self._taken.add(found)
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._taken


def semver(version: object) -> str:
    """
    Return *version* as semantic version: `v3` is `3.0.0`, `2024-01-15` is `2024.1.15`, `1.2-rc1` is `1.2.0-rc1`, `x` is `0.0.0-x`.

    Source: semver.org 2.0.0 §2, §9 (numbers without leading zeros; identifiers of letters, digits and hyphens).
    """
    text = str(version).strip() if isinstance(version, str | int | float) and not isinstance(version, bool) else ""
    if _SEMVER.fullmatch(text):
        return text
    match = _NUMBERS.match(text)
    numbers = [str(int(part)) for part in match.groups(default="0")] if match else ["0", "0", "0"]
    rest = _UNFIT.sub("-", text[match.end() if match else 0 :]).replace("_", "-")
    identifiers = [part.strip("-") for part in rest.split(".")]
    kept = [str(int(part)) if part.isdigit() else part for part in identifiers if part][:4]
    return ".".join(numbers) + (f"-{'.'.join(kept)[:60].strip('-.')}" if kept else "")


def words(*texts: str) -> list[str]:
    """Return the words of names such as `listPetOwners` and of tags, lower case, each once, at most 16."""
    found = dict.fromkeys(part.lower() for text in texts for part in _PARTS.findall(text))
    return [word for word in found if len(word) > 1 and word not in _NOISE][:MAX_WORDS]


def spoken(name: str) -> str:
    """Return a name as words: `listPetOwners` and `list_pet_owners` are "List pet owners"."""
    parts = [part if part.isupper() and len(part) > 1 else part.lower() for part in _PARTS.findall(name)]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def plain(text: object, limit: int = MAX_SUMMARY) -> str:
    """Return the first paragraph of *text* without Markdown and HTML, on one line, cut at a word; "" when it is no text."""
    if not isinstance(text, str):
        return ""
    paragraphs: Iterable[str] = re.split(r"\n\s*\n", _MARKUP.sub("", _LINK.sub(r"\1", text[:4000])).strip())
    line = " ".join(next(iter(paragraphs), "").split())
    return line if len(line) <= limit else line[: limit - 1].rpartition(" ")[0].rstrip(",;:.") + " …"
