"""Find every mistake in a definition at once.

Layers: syntax (`source.read`) → structure → names → expressions → flow → policy. No network; findings are returned, not raised,
since a person or a model often repairs them all in one turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from dsl.canonical import digest as digest_of
from dsl.catalogue import Catalogue
from dsl.checks.consequences import Consequences
from dsl.checks.expressions import expressions
from dsl.checks.flow import flow
from dsl.checks.metadata import metadata
from dsl.checks.names import names
from dsl.checks.policy import GENEROUS, Policy, sizes
from dsl.checks.policy import policy as limits_of
from dsl.checks.schedule import schedule
from dsl.checks.schemas import schemas
from dsl.checks.structure import structure
from dsl.collector import uncollected
from dsl.effects import Effect
from dsl.effects import effects as effects_of
from dsl.pointer import parent
from dsl.problems import MOST_PROBLEMS, InvalidDefinition, Problem
from dsl.source import Source, read
from dsl.walk import walked_once

if TYPE_CHECKING:
    from dsl.model import Definition

JSON = Any

_LONGEST: Final = 2_000  # characters of a problem's message and hint together
_SEVERITIES: Final = ("error", "warning", "advice")
_OF_KEYS = frozenset(
    {
        "unknown-property",
        "old-vocabulary",
        "misplaced-property",
        "misplaced-schema",
        "unnamed-item",
        "unknown-task",
        "duplicate-task",
        "reserved-name",
        "unreachable-task",
        "two-kinds",
        "unknown-argument",
    }
)


@dataclass(frozen=True)
class Examined:
    """A definition with all that is known of it. `definition`, `effects` and `digest` are empty while there are errors."""

    source: Source | None  # None when plain data was examined
    data: JSON  # None when the text could not be read
    problems: tuple[Problem, ...]  # by place
    effects: tuple[Effect, ...]
    digest: str | None

    @property
    def valid(self) -> bool:
        """True when no problem is an error."""
        return not any(problem.severity == "error" for problem in self.problems)

    @cached_property
    def definition(self) -> Definition | None:
        return load(self.data) if self.valid else None


def examine(
    text_or_data: str | JSON, catalogue: Catalogue | None = None, *, workflows: Collection[str] | None = None, policy: Policy = GENEROUS
) -> Examined:
    """
    Read, check and explain a definition in one go.

    Args:
        text_or_data: YAML or JSON text, or plain data.
        catalogue: The functions that may be called; without any, names of functions are judged by their form only.
        workflows: "namespace/name/version" of the workflows that `run: workflow` may name; None: not judged. A mapping from that to
            their definitions also tells what they do: their effects count with those of the definition.
        policy: Limits of whoever runs it; the default stops only what no machine could do well.
    """
    source = read(text_or_data) if isinstance(text_or_data, str) else None
    data = source.data if source else text_or_data
    found = tuple(check(source if source else data, catalogue, workflows=workflows, policy=policy))
    if any(problem.severity == "error" for problem in found):
        return Examined(source, data, found, (), None)
    return Examined(source, data, found, tuple(effects_of(data, catalogue or {}, workflows)), digest_of(data))


def check(
    source_or_data: Source | JSON,
    catalogue: Catalogue | None = None,
    *,
    workflows: Collection[str] | None = None,
    policy: Policy = GENEROUS,
) -> list[Problem]:
    """Return every problem, by place; those of a Source have line and column."""
    if not isinstance(source_or_data, Source):
        return _listed(_checked(source_or_data, catalogue or {}, workflows, policy))
    source = source_or_data
    if source.data is None:
        return _listed(source.problems)
    told = {problem.reference for problem in source.problems if problem.code in ("merge-key", "unsafe-number")}
    checked = _checked(source.data, catalogue or {}, workflows, policy)
    found = [placed(problem, source) for problem in checked if problem.reference not in told]
    return _listed([*source.problems, *found])


def load(data: JSON) -> Definition:
    """Return the tree of plain *data*. Raises InvalidDefinition when its structure is wrong or not supported yet."""
    problems = structure(data)
    if problems:
        raise InvalidDefinition(problems)
    from dsl.model import Definition

    return Definition.model_validate(data)


def _checked(data: JSON, catalogue: Catalogue, workflows: Collection[str] | None, policy: Policy) -> list[Problem]:
    with uncollected(), walked_once(data):
        return _layers(data, catalogue, workflows, policy)


def _layers(data: JSON, catalogue: Catalogue, workflows: Collection[str] | None, policy: Policy) -> list[Problem]:
    outsized = list(sizes(data, policy))
    if outsized:
        return outsized
    found = structure(data)
    if not isinstance(data, dict) or any(problem.reference == "" and problem.code == "old-vocabulary" for problem in found):
        return found
    if len(found) > MOST_PROBLEMS:
        return found  # no more are told
    found.extend(metadata(data))
    from dsl.checks.dataflow import dataflow  # 12 ms, and only a check needs it

    following = Consequences(found)
    named = (names(data, catalogue, workflows), schemas(data))
    for layer in (*named, expressions(data), flow(data), dataflow(data, catalogue), schedule(data), limits_of(data, policy)):
        found.extend(islice((problem for problem in layer if problem not in following), MOST_PROBLEMS + 1))
    return _once(found)


_CLOSING = frozenset({"wrong-type", "unknown-task", "two-in-one-item", "unnamed-item"})
_SEVERAL = frozenset({"missing-property", "missing-argument"})  # an object may lack more than one thing


def _once(problems: list[Problem]) -> list[Problem]:
    """Drop what follows from another problem: a second one at the same place, and all about a part that cannot be read or run."""
    closed = {problem.reference for problem in problems if problem.code in _CLOSING}
    kept: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        beside = problem.reference in closed and problem.code not in _CLOSING
        if not beside and not _inside(problem.reference, closed):
            kept.setdefault((problem.reference, problem.message if problem.code in _SEVERAL else problem.severity), problem)
    return list(kept.values())


def _inside(reference: str, closed: set[str]) -> bool:
    while reference:
        reference = parent(reference)
        if reference in closed:
            return True
    return False


def placed(problem: Problem, source: Source) -> Problem:
    """Return *problem* with the line and column of the key or value it is about, or of the nearest part that has a place."""
    reference = problem.reference
    while reference and reference not in source.spans:
        reference = parent(reference)
    value, key = source.spans.get(reference), source.keys.get(reference)
    about_key = problem.code in _OF_KEYS or (value is not None and value.end_line > value.line)
    span = key if key and (about_key or value is None) else value
    return replace(problem, line=span.line, column=span.column) if span else problem


def _listed(problems: Sequence[Problem]) -> list[Problem]:
    """Return *problems* by place; of too many, the gravest, and a last one that says that there are more. Endless words are cut."""
    problems = [_cut(problem) if len(problem.message) + len(problem.hint) > _LONGEST else problem for problem in problems]
    if len(problems) <= MOST_PROBLEMS:
        return _sorted(problems)
    by_weight = sorted(_sorted(problems), key=lambda problem: _SEVERITIES.index(problem.severity))
    more = replace(
        by_weight[MOST_PROBLEMS],
        code="too-many-problems",
        message=f"there are more than {MOST_PROBLEMS} problems, and the others are not listed",
        hint="correct those above and check again",
        severity="advice",
    )
    return [*_sorted(by_weight[:MOST_PROBLEMS]), more]


def _cut(problem: Problem) -> Problem:
    return replace(problem, message=_at_most(problem.message, _LONGEST // 2), hint=_at_most(problem.hint, _LONGEST // 2))


def _at_most(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + " …"


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column, problem.reference, problem.code))
