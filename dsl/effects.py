"""What a definition does to the outside world, task by task, computed from the definition and the catalogue alone.

Expressions in targets are told by what they are made of and where that comes from, never guessed. Tasks without an effect are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from dsl.call_phrases import http_target
from dsl.catalogue import Catalogue, EffectKind, Function, Tool, effect_of, find, tools_of
from dsl.checks.names import secrets_in
from dsl.decided import deciders
from dsl.expressions.program import is_expression, strip
from dsl.frequency import Frequency
from dsl.pointer import get
from dsl.program_words import program_words
from dsl.sites import task_sites
from dsl.targets import address, value_of
from dsl.walk import Step, steps, title_of

JSON = Any

# RFC 9110 §9.2.1: GET, HEAD and OPTIONS are safe; what DELETE removed cannot be brought back
_METHODS: Final[dict[str, EffectKind]] = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "write",
    "PUT": "write",
    "PATCH": "write",
    "DELETE": "irreversible",
}
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One task's effect."""

    reference: str  # a child workflow's task: the reference of the `run`, "/workflow", its own
    task: str  # the task's name
    title: str  # what people see
    kind: EffectKind
    target: str  # "POST https://example.com/report", "email ops@example.com", "event com.example.done"
    secrets: tuple[str, ...]
    how_often: str  # in words: "once", "at most once per item of the orders", "up to 4 times (3 retries)"
    decided_before: bool  # a person's approval certainly comes first
    by: str  # who decides, "" when nobody does

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"secrets": list(self.secrets)}


def effects(data: JSON, catalogue: Catalogue | None = None, workflows: Collection[str] | Mapping[str, JSON] | None = None) -> list[Effect]:
    """
    Return the effects of every task in document order.

    Args:
        workflows: Definitions by "namespace/name/version": what `run: workflow` starts then counts with all it does itself.
            Names alone, or nothing: what a child does is unknown.
    """
    children = _Children(workflows if isinstance(workflows, Mapping) else {})
    return list(_effects(data, catalogue or {}, children, ()))


@dataclass(slots=True)
class _Children:
    """The known workflows, and how many times more one of them is opened: workflows that start workflows can grow without end."""

    definitions: Mapping[str, JSON]
    left: int = 200


def _effects(data: JSON, catalogue: Catalogue, children: _Children, above: tuple[str, ...]) -> Iterator[Effect]:
    decided, often = deciders(data), Frequency(data)
    for step in steps(data):
        child = _child(step, children.definitions)
        if child and child not in above and children.left > 0:
            children.left -= 1
            own = list(_effects(_unscheduled(children.definitions[child]), catalogue, children, (*above, child)))
            yield from (_of_child(effect, step, often.words(step), decided.get(step.reference, "")) for effect in own)
            continue
        outside = _outside(step, catalogue)
        if outside is None:
            continue
        kind, target = outside
        by = decided.get(step.reference, "")
        yield Effect(
            reference=step.reference,
            task=step.name,
            title=title_of(step.name, step.task),
            kind=kind,
            target=target,
            secrets=_secrets(step, data),
            how_often=often.words(step),
            decided_before=bool(by),
            by=by,
        )


def _child(step: Step, children: Mapping[str, JSON]) -> str:
    """Return "namespace/name/version" of the known workflow that *step* starts, else "".

    `latest` is unknown: which version that is shows only when it runs.
    """
    named = get(step.task, "/run/workflow") if step.kind == "run" else None
    key = "/".join(str(named.get(part)) for part in ("namespace", "name", "version")) if isinstance(named, dict) else ""
    return key if key in children else ""


def _unscheduled(data: JSON) -> JSON:
    """Return a child's definition without its own schedule, which does not count when another workflow starts it."""
    return {key: value for key, value in data.items() if key != "schedule"} if isinstance(data, dict) else data


def _of_child(effect: Effect, step: Step, often: str, by: str) -> Effect:
    """Return an effect of a child as one of the task that starts it; the reference follows the rule for paths."""
    more = "" if often == "once" else often.removeprefix("once, ")
    times = often if effect.how_often == "once" else f"{effect.how_often}, {more}" if more else effect.how_often
    return replace(
        effect,
        reference=f"{step.reference}/workflow{effect.reference}",
        title=f"{title_of(step.name, step.task)}: {effect.title}",
        how_often=times,
        decided_before=effect.decided_before or bool(by),
        by=by or effect.by,
    )


def _outside(step: Step, catalogue: Catalogue) -> tuple[EffectKind, str] | None:
    task = step.task
    if step.kind == "emit":
        event = get(task, "/emit/event/with/type")
        return "write", f"event {event if isinstance(event, str) else 'without a type'}"
    if step.kind == "run":
        child = get(task, "/run/workflow")
        if not isinstance(child, dict):
            return "unknown", program_words(task)
        return "unknown", f"workflow {'/'.join(str(child.get(key, '')) for key in ('namespace', 'name', 'version'))}"
    if step.kind != "call":
        return None
    if task.get("call") == "http":
        method, uri = http_target(step)
        return _METHODS.get(method, "unknown"), f"{value_of(method, 'a method')} {address(uri)}".strip()
    function = find(task.get("call"), catalogue)
    if function is None:
        return "unknown", str(task.get("call"))
    kind = effect_of(function, task.get("with"), catalogue)
    if kind == "none":
        return None
    return kind, _filled(function, task.get("with")) or function.title


def _filled(function: Function, arguments: JSON) -> str:
    """Return the function's target with the fields of `with`; an expression is told by what it is made of."""
    values = arguments if isinstance(arguments, dict) else {}
    if isinstance(values.get(function.tools), list):
        values = {**values, function.tools: [_tool_words(tool) for tool in tools_of(function, values)]}

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return value_of(values.get(name, ""), "an address" if name in ("url", "uri", "endpoint", "address") else "a value")

    return " ".join(_FIELD.sub(value, function.target).split())


def _tool_words(tool: Tool) -> str:
    """Return "sql:1.0.0 (connection shop, access read)"."""
    settled = ", ".join(f"{name} {value_of(value)}" for name, value in tool.arguments.items())
    return f"{tool.function} ({settled})" if settled else str(tool.function)


def _secrets(step: Step, data: JSON) -> tuple[str, ...]:
    found: set[str] = set()
    for site in task_sites(step):
        if site.formula or is_expression(site.text):
            found |= secrets_in(strip(site.text))
    authentication = get(step.task, "/with/endpoint/authentication")
    found |= _of_scheme(authentication)
    if isinstance(authentication, dict) and isinstance(authentication.get("use"), str):
        schemes = get(data, "/use/authentications")
        found |= _of_scheme(schemes.get(authentication["use"]) if isinstance(schemes, dict) else None)
    return tuple(sorted(found))


def _of_scheme(scheme: JSON) -> set[str]:
    """Return the secrets an authentication takes: named by `use`, or read in an expression."""
    found: set[str] = set()
    for name in ("basic", "bearer"):
        part = scheme.get(name) if isinstance(scheme, dict) else None
        if isinstance(part, dict):
            named = part.get("use")
            found |= {named} if isinstance(named, str) else set()
            for value in part.values():
                found |= secrets_in(strip(value)) if is_expression(value) else set()
    return found
