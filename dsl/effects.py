"""What a definition does to the outside world, task by task, computed from the definition and the catalogue alone.

Expressions in targets are shown as such, never guessed. Tasks without an effect are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from dsl.catalogue import Catalogue, EffectKind, find
from dsl.checks.names import secrets_in
from dsl.decided import deciders
from dsl.expressions.program import is_expression, strip
from dsl.pointer import get
from dsl.settings import parley_of_document
from dsl.sites import task_sites
from dsl.walk import Step, TaskBlock, steps, title_of
from dsl.words import schedule_words

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

    reference: str
    task: str  # the task's name
    title: str  # what people see
    kind: EffectKind
    target: str  # "POST https://example.com/report", "email ops@example.com", "event com.example.done"
    secrets: tuple[str, ...]
    how_often: str  # in words: "once", "once per item of .orders", "up to 4 times (3 retries)"
    decided_before: bool  # a person's approval certainly comes first
    by: str  # who decides, "" when nobody does

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"secrets": list(self.secrets)}


def effects(data: JSON, catalogue: Catalogue | None = None) -> list[Effect]:
    """Return the effects of every task in document order."""
    decided = deciders(data)
    often = _schedule(data)
    found = []
    rounds: dict[str, int] = {}  # filled list by list by `_goes_round`
    for step in steps(data):
        outside = _outside(step, catalogue or {})
        if outside is None:
            continue
        kind, target = outside
        by = decided.get(step.reference, "")
        effect = Effect(
            reference=step.reference,
            task=step.name,
            title=title_of(step.name, step.task),
            kind=kind,
            target=target,
            secrets=_secrets(step, data),
            how_often=_how_often(step, data, rounds) + often,
            decided_before=bool(by),
            by=by,
        )
        found.append(effect)
    return found


def http_target(step: Step) -> tuple[str, str]:
    """Return (METHOD, endpoint as written) of a `call: http`."""
    arguments = step.task.get("with")
    arguments = arguments if isinstance(arguments, dict) else {}
    method, endpoint = arguments.get("method"), arguments.get("endpoint")
    uri = endpoint.get("uri") if isinstance(endpoint, dict) else endpoint
    shown = str(method) if is_expression(method) else str(method or "").upper()
    return shown, str(uri or "")


def _outside(step: Step, catalogue: Catalogue) -> tuple[EffectKind, str] | None:
    task = step.task
    if step.kind == "emit":
        event = get(task, "/emit/event/with/type")
        return "write", f"event {event if isinstance(event, str) else 'without a type'}"
    if step.kind == "run":
        child = get(task, "/run/workflow")
        names = (child.get(key, "") for key in ("namespace", "name", "version")) if isinstance(child, dict) else ("another process",)
        return "unknown", f"workflow {'/'.join(str(name) for name in names)}"
    if step.kind != "call":
        return None
    if task.get("call") == "http":
        method, uri = http_target(step)
        return _METHODS.get(method, "unknown"), f"{method} {uri}".strip()
    function = find(task.get("call"), catalogue)
    if function is None:
        return "unknown", str(task.get("call"))
    if function.effect == "none":
        return None
    return function.effect, _filled(function.target, task.get("with")) or function.title


def _filled(template: str, arguments: JSON) -> str:
    """Return *template* with the fields of `with`, and `${ … }` where they are expressions."""
    values = arguments if isinstance(arguments, dict) else {}

    def value(match: re.Match[str]) -> str:
        found = values.get(match.group(1), "")
        return found if isinstance(found, str) else ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return " ".join(_FIELD.sub(value, template).split())


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


def _how_often(step: Step, data: JSON, rounds: dict[str, int]) -> str:
    words = list(_repeats(step, data, rounds))
    return ", ".join(words) if words else "once"


def _repeats(step: Step, data: JSON, rounds: dict[str, int]) -> Iterator[str]:
    """Yield what makes *step* run again, from the inside out."""
    inner, outer = step, step.parent
    if _goes_round(inner, rounds):
        yield "each time round"
    while outer is not None:
        if outer.kind == "for":
            items = get(outer.task, "/for/in")
            yield f"once per item of {strip(items) if isinstance(items, str) else 'a list'}"
        elif outer.kind == "try" and inner.siblings.pointer.endswith("/try"):
            yield from _retries(outer, data)
        if _goes_round(outer, rounds):
            yield "each time round"
        inner, outer = outer, outer.parent


def _retries(step: Step, data: JSON) -> Iterator[str]:
    policy = get(step.task, "/catch/retry")
    if isinstance(policy, str):
        policies = get(data, "/use/retries")
        policy = policies.get(policy) if isinstance(policies, dict) else None
    if not isinstance(policy, dict):
        return
    count = get(policy, "/limit/attempt/count")
    if isinstance(count, int):
        yield f"up to {count + 1} times ({count} {'retry' if count == 1 else 'retries'})"
    else:
        yield "until it works (no limit of retries)" if "limit" not in policy else "again for as long as its retries last"


def _goes_round(step: Step, rounds: dict[str, int]) -> bool:
    """Tell whether *step* or a later task of its list leads back to *step* or before it."""
    block = step.siblings
    if block.pointer not in rounds:
        rounds.update(_lowest_ahead(block))
    return rounds.get(step.reference, step.index + 1) <= step.index


def _lowest_ahead(block: TaskBlock) -> dict[str, int]:
    """Return, for every task of *block*, the first position that it or a later one leads to; the list itself is noted too."""
    positions = {name: number for number, name in enumerate(block.names)}
    found, lowest = {block.pointer: 0}, len(block.names)
    for step in reversed(block.steps):
        lowest = min([lowest, *(positions[target] for target in targets_of(step) if target in positions)])
        found[step.reference] = lowest
    return found


def targets_of(step: Step) -> Iterator[str]:
    """Yield every `then` of *step*, its cases' first."""
    cases = step.task.get("switch")
    for item in cases if isinstance(cases, list) else ():
        for case in item.values() if isinstance(item, dict) else ():
            if isinstance(case, dict) and isinstance(case.get("then"), str):
                yield case["then"]
    if isinstance(step.task.get("then"), str):
        yield step.task["then"]


def _schedule(data: JSON) -> str:
    words = schedule_words(data.get("schedule"), str(parley_of_document(data).get("timezone") or "UTC")) if isinstance(data, dict) else []
    return f", in every run of the schedule: {' or '.join(words)}" if words else ""
