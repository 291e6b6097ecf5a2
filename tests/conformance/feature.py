"""Read the part of Gherkin that the conformance kit uses: scenarios, steps, and texts between triple quotes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_STEP = re.compile(r"(?:Given|When|Then|And|But)\s+(?:given\s+)?(?P<words>.+)")


@dataclass
class Step:
    words: str  # without its keyword
    text: str | None = None  # what stands between triple quotes below it


@dataclass
class Scenario:
    feature: str  # file name without its ending
    name: str
    steps: list[Step] = field(default_factory=list)


def scenarios(path: Path) -> Iterator[Scenario]:
    """Yield the scenarios of a feature file. Raises ValueError for a line that is none of what it knows."""
    scenario: Scenario | None = None
    lines = iter(path.read_text().splitlines())
    for line in lines:
        words = line.strip()
        step = _STEP.fullmatch(words)
        if words.startswith("Scenario:"):
            if scenario is not None:
                yield scenario
            scenario = Scenario(path.stem, words.removeprefix("Scenario:").strip())
        elif scenario is None or not words or words.startswith("#"):
            continue  # the feature's description
        elif words.startswith('"""'):
            scenario.steps[-1].text = _quoted(lines)
        elif step is not None:
            scenario.steps.append(Step(step["words"]))
        else:
            raise ValueError(f"{path.name}: what is this line? {line!r}")
    if scenario is not None:
        yield scenario


def _quoted(lines: Iterator[str]) -> str:
    text = []
    for line in lines:
        if line.strip() == '"""':
            break
        text.append(line)
    return textwrap.dedent("\n".join(text))
