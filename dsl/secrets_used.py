"""Which secrets a task uses: in expressions, in the authentication of what it calls, and in what it names from `use`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dsl.catalogue import parse_name
from dsl.checks.names import secrets_in
from dsl.expressions.program import is_expression, strip
from dsl.kinds import PROTOCOLS
from dsl.pointer import get
from dsl.sites import task_sites, texts
from dsl.walk import Step

JSON = Any

_SCHEMES: Final = ("basic", "bearer", "digest", "oauth2", "oidc", "certificate")
_ALL = re.compile(r"\$secrets(?!\s*(?:\.\s*[A-Za-z_\"]|\.?\[\s*\"[^\"\\]+\"\s*\]))")  # `$secrets` whole, or with a computed name
_OF_CALLS: Final = (  # where a protocol's call keeps its authentication
    ("with", "endpoint", "authentication"),
    ("with", "authentication"),
    ("with", "service", "authentication"),
    ("with", "server", "authentication"),
    ("with", "document", "endpoint", "authentication"),
    ("with", "proto", "endpoint", "authentication"),
    ("with", "agentCard", "endpoint", "authentication"),
    ("with", "transport", "http", "endpoint", "authentication"),
)
_OF_TASKS: Final = (
    ("run", "script", "source", "endpoint", "authentication"),
    ("input", "schema", "resource", "endpoint", "authentication"),
    ("output", "schema", "resource", "endpoint", "authentication"),
    ("export", "schema", "resource", "endpoint", "authentication"),
)


class SecretsUsed:
    """Answers for the tasks of one definition."""

    def __init__(self, data: JSON) -> None:
        text = repr(data)  # most definitions use no secret at all: two looks at their text say so
        self._data, self._any = data, "$secrets" in text or "authentication" in text

    def of(self, step: Step) -> tuple[str, ...]:
        """Return the names of the secrets that *step* itself uses, sorted; all declared ones when it takes `$secrets` as a whole."""
        return _secrets_of(step, self._data) if self._any else ()


def _secrets_of(step: Step, data: JSON) -> tuple[str, ...]:
    found: set[str] = set()
    for site in task_sites(step):
        if "$secrets" in site.text and (site.formula or is_expression(site.text)):
            found |= _in_expression(site.text, data)
    for policy in _policies(step, data):
        found |= _of_policy(policy, data)
    error = get(step.task, "/raise/error") if step.kind == "raise" else None
    if isinstance(error, str):
        found |= _in_texts(_declared(data, "errors", error), data)
    return tuple(sorted(found))


def _policies(step: Step, data: JSON) -> Iterator[JSON]:
    places = _OF_CALLS + _OF_TASKS if step.kind == "call" and step.task["call"] in PROTOCOLS else _OF_TASKS
    for place in places:
        value: JSON = step.task
        for part in place:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            yield value
    parsed = parse_name(step.task["call"]) if step.kind == "call" and isinstance(step.task["call"], str) else None
    if parsed and parsed.catalogue:
        yield get(_declared(data, "catalogs", parsed.catalogue), "/endpoint/authentication")


def _of_policy(policy: JSON, data: JSON) -> set[str]:
    """Return the secrets an authentication takes: named by `use` of its scheme, or read in an expression."""
    name = policy if isinstance(policy, str) else policy.get("use") if isinstance(policy, dict) else None
    declared = _declared(data, "authentications", name) if isinstance(name, str) else policy
    if not isinstance(declared, dict):
        return set()
    found = _in_texts(declared, data)
    for scheme in _SCHEMES:
        named = get(declared, f"/{scheme}/use")
        found |= {named} if isinstance(named, str) else set()
    return found


def _in_texts(value: JSON, data: JSON) -> set[str]:
    return {name for site in texts(value, "", frozenset()) if is_expression(site.text) for name in _in_expression(site.text, data)}


def _in_expression(text: str, data: JSON) -> set[str]:
    if "$secrets" not in text:
        return set()
    found = secrets_in(strip(text))
    declared = get(data, "/use/secrets") if _ALL.search(text) else None
    return found | {name for name in declared if isinstance(name, str)} if isinstance(declared, list) else found


def _declared(data: JSON, part: str, name: str) -> JSON:
    declared = get(data, f"/use/{part}")
    return declared.get(name) if isinstance(declared, dict) else None
