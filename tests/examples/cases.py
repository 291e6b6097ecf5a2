"""The folders of `examples/` as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world.yaml_text import read_yaml

JSON = Any
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WRITTEN_URL = "http://127.0.0.1:8099"  # where people start a world; tests put the world's real address in its place


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of `examples/`."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def definition_text(self) -> str:
        return (self.folder / "definition.yaml").read_text(encoding="utf-8")

    @property
    def definition(self) -> dict[str, JSON]:
        found: dict[str, JSON] = read_yaml(self.definition_text)
        return found

    @property
    def world(self) -> Path:
        return self.folder / "world.yaml"

    @property
    def children(self) -> dict[str, dict[str, JSON]]:
        """Definitions that `run: workflow` may name, by `namespace/name/version`."""
        found = [read_yaml(path.read_text(encoding="utf-8")) for path in sorted(self.folder.glob("workflows/*.yaml"))]
        return {"{namespace}/{name}/{version}".format(**child["document"]): child for child in found}

    @property
    def people(self) -> dict[str, JSON]:
        """What people answer, by the reference of the task that asks them."""
        script = read_yaml(self._text("script.yaml", "{}"))
        answers: dict[str, JSON] = script.get("answers", {})
        return answers

    @property
    def secrets(self) -> dict[str, JSON]:
        found: dict[str, JSON] = self.read("secrets.json", default={})
        return found

    @property
    def expected(self) -> dict[str, JSON]:
        found: dict[str, JSON] = self.read("expected.json")
        return found

    def read(self, name: str, *, base_url: str = WRITTEN_URL, default: JSON = None) -> JSON:
        """Return a JSON file with the address of the running world in it, or *default* when there is no such file."""
        text = self._text(name, "")
        return json.loads(text.replace(WRITTEN_URL, base_url)) if text else default

    def _text(self, name: str, default: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else default


ALL = [Example(path.parent) for path in sorted(EXAMPLES.glob("*/definition.yaml"))]
NAMES = [example.name for example in ALL]


def named(name: str) -> Example:
    return Example(EXAMPLES / name)
