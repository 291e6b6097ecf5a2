"""From what other languages write to jq: the fix that a hint shows is one that compiles.

`fixed` rewrites what it recognises (JavaScript, Python, JSONPath, templates of other tools) and asks jq; only what jq then understands is
offered. Texts in double quotes are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from dsl.expressions.masking import HIDDEN, masked
from dsl.expressions.syntax import syntax_error

_LONGEST: Final = 1_000  # characters; what is longer is for a person to look at
_ROUNDS: Final = 6  # chained methods are rewritten one a round
_GROUP = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_OPERAND = rf"(?:[$.\w\[\]{HIDDEN}]+|{_GROUP})"


class Rewrite(NamedTuple):
    pattern: re.Pattern[str]
    becomes: str | Callable[[re.Match[str], Callable[[int], str]], str]
    words: str


# methods and functions of other languages: what jq calls them
JQ_NAMES: Final = {
    "length": "length", "size": "length", "count": "length", "len": "length", "filter": "select", "upper": "ascii_upcase",
    "toUpperCase": "ascii_upcase", "uppercase": "ascii_upcase", "lower": "ascii_downcase", "toLowerCase": "ascii_downcase",
    "lowercase": "ascii_downcase", "toString": "tostring", "str": "tostring", "String": "tostring", "int": "tonumber", "float": "tonumber",
    "parseInt": "tonumber", "parseFloat": "tonumber", "Number": "tonumber", "startsWith": "startswith", "endsWith": "endswith",
    "includes": "contains", "sum": "add", "strip": "trim", "some": "any", "every": "all", "match": "test", "matches": "test",
    "indexOf": "index", "concat": "add", "replace": "sub", "replaceAll": "gsub", "json": "tojson", "stringify": "tojson", "max": "max",
    "min": "min", "sorted": "sort", "uniq": "unique", "distinct": "unique", "isEmpty": "length == 0",
}  # fmt: skip
_AS_THEY_ARE: Final = {
    "map", "join", "split", "keys", "reverse", "sort", "unique", "flatten", "first", "last", "any", "all", "contains", "test", "sub",
    "gsub", "tostring", "tonumber", "trim", "add", "index", "startswith", "endswith", "has", "values",
}  # fmt: skip
_ON_EACH: Final = frozenset({"filter", "map", "some", "every", "find"})


def _method(match: re.Match[str], text: Callable[[int], str]) -> str:
    path, name, arguments = text(1), match[2], text(3).strip()
    if name in _ON_EACH:
        arguments = _without_arrow(arguments)
    jq = JQ_NAMES.get(name, name)
    if name == "filter":
        return f"({path} | map(select({arguments})))"
    if name == "find":
        return f"(first({path}[] | select({arguments})))"
    if name in ("includes", "contains"):  # of a list or a text: jq's `contains` means something else for lists
        return f"({path} | index({arguments}) != null)"
    if name in ("slice", "substring"):
        return f"{path}[{arguments.replace(',', ':')}]"
    if name == "get":
        return f"{path}[{arguments}]"
    if jq not in _AS_THEY_ARE and name not in JQ_NAMES:
        return text(0)
    separated = arguments.replace(",", ";") if jq in ("sub", "gsub") else arguments
    return f"({path} | {jq}({separated}))" if arguments else f"({path} | {jq})"


def _without_arrow(arguments: str) -> str:
    """`o => o.total > 1` gives `.total > 1`."""
    match = re.match(r"\(?\s*([A-Za-z_]\w*)\s*\)?\s*=>\s*(.+)", arguments, re.DOTALL)
    if match is None:
        return arguments
    item = rf"(?<![\w.$]){match[1]}"
    return re.sub(rf"{item}\b", ".", re.sub(rf"{item}(?=\.)", "", match[2]))


def _call(match: re.Match[str], text: Callable[[int], str]) -> str:
    return f"({text(2)} | {JQ_NAMES[match[1]]})"


def _condition(match: re.Match[str], text: Callable[[int], str]) -> str:
    return f"if {text(1)} then {text(2)} else {text(3)} end"


def _python_condition(match: re.Match[str], text: Callable[[int], str]) -> str:
    return f"if {text(2)} then {text(1)} else {text(3)} end"


def _backticks(match: re.Match[str], text: Callable[[int], str]) -> str:
    return '"' + re.sub(r"\$\{\s*(.*?)\s*\}", r"\\(\1)", text(1)) + '"'


def _filter_of_path(match: re.Match[str], text: Callable[[int], str]) -> str:
    return f"[] | select({text(1).replace('@', '')})"


_CONSTANTS: Final = {
    "None": "null", "nil": "null", "NULL": "null", "Null": "null", "undefined": "null",
    "True": "true", "TRUE": "true", "False": "false", "FALSE": "false",
}  # fmt: skip


def _constant(match: re.Match[str], _text: Callable[[int], str]) -> str:
    return _CONSTANTS[match[0]]


_PIPES: Final = "jq pipes values into functions: `.items | length`"
_NOT: Final = "jq writes `| not` behind a value"
_IF: Final = "jq writes `if … then … else … end`"
_DOT: Final = "jq paths begin with `.`, not with `$`"
_TABLE: Final = (
    Rewrite(re.compile(r"`([^`]*)`"), _backticks, 'jq writes text as "…\\(.value)…"'),
    Rewrite(re.compile(r"\$\{\s*([^{}]*?)\s*\}"), r"\1", "inside an expression there is no further ${ }"),
    Rewrite(re.compile(r"\A\{\{?\s*([^{}]*?)\s*\}?\}\Z"), r"\1", "one pair of braces is enough"),
    Rewrite(re.compile(r"\A\$\(([^()]*)\)\Z"), r"\1", "braces, not parentheses, make an expression"),
    Rewrite(re.compile(rf"'([^'{HIDDEN}]*)'"), r'"\1"', "jq writes text in double quotes"),
    Rewrite(re.compile(r"\[\?\((.+?)\)\]"), _filter_of_path, "jq filters with `select`"),
    Rewrite(re.compile(r"(?<![\w.$])(?=(?:context|secrets|workflow|authorization|runtime)[.\[])"), "$", "a variable begins with `$`"),
    Rewrite(re.compile(r"\[\*\]"), "[]", "jq writes `[]` for every item"),
    Rewrite(re.compile(r"\$(?=\.[A-Za-z_]|$)"), "", _DOT),
    Rewrite(re.compile(r"\$(?=\[)"), ".", _DOT),
    Rewrite(re.compile(r"\s*&&\s*"), " and ", "jq writes `and`"),
    Rewrite(re.compile(r"\s*\|\|\s*"), " or ", "jq writes `or`"),
    Rewrite(re.compile(r"\s*\?\?\s*"), " // ", "jq writes `//` for a default"),
    Rewrite(re.compile(r"!=="), "!=", "jq writes `!=`"),
    Rewrite(re.compile(r"==="), "==", "jq writes `==`"),
    Rewrite(re.compile(r"<>"), "!=", "jq writes `!=`"),
    Rewrite(re.compile(rf"({_OPERAND})\s*=~\s*({HIDDEN}+)"), r"(\1 | test(\2))", "jq matches with `test`"),
    Rewrite(re.compile(rf"\A!\s*({_OPERAND})\Z"), r"\1 | not", _NOT),
    Rewrite(re.compile(rf"!\s*({_OPERAND})"), r"(\1 | not)", _NOT),
    Rewrite(re.compile(rf"\Anot\s+({_OPERAND})\Z"), r"\1 | not", _NOT),
    Rewrite(re.compile(rf"(?<!\|\s)(?<![\w.$|])not\s+((?!(?:and|or|then|else|elif|end|as)\b){_OPERAND})"), r"(\1 | not)", _NOT),
    Rewrite(re.compile(r"(?<![\w.$])(?:" + "|".join(_CONSTANTS) + r")\b"), _constant, "jq writes `null`, `true`, `false`"),
    Rewrite(re.compile(rf"({_OPERAND})\s+in\s+(\[[^\[\]]*\])"), r"(\1 | IN(\2[]))", "jq asks with `IN`"),
    Rewrite(re.compile(rf"({_OPERAND})\.([A-Za-z]+)\(((?:[^()]|{_GROUP})*)\)"), _method, _PIPES),
    Rewrite(re.compile(rf"(?<![\w.$])({'|'.join(JQ_NAMES)})\(((?:[^()]|{_GROUP})+)\)"), _call, _PIPES),
    Rewrite(re.compile(rf"({_OPERAND})\.length\b"), r"(\1 | length)", _PIPES),
    Rewrite(re.compile(r"(?<=[\w)])\(\s*\)"), "", "a function without arguments has no brackets"),
    Rewrite(re.compile(r"\A(.+?)\s*\?\s*([^:?]+?)\s*:\s*(.+)\Z", re.DOTALL), _condition, _IF),
    Rewrite(re.compile(r"\A(?!if\b)(.+?)\s+if\s+(.+?)\s+else\s+(.+)\Z", re.DOTALL), _python_condition, _IF),
    Rewrite(re.compile(r"\A(\s*if\b(?:(?!\bend\b).)*)\Z", re.DOTALL), r"\1 end", "`if` needs an `end`"),
)  # fmt: skip


class Fix(NamedTuple):
    code: str
    words: str  # why, may be empty


def fixed(code: str, variables: Collection[str], standard: Collection[str]) -> Fix | None:
    """Return *code* as jq would have it, when something was recognised and the result compiles with these variables."""
    if len(code) > _LONGEST:
        return None
    found, words = rewritten(code)
    for candidate in (found, _closed(found), f'{found}"'):
        if candidate != code and syntax_error(candidate, variables, standard) is None:
            return Fix(candidate, "; ".join(words[:2]))
    return None


def rewritten(code: str) -> tuple[str, list[str]]:
    """Return *code* with all rewrites done, and why each."""
    words: list[str] = []
    for rewrite in _TABLE:
        for _ in range(_ROUNDS):
            changed = _applied(rewrite, code)
            if changed == code:
                break
            code = changed
            if rewrite.words not in words:
                words.append(rewrite.words)
    return _bare(code.strip()), words


def _applied(rewrite: Rewrite, code: str) -> str:
    hidden = masked(code)
    match = rewrite.pattern.search(hidden)
    if match is None:
        return code
    done, at = [], 0
    for one in rewrite.pattern.finditer(hidden):
        done += [code[at : one.start()], _replacement(rewrite, one, code)]
        at = one.end()
    return "".join(done) + code[at:]


def _replacement(rewrite: Rewrite, match: re.Match[str], code: str) -> str:
    def text(group: int) -> str:
        return code[match.start(group) : match.end(group)]

    if callable(rewrite.becomes):
        return rewrite.becomes(match, text)
    return re.sub(r"\\(\d)", lambda group: text(int(group[1])), rewrite.becomes)


def _bare(code: str) -> str:
    """Take off brackets around the whole."""
    while code.startswith("(") and code.endswith(")") and _closes_first(masked(code)):
        code = code[1:-1].strip()
    return code


def _closes_first(hidden: str) -> bool:
    """Tell whether the last bracket of *hidden* closes its first."""
    depth = 0
    for at, character in enumerate(hidden):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at == len(hidden) - 1
    return False


def _closed(code: str) -> str:
    """Return *code* with the brackets closed that were left open, and without those that close nothing."""
    wanted: list[str] = []
    kept = []
    for character, hidden in zip(code, masked(code), strict=True):
        if hidden in "([{":
            wanted.append({"(": ")", "[": "]", "{": "}"}[hidden])
        elif hidden in ")]}":
            if not wanted or wanted[-1] != hidden:
                continue
            wanted.pop()
        kept.append(character)
    return ("".join(kept) + "".join(reversed(wanted))).strip()
