"""The locks: hashed, without an index, and one a part of the other."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("app", "graphs", "prompts", "dsl", "memory", "evals")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?)==([^ ;\\]+)", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pins(name: str) -> set[tuple[str, str]]:
    return {(found[0], found[1]) for found in PIN.findall(text(name))}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock", "requirements-bench.lock"])
class TestEachLock:
    def test_every_pin_has_a_hash(self, name: str) -> None:
        blocks = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)

        without = [block.split(" ", 1)[0] for block in blocks if block.strip() and "--hash=sha256:" not in block]

        assert without == []

    def test_no_index_is_named(self, name: str) -> None:
        assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", text(name)) == []


def test_what_is_tested_is_what_is_installed() -> None:
    assert pins("requirements.lock") - pins("requirements-test.lock") == set()


def imported() -> set[str]:
    """The top-level names that the shipped packages import, anywhere in their code."""
    names: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            beside = {other.stem for other in path.parent.glob("*.py")} if (path.parent / "__main__.py").exists() else set()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names} - beside  # a folder that is run finds its own files
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - set(PACKAGES)


def test_whatever_the_packages_import_is_installed_for_users() -> None:
    """A test tool that happens to bring a library along must not hide that users lack it. What an extra brings is asked for by name."""
    carriers = packages_distributions()
    extras = tomllib.loads(text("pyproject.toml"))["project"].get("optional-dependencies", {})
    asked = {re.split(r"[^\w.-]", requirement)[0] for named in extras.values() for requirement in named}
    locked = {name.partition("[")[0] for name, _ in pins("requirements.lock")} | asked
    carried = {name: {re.sub(r"[-_.]+", "-", found).lower() for found in carriers.get(name, [])} for name in imported()}

    assert {name: found for name, found in carried.items() if not found & locked} == {}


def test_what_sqlalchemys_asyncio_half_needs_is_locked() -> None:
    """It imports greenlet only when used, and does not name it as a dependency of its own."""
    assert "greenlet" in {name for name, _ in pins("requirements.lock")}
