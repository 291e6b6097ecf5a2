"""jq with its texts and comments hidden, so that patterns and scanners meet code only."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

HIDDEN: Final = "\ue000"  # stands for every character of a text, quotes included


@lru_cache(maxsize=4096)
def masked(code: str) -> str:
    """
    Return *code* at the same length, with texts and comments replaced by `HIDDEN` and spaces.

    What stands in an interpolation is code and stays: `"a \\(.b)"` keeps `.b`, while its `\\(` and `)` are hidden too.
    """
    if '"' not in code and "#" not in code:
        return code
    return "".join(_mask(code))


def _mask(code: str) -> list[str]:
    found, at = list(code), 0
    brackets: list[int] = []  # open `(` of the code around the current place, one number for each text that is interrupted
    inside = False
    while at < len(code):
        character = code[at]
        if inside:
            found[at] = HIDDEN
            if character == "\\" and at + 1 < len(code):
                at += 1
                found[at] = HIDDEN
                if code[at] == "(":
                    brackets.append(0)
                    inside = False
            elif character == '"':
                inside = False
        elif character == '"':
            found[at], inside = HIDDEN, True
        elif character == "#":
            end = code.find("\n", at)
            end = len(code) if end < 0 else end
            found[at:end] = " " * (end - at)
            at = end - 1
        elif character == "(" and brackets:
            brackets[-1] += 1
        elif character == ")" and brackets:
            if brackets[-1] == 0:
                brackets.pop()
                found[at], inside = HIDDEN, True
            else:
                brackets[-1] -= 1
        at += 1
    return found
