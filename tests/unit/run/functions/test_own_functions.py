"""Functions of installed packages: an entry point brings the entry and its code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from graphs import catalogue
from tests.unit.run.harness import Runs

NOTIFY = {"name": "notify", "version": "1.0.0", "title": "N", "effect": "none", "idempotent": True}
CODE = """
FUNCTION = {
    "name": "acme-greet", "version": "1.0.0", "title": "Greet", "effect": "none", "idempotent": True,
    "input": {"type": "object", "required": ["name"], "additionalProperties": False, "properties": {"name": {"type": "string"}}},
    "output": {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": {"type": "string"}}},
}


async def run(arguments, call):
    return {"text": f"Hello {arguments['name']}"} if arguments["name"] else {"txt": "nobody"}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as pip leaves it: a module, and its dist-info with the entry point."""
    (tmp_path / "acme_greet.py").write_text(CODE)
    about = tmp_path / "acme_greet-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-greet\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[parley.functions]\ngreet = acme_greet\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue.installed.cache_clear()
    yield tmp_path
    catalogue.installed.cache_clear()
    sys.modules.pop("acme_greet", None)


async def test_an_installed_package_brings_a_function(package: Path, runs: Runs) -> None:
    runs.functions = catalogue.load()

    outcome = await runs.start([{"g": {"call": "acme-greet:1.0.0@default", "with": {"name": "Ada"}}}], {})

    assert outcome.output == {"text": "Hello Ada"}


async def test_what_its_entry_does_not_promise_is_an_error(package: Path, runs: Runs) -> None:
    runs.functions = catalogue.load()

    outcome = await runs.start([{"g": {"call": "acme-greet:1.0.0@default", "with": {"name": ""}}}], {})

    assert outcome.error is not None
    assert "acme-greet:1.0.0 gave something that its entry in the catalogue does not promise" in outcome.error["detail"]


@pytest.mark.parametrize(
    ("value", "described", "why"),
    [
        ("no_such_module_here", None, "cannot be imported"),
        ("own_bad", {}, "name: Field required"),
        ("own_bad", NOTIFY, "there is a function notify:1.0.0 already"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_used_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch, value: str, described: Any, why: str) -> None:
    module: Any = type(sys)("own_bad")
    module.FUNCTION, module.run = described, lambda: None
    monkeypatch.setitem(sys.modules, "own_bad", module)
    monkeypatch.setattr(catalogue, "entry_points", lambda: [EntryPoint("bad", value, "parley.functions")])
    catalogue.installed.cache_clear()
    try:
        found = catalogue.installed()
    finally:
        catalogue.installed.cache_clear()

    assert found.functions == {}
    assert why in found.unusable[0]
