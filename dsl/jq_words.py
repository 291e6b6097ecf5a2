"""Simple jq in plain words: conditions, paths and filters. What is not simple is shown as it is.

Names of fields that are plain English words are said ("the order's amount"); others are quoted (`refundedOn`), never guessed into words.
"""

from __future__ import annotations

import re
from typing import Final

from dsl.expressions.errors import shown
from dsl.expressions.program import strip
from dsl.targets import filled_text

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH_TEXT: Final = rf"(?:\${_NAME}(?:\.{_NAME}|\[\d+\])*|(?:\.{_NAME}(?:\[\d*\])*)+)"
_PATH = re.compile(_PATH_TEXT)
_NUMBER_TEXT: Final = rf"\(\s*{_PATH_TEXT}\s*\|\s*tonumber\??\s*\)"  # a number, also when it is written as text
_LIST_TEXT: Final = (  # the data when it is a list, else the first list under the fields that are named; a fault when there is none
    rf"\(\s*if type == \"array\" then \. else first\(\((?:\.{_NAME}\?(?:,\s*)?)+\)\s*\|\s*arrays\)\s*//\s*error\(\"[^\"\\]*\"\) end\s*\)"
)
_LITERAL_TEXT: Final = r"\"[^\"\\]*\"|-?\d+(?:\.\d+)?|true|false|null"
_COMPARISON = re.compile(
    rf"({_PATH_TEXT}|{_NUMBER_TEXT}|\(\s*(?:{_PATH_TEXT}|\.)\s*\|\s*length\s*\))\s*(==|!=|<=|>=|<|>)\s*({_LITERAL_TEXT}|{_PATH_TEXT})"
)
_FUNCTION = re.compile(rf"({_PATH_TEXT})\s*\|\s*(startswith|endswith|contains|test)\(\s*(\"[^\"\\]*\")\s*\)")
_NEGATED = re.compile(rf"({_PATH_TEXT})\s*\|\s*not")
_FILTERED = re.compile(rf"(?:({_PATH_TEXT}|\.)\s*\|\s*)?map\(\s*select\((.+)\)\s*\)", re.DOTALL)
_NUMBERED = re.compile(rf"\(\s*({_PATH_TEXT})\s*\|\s*tonumber\??\s*\)")
_BRACKETED = re.compile(rf"\[\s*(?:({_PATH_TEXT}|\.)|{_LIST_TEXT})?(?:\[\])?\s*\|\s*select\((.+)\)\s*\]", re.DOTALL)
_FIELDS = re.compile(rf"(?:({_PATH_TEXT}|\.)\s*\|\s*)?map\(\s*\{{\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*\}}\s*\)")
_LENGTH = re.compile(rf"({_PATH_TEXT}|\.)\s*\|\s*length")
_SUM = re.compile(rf"(?:({_PATH_TEXT}|\.)\s*\|\s*)?map\(\s*({_PATH_TEXT})\s*\)\s*\|\s*add")
_EVERY = re.compile(rf"(all|any)\(\s*({_PATH_TEXT})\[\]\s*;\s*([^;()]+)\)|({_PATH_TEXT})\s*\|\s*(all|any)\(([^;()]+)\)", re.DOTALL)
_PLAIN_WORD = re.compile(r"[a-z]+|\d+")
_QUOTED = re.compile(r"`([^`]*)`")
_FIELD_NAME = re.compile(r"[\w.$\[\]-]+")
_DECISION = re.compile(rf"(?:{_PATH_TEXT})?\.approved\s*(?:== true|(== false|!= true|\| not))?")
_ITEMS: Final = {0: "first item", 1: "second item", 2: "third item"}
_SIGNS: Final = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_VERBS: Final = {"startswith": "starts with", "endswith": "ends with", "contains": "contains", "test": "matches"}


def condition_words(expression: str) -> str:
    """Return a condition as words, or the expression itself in backquotes."""
    return _condition(strip(expression)) or f"`{shown(strip(expression), 100)}`"


def where_words(expression: str) -> str:
    """Return a condition on something that has just been named: "amount is above 100", or the expression itself in backquotes."""
    return _condition(strip(expression), bare=True) or f"`{shown(strip(expression), 100)}`"


def value_words(expression: str) -> str:
    """Return "the customer's name" for a plain path, a text with its fields in braces, or the expression itself in backquotes."""
    code = strip(expression)
    if code == ".":
        return "the data"
    text = filled_text(code)
    if text:
        return f'"{text}"'
    return path_words(code) if _PATH.fullmatch(code) else f"`{shown(code, 100)}`"


def path_words(path: str) -> str:
    """Return a plain path as words: `.order.amount` -> "the order's amount", `$context.unitPrice` -> "`unitPrice`"."""
    parts = [part for part in re.split(r"[.\[\]]", path.removeprefix("$")) if part]
    root = ""
    if path.startswith("$") and parts and parts[0] in ("context", "input", "output", "workflow"):
        root = "input" if parts[:2] == ["workflow", "input"] else parts[0]
        parts = [part for part in parts[1:] if part != "input"] or parts[:1]
    if parts[0].isdigit():  # of a list without a name
        return _item(int(parts[0]), root) if len(parts) == 1 else f"`{_joined([root, *parts])}`"
    if len(parts) > 3 or not all(part.islower() and _PLAIN_WORD.fullmatch(part) for part in parts):
        return f"`{_joined(parts)}`"
    return "the " + " ".join([*(part + ("'" if part.endswith("s") else "'s") for part in parts[:-1]), parts[-1]])


