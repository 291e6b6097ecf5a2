"""Every code of a problem is explained, has a definition that gives it, and stands on the page of `docs`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import dsl
from dsl.codes import CODES
from tests.unit.dsl.problem_page import ELSEWHERE, PAGE, examples, page

FOLDER = Path(dsl.__file__).parent
FILES = [*(FOLDER / "checks").glob("*.py"), *(FOLDER / "model").glob("*.py")]
FILES += [FOLDER / f"{name}.py" for name in ("check", "source", "yaml_events", "scalars")]
KNOWN = {code for codes in CODES.values() for code in codes}
_CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
# made of parts, or one word
COMPOSED = {"empty", "tab", "unused", "unknown-authentication", "unknown-error"}
NO_CODES = {"date-time"}


def _in_source() -> set[str]:
    """Return every text in the checks that looks like a code: they have hardly any other text of that form."""
    nodes = [node for path in FILES for node in ast.walk(ast.parse(path.read_text()))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if _CODE.fullmatch(text)} - NO_CODES | COMPOSED


def test_every_code_in_the_source_is_explained_and_every_explained_code_is_in_the_source() -> None:
    assert _in_source() == KNOWN


def test_every_code_has_a_definition_that_gives_it() -> None:
    assert KNOWN - set(examples()) == set(ELSEWHERE)
    assert set(examples()) <= KNOWN


def test_no_code_is_explained_twice() -> None:
    assert sum(len(codes) for codes in CODES.values()) == len(KNOWN)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "write it anew with `python -m tests.unit.dsl.problem_page`"
