"""A document cut into passages that can be found one by one: at empty lines where possible, else at the ends of sentences."""

from __future__ import annotations

import re

LENGTH = 1_000  # characters of a passage, at most
MOST = 2_000  # passages of one document

_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?。！？\n])\s*")


def passages(text: str, *, length: int = LENGTH) -> list[str]:
    """Return *text* in pieces of at most *length* characters, without empty ones; what comes after 2,000 pieces is left out."""
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text.strip()):
        for piece in _pieces(paragraph.strip(), length):
            if found and len(found[-1]) + 2 + len(piece) <= length:
                found[-1] += "\n\n" + piece
            elif piece:
                found.append(piece)
        if len(found) > MOST:
            break
    return found[:MOST]


def _pieces(paragraph: str, length: int) -> list[str]:
    """Return a paragraph in pieces, cut between sentences; a sentence that is too long is cut anywhere."""
    if len(paragraph) <= length:
        return [paragraph]
    found = [""]
    for sentence in _SENTENCE.split(paragraph):
        for at in range(0, len(sentence), length):
            part = sentence[at : at + length]
            if len(found[-1]) + 1 + len(part) <= length:
                found[-1] = f"{found[-1]} {part}".strip()
            else:
                found.append(part)
    return [piece for piece in found if piece]
