"""Every place of a definition that may hold an expression, with the variables known there.

Two kinds: a *formula* is an expression, bare or wrapped (`if`, `when`, `for.in`, `input.from` …); in all other text only a string
wrapped whole as `${ … }` is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dsl.pointer import join
from dsl.walk import Step, caught_variable, loop_variables

JSON = Any


@dataclass(frozen=True, slots=True)
class Site:
    pointer: str
    text: str
    formula: bool
    condition: bool = False  # a formula whose answer decides something
    variables: frozenset[str] = frozenset()  # without `$`, besides the standard ones


def document_sites(data: dict[str, JSON]) -> Iterator[Site]:
    """Yield the sites outside of tasks."""
    yield from _data_flow(data, "", frozenset())
    use = data.get("use")
    if isinstance(use, dict):
        retries = use.get("retries")
        for name, policy in retries.items() if isinstance(retries, dict) else ():
            yield from _retry(policy, join("/use/retries", name), frozenset({"error"}))
        for part in ("errors", "authentications", "timeouts"):
            yield from texts(use.get(part), f"/use/{part}", frozenset())
    yield from texts(data.get("timeout"), "/timeout", frozenset())
    schedule = data.get("schedule")
    if isinstance(schedule, dict):
        yield from _listen_filter(schedule.get("on"), "/schedule/on", frozenset())


def task_sites(step: Step) -> Iterator[Site]:
    """Yield the sites of one task, not those of tasks inside it."""
    task, here, known = step.task, step.reference, step.variables
    yield from _formula(task, here, "if", known, condition=True)
    yield from _data_flow(task, here, known)
    yield from texts(task.get("timeout"), join(here, "timeout"), known)
    match step.kind:
        case "call":
            yield from texts(task.get("with"), join(here, "with"), known)
        case "set":
            yield from _mapped(task, here, "set", known)
        case "switch":
            yield from _switch(task["switch"], join(here, "switch"), known)
        case "for":
            yield from _formula(task["for"], join(here, "for"), "in", known)
            yield from _formula(task, here, "while", known | loop_variables(task), condition=True)
        case "try":
            yield from _catch(task.get("catch"), join(here, "catch"), known | {caught_variable(task)})
        case "listen":
            target = task["listen"].get("to") if isinstance(task["listen"], dict) else None
            yield from _listen_filter(target, join(here, "listen", "to"), known)
        case "wait" | "raise" | "emit" | "run" as kind:
            yield from texts(task[kind], join(here, kind), known)


def texts(value: JSON, pointer: str, variables: frozenset[str]) -> Iterator[Site]:
    """Yield every string in *value* as a site where only `${ … }` is an expression."""
    if isinstance(value, str):
        yield Site(pointer, value, formula=False, variables=variables)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, join(pointer, key), variables)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, join(pointer, index), variables)


def _data_flow(owner: dict[str, JSON], here: str, known: frozenset[str]) -> Iterator[Site]:
    for part, key in (("input", "from"), ("output", "as"), ("export", "as")):
        yield from _mapped(owner.get(part), join(here, part), key, known)


def _mapped(owner: JSON, here: str, key: str, known: frozenset[str]) -> Iterator[Site]:
    """An expression, or an object with expressions inside."""
    if isinstance(owner, dict):
        if isinstance(owner.get(key), str):
            yield from _formula(owner, here, key, known)
        else:
            yield from texts(owner.get(key), join(here, key), known)


def _formula(owner: JSON, here: str, key: str, known: frozenset[str], *, condition: bool = False) -> Iterator[Site]:
    if isinstance(owner, dict) and isinstance(owner.get(key), str):
        yield Site(join(here, key), owner[key], formula=True, condition=condition, variables=known)


def _switch(cases: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    for index, item in enumerate(cases if isinstance(cases, list) else ()):
        for name, case in item.items() if isinstance(item, dict) else ():
            yield from _formula(case, join(here, index, name), "when", known, condition=True)


def _catch(catch: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    if isinstance(catch, dict):
        for key in ("when", "exceptWhen"):
            yield from _formula(catch, here, key, known, condition=True)
        yield from _retry(catch.get("retry"), join(here, "retry"), known)
        yield from texts(catch.get("errors"), join(here, "errors"), known)


def _retry(policy: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    if isinstance(policy, dict):
        for key in ("when", "exceptWhen"):
            yield from _formula(policy, here, key, known, condition=True)
        for key in ("delay", "limit", "jitter"):
            yield from texts(policy.get(key), join(here, key), known)


def _listen_filter(strategy: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    event = strategy.get("one") if isinstance(strategy, dict) else None
    if not isinstance(event, dict):
        return
    yield from texts(event.get("with"), join(here, "one", "with"), known)
    correlations = event.get("correlate")
    for name, correlation in correlations.items() if isinstance(correlations, dict) else ():
        yield from _formula(correlation, join(here, "one", "correlate", name), "from", known)
