"""The locks: hashed, without an index, and one a part of the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?)==([^ ;\\]+)", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pins(name: str) -> set[tuple[str, str]]:
    return {(found[0], found[1]) for found in PIN.findall(text(name))}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
class TestEachLock:
    def test_every_pin_has_a_hash(self, name: str) -> None:
        blocks = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)

        without = [block.split(" ", 1)[0] for block in blocks if block.strip() and "--hash=sha256:" not in block]

        assert without == []

    def test_no_index_is_named(self, name: str) -> None:
        assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", text(name)) == []


def test_what_is_tested_is_what_is_installed() -> None:
    assert pins("requirements.lock") - pins("requirements-test.lock") == set()
