"""What the outline and the effects say of definitions, for people to read: `python -m tests.unit.dsl.told` writes it anew."""

from __future__ import annotations

from pathlib import Path

import yaml

from dsl import Effect, OutlineLine, effects, outline, read
from tests.unit.dsl import official
from tests.unit.dsl.definitions import CATALOGUE

FOLDER = Path(__file__).parents[2] / "data" / "told"
GOLDEN = FOLDER / "expected.yaml"


def paths() -> dict[str, Path]:
    """Return the definitions by the name they have in the golden file: ours, and the examples of the specification where they are."""
    ours = {path.stem: path for path in sorted(FOLDER.glob("*.yaml")) if path != GOLDEN}
    return ours | {f"specification/{path.stem}": path for path in official.files("examples")}


def told(path: Path) -> dict[str, list[str]]:
    """Return the lines of the outline and of the effects of the definition at *path*."""
    data = read(path.read_text()).data
    return {"outline": [_line(line) for line in outline(data, CATALOGUE)], "effects": [_effect(one) for one in effects(data, CATALOGUE)]}


def _line(line: OutlineLine) -> str:
    said = f"{line.text} | {line.detail}" if line.detail else line.text
    return "  " * line.depth + f"{line.number} {said}".strip()


def _effect(effect: Effect) -> str:
    more = [f"after {effect.by} approved"] * bool(effect.by) + [f"with {', '.join(effect.secrets)}"] * bool(effect.secrets)
    return f"{effect.title}: {effect.kind} {effect.target}; {'; '.join([effect.how_often, *more])}"


if __name__ == "__main__":
    GOLDEN.write_text(yaml.safe_dump({name: told(path) for name, path in paths().items()}, allow_unicode=True, sort_keys=False, width=1000))
