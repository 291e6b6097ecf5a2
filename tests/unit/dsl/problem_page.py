"""`docs/problems.md`, made of `dsl.codes` and the examples under `tests/data`. Write it with `python -m tests.unit.dsl.problem_page`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dsl.codes import CODES
from tests.unit.dsl.definitions import DATA

PAGE = Path(__file__).parents[3] / "docs" / "problems.md"
_HEAD = """# Problems

What `parley validate` and the chat can find wrong with a definition. A problem has a code (below), a severity, a reference (JSON Pointer),
line and column, a message and a hint. `error`: not valid. `warning`: it runs, but surely not as meant. `advice`: worth a look.

This page is made from the definitions in `tests/data/workflows/invalid`: every code has one there, with exactly the problem it gives.
`tests/data/mistakes.yaml` has nearly two hundred usual mistakes, each with what its hint says, done.
"""
# too large for a file, or found only with limits of one's own: where they are tested
ELSEWHERE = {
    "invalid-character": "error",
    "not-allowed": "error, warning",
    "too-large": "error",
    "too-many-nodes": "error",
    "too-many-problems": "advice",
    "too-many-tasks": "error",
}


def examples() -> dict[str, list[dict[str, Any]]]:
    """Return the expected problems of all invalid definitions, by code; those of the shortest file name first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((DATA / "invalid").glob("*.problems.yaml"), key=lambda path: (len(path.name), path.name)):
        for problem in yaml.safe_load(path.read_text()):
            found.setdefault(problem["code"], []).append(problem)
    return found


def page() -> str:
    """Return the page."""
    known, lines = examples(), [_HEAD]
    for layer, codes in CODES.items():
        lines.append(f"\n## {layer}\n\n| code | severity | means | example |\n| --- | --- | --- | --- |\n")
        for code, meaning in codes.items():
            problems = known.get(code, [])
            severity = ", ".join(dict.fromkeys(problem["severity"] for problem in problems)) or ELSEWHERE[code]
            lines.append(f"| `{code}` | {severity} | {_cell(meaning)} | {_example(problems)} |\n")
    return "".join(lines)


def _example(problems: list[dict[str, Any]]) -> str:
    return _cell(f"{problems[0]['message']} *({problems[0]['hint']})*") if problems else ""


def _cell(text: str) -> str:
    """Return *text* as it may stand in a cell of a table."""
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page())
