"""Every place of a definition that may hold an expression, with the variables known there.

Two kinds: a *formula* is an expression, bare or wrapped (`if`, `when`, `for.in`, `input.from` …); in all other text only a string
wrapped whole as `${ … }` is one. In the *code* of a program, `${` inside is the program's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dsl.pointer import join
from dsl.walk import Step, caught_variable, foreach_variables, loop_variables, subscription_of

JSON = Any
_CODE = {"script": "code", "shell": "command", "container": "command"}


@dataclass(frozen=True, slots=True)
class Site:
    pointer: str
    text: str
    formula: bool
    condition: bool = False  # a formula whose answer decides something
    code: bool = False  # of a script, a shell, a container
    variables: frozenset[str] = frozenset()  # without `$`, besides the standard ones


def document_sites(data: dict[str, JSON]) -> Iterator[Site]:
    """Yield the sites outside of tasks."""
    yield from _data_flow(data, "", frozenset())
    use = data.get("use")
    if isinstance(use, dict):
        retries = use.get("retries")
        for name, policy in retries.items() if isinstance(retries, dict) else ():
            yield from _retry(policy, join("/use/retries", name), frozenset({"error"}))
        for part in ("errors", "authentications", "timeouts", "catalogs"):
            yield from texts(use.get(part), f"/use/{part}", frozenset())
        extensions = use.get("extensions")
        for index, item in enumerate(extensions if isinstance(extensions, list) else ()):
            for name, extension in item.items() if isinstance(item, dict) else ():
                yield from _formula(extension, join("/use/extensions", index, name), "when", frozenset(), condition=True)
    yield from texts(data.get("timeout"), "/timeout", frozenset())
    schedule = data.get("schedule")
    if isinstance(schedule, dict):
        yield from _strategy(schedule.get("on"), "/schedule/on", frozenset())


def task_sites(step: Step) -> Iterator[Site]:
    """Yield the sites of one task, not those of tasks inside it."""
    task, here, known = step.task, step.reference, step.variables
    yield from _formula(task, here, "if", known, condition=True)
    yield from _data_flow(task, here, known)
    yield from texts(task.get("timeout"), join(here, "timeout"), known)
    match step.kind:
        case "call":
            yield from _call(task, join(here, "with"), known)
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
            yield from _strategy(target, join(here, "listen", "to"), known)
            yield from _iterator(task.get("foreach"), join(here, "foreach"), known)
        case "run":
            yield from _run(task["run"], join(here, "run"), known)
        case "wait" | "raise" | "emit" as kind:
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


def _call(task: dict[str, JSON], here: str, known: frozenset[str]) -> Iterator[Site]:
    arguments, subscription = task.get("with"), subscription_of(task)
    if not subscription:
        yield from texts(arguments, here, known)
        return
    yield from texts({key: value for key, value in arguments.items() if key != "subscription"}, here, known)  # type: ignore[union-attr]
    own = {key: value for key, value in subscription.items() if key != "foreach"}
    yield from texts(own, join(here, "subscription"), known)
    yield from _iterator(subscription.get("foreach"), join(here, "subscription", "foreach"), known)


def _run(run: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    for what, own in run.items() if isinstance(run, dict) else ():
        code = _CODE.get(what)
        text = own.get(code) if code and isinstance(own, dict) else None
        if isinstance(text, str):
            yield Site(join(here, what, str(code)), text, formula=False, code=True, variables=known)
            own = {key: value for key, value in own.items() if key != code}
        yield from texts(own, join(here, what), known)


def _iterator(iterator: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    """The data flow of a `foreach`; the tasks inside have sites of their own."""
    if isinstance(iterator, dict):
        yield from _data_flow(iterator, here, known | foreach_variables(iterator))


def _strategy(strategy: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    """The filters of the events to consume, and the expression that ends it."""
    if not isinstance(strategy, dict):
        return
    yield from _event_filter(strategy.get("one"), join(here, "one"), known)
    for key in ("all", "any"):
        several = strategy.get(key)
        for index, event in enumerate(several if isinstance(several, list) else ()):
            yield from _event_filter(event, join(here, key, index), known)
    yield from _formula(strategy, here, "until", known, condition=True)
    yield from _strategy(strategy.get("until"), join(here, "until"), known)


def _event_filter(event: JSON, here: str, known: frozenset[str]) -> Iterator[Site]:
    if not isinstance(event, dict):
        return
    yield from texts(event.get("with"), join(here, "with"), known)
    correlations = event.get("correlate")
    for name, correlation in correlations.items() if isinstance(correlations, dict) else ():
        yield from _formula(correlation, join(here, "correlate", name), "from", known)
        yield from texts(
            {"expect": correlation.get("expect")} if isinstance(correlation, dict) else None, join(here, "correlate", name), known
        )
