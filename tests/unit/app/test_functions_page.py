"""docs/functions.md is what the catalogue says."""

from __future__ import annotations

from pathlib import Path

from app.functions_page import page
from graphs import catalogue

WRITTEN = Path(__file__).parents[3] / "docs" / "functions.md"


def test_the_page_is_up_to_date() -> None:
    assert WRITTEN.read_text("utf-8") == page(), "write it anew: python -m app.functions_page > docs/functions.md"


def test_every_function_has_its_part() -> None:
    assert all(f"\n## {function.name}\n" in page() for function in catalogue.own().values())
