"""What `use` declares and the rest names: authentications, errors, retries, timeouts; and what is declared and never named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from dsl.catalogue import parse_name
from dsl.expressions.program import is_expression
from dsl.kinds import PROTOCOLS
from dsl.nearest import did_you_mean, nearest
from dsl.pointer import get, join
from dsl.problems import Problem
from dsl.walk import Step, all_steps, notes

JSON = Any

_WORDS: Final = {
    "authentications": "authentication",
    "errors": "error",
    "retries": "retry policy",
    "timeouts": "timeout",
    "functions": "function",
    "catalogs": "catalogue",
}
_PARTS: Final = ("with", "run", "input", "output", "export", "foreach")  # of a task that may hold an endpoint
_DATA: Final = frozenset({"body", "headers", "query", "parameters", "arguments", "payload", "environment", "as", "from", "do"})


def declared(data: dict[str, JSON], part: str) -> dict[str, str]:
    """Return the names in `use.PART`, each with its pointer."""
    use = data.get("use")
    found = use.get(part) if isinstance(use, dict) else None
    if isinstance(found, list):
        return {name: join("/use", part, index) for index, name in enumerate(found) if isinstance(name, str)}
    return {name: join("/use", part, name) for name in found} if isinstance(found, dict) else {}


def uses(data: dict[str, JSON], tasks: Collection[Step]) -> Iterator[Problem]:
    """Yield every name that `use` does not declare, and (advice) every declared one that nothing names."""
    named: dict[str, set[str]] = {part: set() for part in _WORDS}
    for part, name, reference in _named(data, tasks):
        named[part].add(name)
        known = declared(data, part)
        if name not in known and not is_expression(name):
            yield _unknown(part, name, reference, known)
            named[part].add(nearest(name, known) or "")  # surely meant
    for step in tasks:
        call = step.task.get("call")
        parsed = parse_name(call) if isinstance(call, str) and call not in PROTOCOLS else None
        if parsed:
            for part, name in (("functions", str(call)), ("catalogs", parsed.catalogue)):
                known = declared(data, part)
                named[part].add(name if name in known else nearest(name, known) or "")
    for part, word in _WORDS.items():
        for name, reference in declared(data, part).items():
            if name not in named[part]:
                message = f"the {word} '{name}' is declared, and nothing uses it"
                yield Problem(code="unused", reference=reference, message=message, hint="use it, or remove it", severity="advice")


def authentications(data: dict[str, JSON]) -> Iterable[tuple[str, dict[str, JSON]]]:
    """Return (pointer, authentication) wherever one stands: declared, of an endpoint, of a call, a catalogue or a schema."""
    remembered = notes()
    if remembered is None:
        return _authentications(data)
    key = ("authentications", id(data))
    if key not in remembered:
        remembered[key] = tuple(_authentications(data))
    found: tuple[tuple[str, dict[str, JSON]], ...] = remembered[key]
    return found


def _authentications(data: dict[str, JSON]) -> Iterator[tuple[str, dict[str, JSON]]]:
    use = data.get("use")
    schemes = use.get("authentications") if isinstance(use, dict) else None
    for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
        if isinstance(scheme, dict):
            yield join("/use/authentications", name), scheme
    for part in ("input", "output"):
        yield from _inside(data.get(part), f"/{part}")
    if isinstance(use, dict):
        yield from _inside(use.get("catalogs"), "/use/catalogs")
    for step in all_steps(data):
        for part in _PARTS:
            if part in step.task:
                yield from _inside(step.task[part], join(step.reference, part))


def _inside(part: JSON, here: str) -> Iterator[tuple[str, dict[str, JSON]]]:
    """A loop over everything but plain data and inner tasks: an authentication may stand at any endpoint."""
    waiting = [(part, here)] if isinstance(part, dict) else []
    while waiting:
        value, pointer = waiting.pop()
        for key, item in value.items():
            if key == "authentication" and isinstance(item, dict):
                yield join(pointer, key), item
            elif isinstance(item, dict) and key not in _DATA:
                waiting.append((item, join(pointer, key)))


def _named(data: dict[str, JSON], tasks: Collection[Step]) -> Iterator[tuple[str, str, str]]:
    """Yield (part of `use`, name, pointer) of everything that is named."""
    if isinstance(data.get("timeout"), str):
        yield "timeouts", data["timeout"], "/timeout"
    for pointer, authentication in authentications(data):
        if isinstance(authentication.get("use"), str) and not pointer.startswith("/use/authentications/"):
            yield "authentications", authentication["use"], join(pointer, "use")
    for step in tasks:
        if isinstance(step.task.get("timeout"), str):
            yield "timeouts", step.task["timeout"], join(step.reference, "timeout")
        retry = get(step.task, "/catch/retry") if step.kind == "try" else None
        if isinstance(retry, str):
            yield "retries", retry, join(step.reference, "catch", "retry")
        raised = get(step.task, "/raise/error") if step.kind == "raise" else None
        if isinstance(raised, str):
            yield "errors", raised, join(step.reference, "raise", "error")


def _unknown(part: str, name: str, reference: str, known: Collection[str]) -> Problem:
    example = {
        "timeouts": "{after: PT30S}",
        "retries": "{delay: PT1S, limit: {attempt: {count: 3}}}",
        "errors": "{type: https://example.com/errors/NAME, status: 400}",
        "authentications": "{bearer: {token: …}}",
    }[part]
    from dsl.checks.spellings import iso_duration
    from dsl.durations import seconds_of

    if part == "timeouts" and (spelt := iso_duration(name) or (name if seconds_of(name) is not None else "")):
        message = f"'{name}' is a duration, and the name of a timeout is wanted"
        return Problem(code="unknown-timeout", reference=reference, message=message, hint=f"write `timeout: {{after: {spelt}}}`")
    hint = did_you_mean(name, known, f"declare it under `use: {{{part}: {{{name}: {example}}}}}`".replace("NAME", name))
    code = {"retries": "unknown-retry"}.get(part, f"unknown-{_WORDS[part]}")
    return Problem(code=code, reference=reference, message=f"no {_WORDS[part]} is named '{name}'", hint=hint)
