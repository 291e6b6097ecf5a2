"""What libjq says of a mistake, in the author's words: no tokens of its grammar, nothing of the program around the expression."""

from __future__ import annotations

import re
from typing import Final

from dsl.expressions.errors import shown, tidy

_UNEXPECTED = re.compile(
    r"syntax error, unexpected (?P<found>end of file|\S+?),?(?: expecting (?P<wanted>.+?))?"
    r" at <top-level>, line (?P<line>\d+), column (?P<column>\d+)"
)
_CLOSING: Final = {"']'": "[", "'}'": "{", "')'": "(", "';' or ')'": "("}
_TOKEN = re.compile(r"\.\.|[A-Za-z_$][\w:]*|\"|\S", re.DOTALL)
_NEAR: Final = 24  # characters that are quoted as the place


def syntax_words(message: str, code: str, offset: int) -> str:
    """
    Return what is wrong with *code*.

    Args:
        message: All that libjq said.
        offset: Characters of our program before *code*, on the same line; behind *code* come a line break and a `)`.
    """
    match = _UNEXPECTED.search(message)
    if match is None:
        return tidy(message)
    lines = code.split("\n")
    line, column = int(match["line"]) - 1, int(match["column"]) - 1
    if "QQSTRING_END" in (match["wanted"] or ""):
        return "a text is not closed: a double quote is missing"
    if match["found"] != "end of file" and line < len(lines):
        before = lines[line].encode()[: max(0, column - (offset if line == 0 else 0))].decode("utf-8", "ignore")  # libjq counts bytes
        return _misplaced(code, sum(len(one) + 1 for one in lines[:line]) + len(before))
    if match["wanted"] == "end of file":
        return "a ')' has no '(' before it"
    opening = next((opening for closing, opening in _CLOSING.items() if (match["wanted"] or "").endswith(closing)), "")
    return f"it ends too early, after '{_end(code)}'" + (f": the '{opening}' is never closed" if opening else "")


def _misplaced(code: str, at: int) -> str:
    token = _TOKEN.match(code, at)
    before = _end(code[:at])
    if token is None:
        return f"something is missing after '{before}'"
    return f"'{token.group()}' cannot stand after '{before}'" if before else f"it cannot begin with '{token.group()}'"


def _end(code: str) -> str:
    """Return the last word or so of *code*."""
    line = " ".join(code.split())
    if len(line) <= _NEAR:
        return shown(line)
    cut = line[-_NEAR:]
    return "…" + (cut.partition(" ")[2] or cut)
