"""The third layer: does everything that is named exist, and once? Tasks, variables, functions, secrets, what `use` declares, events."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dsl.catalogue import Catalogue
from dsl.checks.calls import protocol_rules
from dsl.checks.events import event_names, of_strategy
from dsl.checks.functions import check_arguments, check_call
from dsl.checks.secrets import authentication_secrets, secrets, secrets_in
from dsl.checks.uses import declared, uses
from dsl.checks.variables import variables
from dsl.kinds import PROTOCOLS
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import get, join
from dsl.problems import Problem
from dsl.sites import Site, document_sites, task_sites
from dsl.walk import Step, TaskBlock, all_blocks, all_steps, is_directive

__all__ = ["all_sites", "authentication_secrets", "names", "secrets_in"]

JSON = Any


def names(data: dict[str, JSON], catalogue: Catalogue, workflows: Collection[str] | None) -> Iterator[Problem]:
    """Yield every name that leads nowhere, every name that is there twice, and (advice) what is declared and not used."""
    yield from _language(data)
    blocks, tasks = list(all_blocks(data)), list(all_steps(data))
    everywhere = {step.name for step in tasks}
    for block in blocks:
        yield from _duplicates(block)
        in_scope = dict.fromkeys(block.names)  # in order, and asked for every task
        for step in block.steps:
            yield from _targets(step, in_scope, everywhere)
    use = data.get("use")
    own = use.get("functions") if isinstance(use, dict) else None
    for step in tasks:
        yield from _cases(step)
        yield from variables(step)
        yield from event_names(step)
        if step.kind == "call":
            called = step.task["call"]
            if called in PROTOCOLS:
                yield from protocol_rules(step)
            else:
                yield from check_call(step, catalogue, own if isinstance(own, dict) else {}, declared(data, "catalogs"))
        elif step.kind == "run":
            yield from _workflow(step, workflows, data)
    yield from of_strategy(get(data, "/schedule/on"), "/schedule/on")
    yield from uses(data, tasks)
    yield from secrets(data, list(all_sites(data)))


def all_sites(data: dict[str, JSON]) -> Iterator[Site]:
    """Yield every expression site of a definition: the document's, then every task's."""
    yield from document_sites(data)
    for step in all_steps(data):
        yield from task_sites(step)


def _language(data: dict[str, JSON]) -> Iterator[Problem]:
    document = data.get("document")
    version = document.get("dsl") if isinstance(document, dict) else None
    if isinstance(version, str) and re.match(r"\d+\.\d+\.\d+", version) and not version.startswith("1."):
        yield Problem(
            code="unknown-dsl-version", reference="/document/dsl", message=f"DSL {version} is not spoken here", hint="write dsl: '1.0.3'"
        )


def _duplicates(block: TaskBlock) -> Iterator[Problem]:
    seen: set[str] = set()
    for step in block.steps:
        if step.name in seen:
            what = "branches of this fork" if block.parallel else "tasks of this list"
            message = f"two {what} are named '{step.name}'"
            yield Problem(code="duplicate-task", reference=step.reference, message=message, hint="give one of them another name")
        elif is_directive(step.name):
            message = f"a task cannot be named '{step.name}': `then: {step.name}` means something else"
            yield Problem(code="reserved-name", reference=step.reference, message=message, hint="give it another name")
        seen.add(step.name)


def _cases(step: Step) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name, _ in _named_cases(step):
        if name in seen:
            message = f"two cases of this switch are named '{name}'"
            reference = join(step.reference, "switch", index, name)
            yield Problem(
                code="duplicate-case", reference=reference, message=message, hint="give one of them another name", severity="warning"
            )
        seen.add(name)


def _named_cases(step: Step) -> Iterator[tuple[int, str, dict[str, JSON]]]:
    cases = step.task.get("switch")
    for index, item in enumerate(cases if isinstance(cases, list) else ()):
        for name, case in item.items() if isinstance(item, dict) else ():
            if isinstance(case, dict):
                yield index, name, case


def _targets(step: Step, in_scope: Collection[str], everywhere: Collection[str]) -> Iterator[Problem]:
    places = [(join(step.reference, "then"), step.task.get("then"))]
    places += [(join(step.reference, "switch", index, name, "then"), case.get("then")) for index, name, case in _named_cases(step)]
    for reference, target in places:
        if isinstance(target, str) and not is_directive(target) and (step.parallel or target not in in_scope):
            yield _lost_target(target, reference, step, [] if step.parallel else in_scope, everywhere)


def _lost_target(target: str, reference: str, step: Step, in_scope: Collection[str], everywhere: Collection[str]) -> Problem:
    if step.parallel:
        hint = "a branch runs beside the others; leave `then` out, or write `exit`"
        return Problem(code="unknown-target", reference=reference, message=f"a branch cannot go on with '{target}'", hint=hint)
    if target in everywhere:
        hint = f"`then` names a task of its own list ({quoted(in_scope)}), or continue, exit, end"
        return Problem(code="unknown-target", reference=reference, message=f"the task '{target}' stands in another list", hint=hint)
    if target in ("next", "break", "stop", "done", "finish", "return"):
        hint = "write `continue`" if target == "next" else "write `exit` to leave this list, `end` to end the run"
        return Problem(code="unknown-target", reference=reference, message=f"no task is named '{target}'", hint=hint)
    fallback = f"use {quoted(in_scope)}, continue, exit or end"
    hint = did_you_mean(target, [*in_scope, "continue", "exit", "end"], fallback)
    return Problem(code="unknown-target", reference=reference, message=f"no task is named '{target}'", hint=hint)


def _workflow(step: Step, workflows: Collection[str] | None, data: dict[str, JSON]) -> Iterator[Problem]:
    run = step.task["run"]
    target = run.get("workflow") if isinstance(run, dict) else None
    if not isinstance(target, dict) or not all(isinstance(target.get(key), str) for key in ("namespace", "name", "version")):
        return
    prefix, version = f"{target['namespace']}/{target['name']}/", target["version"]
    reference = join(step.reference, "run", "workflow")
    document = data.get("document")
    if isinstance(document, dict) and _is(document, target):
        if _always_comes(step):
            message = f"this workflow starts itself ('{prefix}{version}') in every run, so runs never end"
            yield Problem(
                code="endless-recursion", reference=reference, message=message, hint="add an `if` that at some time does not hold"
            )
        return
    if isinstance(workflows, Mapping) and prefix + version in workflows:
        schema = get(workflows[prefix + version], "/input/schema/document")
        yield from check_arguments(target.get("input"), join(reference, "input"), prefix + version, schema, trusted=False)
    if workflows is None or prefix + version in workflows or (version == "latest" and any(key.startswith(prefix) for key in workflows)):
        return
    hint = did_you_mean(prefix + version, workflows, "approve that workflow first, or name one that is there")
    message = f"there is no workflow '{prefix}{version}'"
    yield Problem(code="unknown-workflow", reference=reference, message=message, hint=hint)


def _is(document: dict[str, JSON], target: dict[str, JSON]) -> bool:
    same = all(document.get(key) == target[key] for key in ("namespace", "name"))
    return same and target["version"] in (document.get("version"), "latest")


def _always_comes(step: Step) -> bool:
    """Tell whether nothing decides if *step* is done: no condition, choice, loop or catch around it or before it in its list."""
    inner: Step | None = step
    while inner is not None:
        before = inner.siblings.steps[: inner.index]
        chosen = inner.siblings.parallel or any(one.kind in ("switch", "raise") or "then" in one.task for one in before)
        if "if" in inner.task or chosen or "/catch/do" in inner.siblings.pointer or (inner is not step and inner.kind not in ("do", "try")):
            return False
        inner = inner.parent
    return step.siblings.pointer.startswith("/do")