def _item(index: int, root: str) -> str:
    """Return "the first item of the input", "item 7"."""
    return f"{'the ' if index in _ITEMS else ''}{_ITEMS.get(index, f'item {index + 1}')}{f' of the {root}' if root else ''}"


def _joined(parts: list[str]) -> str:
    """Return a path without its first point: `order.lines[0].price`."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts if part).lstrip(".")


def field_words(name: str) -> str:
    """Return the name of a field as it is said: a plain word as it is, another one quoted."""
    return name if _PLAIN_WORD.fullmatch(name) else f"`{name}`"


def filter_words(expression: str) -> str | None:
    """Return "the orders where the amount is above 100" for the usual filters, None for everything else."""
    code = strip(expression)
    match = _FILTERED.fullmatch(code) or _BRACKETED.fullmatch(code)
    if match is None:
        return None
    where = _condition(match.group(2).strip(), bare=True)
    return f"{things(match.group(1))} where {where}" if where else None


def computed_words(expression: str) -> str | None:
    """Return words for other usual computations (fields of items, a count, a sum), None for everything else."""
    code = strip(expression)
    match = _FIELDS.fullmatch(code)
    if match:
        fields = [field_words(field.strip()) for field in match.group(2).split(",")]
        return f"only {', '.join(fields)} of {things(match.group(1))}"
    match = _LENGTH.fullmatch(code)
    if match:
        return f"the number of {things(match.group(1))}"
    match = _SUM.fullmatch(code)
    return f"the sum of {path_words(match.group(2))} over {things(match.group(1))}" if match else None


def things(path: str | None) -> str:
    """Return what a list is called: "the orders"; "the items" where it has no name."""
    return path_words(path) if path and path not in (".", "$input", "$context", "$output") else "the items"


def holds_code(said: str) -> bool:
    """Tell whether words made here quote jq, and not only names of fields."""
    return any(not _FIELD_NAME.fullmatch(quoted) for quoted in _QUOTED.findall(said))


def plainly(said: str) -> str:
    """Return words without quoted jq, for places with little room."""
    return _QUOTED.sub(lambda match: match[1] if _FIELD_NAME.fullmatch(match[1]) else "a computed value", said)


def _condition(code: str, *, bare: bool = False) -> str | None:
    """Return the words of *code*; *bare* leaves out "the" (the amount is above 100 -> amount is above 100)."""
    every = _EVERY.fullmatch(code)
    if every:
        which, path, inner = every.group(1, 2, 3) if every.group(1) else every.group(5, 4, 6)
        words = _condition(inner.strip(), bare=True)
        return f"{words} for {'all' if which == 'all' else 'one or more'} of {things(path)}" if words else None
    for sign, word in ((" or ", " or "), (" and ", " and ")):
        if sign in code:
            written = code.split(sign)
            parts = [None if part.count('"') % 2 else _simple(part.strip(), bare=bare) for part in written]
            return None if None in parts else word.join(part for part in parts if part)
    return _simple(code, bare=bare)


def _simple(code: str, *, bare: bool) -> str | None:
    decision = _DECISION.fullmatch(code)
    if decision:  # the answer of an `approve`
        return "it was not approved" if decision.group(1) else "it was approved"
    match = _COMPARISON.fullmatch(code)
    if match:
        return _comparison(match, bare=bare)
    match = _FUNCTION.fullmatch(code)
    if match:
        return f"{_subject(match.group(1), bare=bare)} {_VERBS[match.group(2)]} {match.group(3)}"
    match = _NEGATED.fullmatch(code)
    if match:
        return f"{_yes_or_no(match.group(1), bare=bare)} is not true"
    return f"{_yes_or_no(code, bare=bare)} is true" if _PATH.fullmatch(code) else None


def _comparison(match: re.Match[str], *, bare: bool) -> str:
    left, sign, right = match.groups()
    numbered = _NUMBERED.fullmatch(left)
    left = numbered.group(1) if numbered else left
    counted = _LENGTH.fullmatch(left.strip("() ")) if left.startswith("(") else None
    subject = f"the number of {things(counted.group(1))}" if counted else _subject(left, bare=bare)
    if right == "null":
        return f"{subject} is {'not set' if sign == '==' else 'set'}"
    if right in ("true", "false") and sign in ("==", "!="):
        return f"{_yes_or_no(left, bare=bare)} is {'' if sign == '==' else 'not '}{right}"
    value = _subject(right, bare=bare) if _PATH.fullmatch(right) else right
    return f"{subject} {_SIGNS[sign]} {value}"


def _subject(path: str, *, bare: bool) -> str:
    words = path_words(path)
    return words.removeprefix("the ") if bare else words


def _yes_or_no(path: str, *, bare: bool) -> str:
    """Return what is true or not: "done" alone is mostly no thing but how something is, so it has no "the"."""
    words = _subject(path, bare=bare)
    return words if "' " in words or "'s " in words else words.removeprefix("the ")
