"""The third layer: does everything that is named exist? Targets of `then`, functions, secrets, what `use` declares."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from dsl.catalogue import Catalogue
from dsl.checks.functions import check_call
from dsl.expressions.program import is_expression
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.sites import Site, document_sites, task_sites
from dsl.walk import Step, TaskBlock, blocks, is_directive, steps

JSON = Any

_SECRET = re.compile(r"""\$secrets\s*(?:\.\s*([A-Za-z_]\w*)|\.?\[\s*"([^"\\]+)"\s*\]|\.\s*"([^"\\]+)")""")
_NAME_OF_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names(data: dict[str, JSON], catalogue: Catalogue, workflows: Collection[str] | None) -> Iterator[Problem]:
    """Yield every name that leads nowhere, and every name that is there twice."""
    yield from _language(data)
    everywhere = {step.name for step in steps(data)}
    for block in blocks(data):
        yield from _duplicates(block)
        for step in block.steps:
            yield from _targets(step, everywhere)
    used = _declared(data, "functions")
    for step in steps(data):
        if step.kind == "call":
            yield from check_call(step, catalogue, used)
        yield from _variables(step)
        yield from _uses(step, data)
        if workflows is not None and step.kind == "run":
            yield from _workflow(step, workflows)
    timeout = data.get("timeout")
    if isinstance(timeout, str):
        yield from _use(data, "timeouts", timeout, "/timeout", "timeout")
    yield from _secrets(data)


def secrets_in(text: str) -> set[str]:
    """Return the names of secrets an expression reads from `$secrets`."""
    return {name for groups in _SECRET.findall(text) for name in groups if name}


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
            message = f"two tasks of this list are named '{step.name}'"
            yield Problem(code="duplicate-task", reference=step.reference, message=message, hint="give one of them another name")
        elif is_directive(step.name):
            message = f"a task cannot be named '{step.name}': `then: {step.name}` means something else"
            yield Problem(code="reserved-name", reference=step.reference, message=message, hint="give it another name")
        seen.add(step.name)


def _targets(step: Step, everywhere: Collection[str]) -> Iterator[Problem]:
    places = [(join(step.reference, "then"), step.task.get("then"))]
    cases = step.task.get("switch")
    for index, item in enumerate(cases if isinstance(cases, list) else ()):
        for name, case in item.items() if isinstance(item, dict) else ():
            if isinstance(case, dict):
                places.append((join(step.reference, "switch", index, name, "then"), case.get("then")))
    in_scope = [] if step.parallel else step.siblings.names
    for reference, target in places:
        if isinstance(target, str) and not is_directive(target) and target not in in_scope:
            yield _lost_target(target, reference, step, in_scope, everywhere)


def _lost_target(target: str, reference: str, step: Step, in_scope: list[str], everywhere: Collection[str]) -> Problem:
    if step.parallel:
        hint = "a branch runs beside the others; leave `then` out, or write `exit`"
        return Problem(code="unknown-target", reference=reference, message=f"a branch cannot go on with '{target}'", hint=hint)
    if target in everywhere:
        hint = f"`then` names a task of its own list ({quoted(in_scope)}), or continue, exit, end"
        return Problem(code="unknown-target", reference=reference, message=f"the task '{target}' stands in another list", hint=hint)
    fallback = f"use {quoted(in_scope)}, continue, exit or end"
    hint = did_you_mean(target, [*in_scope, "continue", "exit", "end"], fallback)
    return Problem(code="unknown-target", reference=reference, message=f"no task is named '{target}'", hint=hint)


def _variables(step: Step) -> Iterator[Problem]:
    places: list[tuple[str, JSON]] = []
    if step.kind == "for" and isinstance(step.task["for"], dict):
        places = [(join(step.reference, "for", key), step.task["for"].get(key)) for key in ("each", "at")]
    catch = step.task.get("catch")
    if step.kind == "try" and isinstance(catch, dict):
        places = [(join(step.reference, "catch", "as"), catch.get("as"))]
    for reference, name in places:
        if isinstance(name, str) and not _NAME_OF_VARIABLE.fullmatch(name):
            plain = name.lstrip("$")
            hint = (
                f"write '{plain}'; in expressions it is ${plain}"
                if _NAME_OF_VARIABLE.fullmatch(plain)
                else "use letters, digits and '_' only"
            )
            yield Problem(code="invalid-variable", reference=reference, message=f"'{name}' cannot be a variable's name", hint=hint)


def _uses(step: Step, data: dict[str, JSON]) -> Iterator[Problem]:
    task, here = step.task, step.reference
    if isinstance(task.get("timeout"), str):
        yield from _use(data, "timeouts", task["timeout"], join(here, "timeout"), "timeout")
    catch = task.get("catch")
    if step.kind == "try" and isinstance(catch, dict) and isinstance(catch.get("retry"), str):
        yield from _use(data, "retries", catch["retry"], join(here, "catch", "retry"), "retry policy")
    raised = task.get("raise")
    if step.kind == "raise" and isinstance(raised, dict) and isinstance(raised.get("error"), str):
        yield from _use(data, "errors", raised["error"], join(here, "raise", "error"), "error")
    arguments = task.get("with")
    endpoint = arguments.get("endpoint") if step.kind == "call" and isinstance(arguments, dict) else None
    authentication = endpoint.get("authentication") if isinstance(endpoint, dict) else None
    if isinstance(authentication, dict) and isinstance(authentication.get("use"), str):
        pointer = join(here, "with", "endpoint", "authentication", "use")
        yield from _use(data, "authentications", authentication["use"], pointer, "authentication")


def _use(data: dict[str, JSON], part: str, name: str, reference: str, word: str) -> Iterator[Problem]:
    known = _declared(data, part)
    if name not in known and not is_expression(name):
        hint = did_you_mean(name, known, f"declare it under `use: {{{part}: {{{name}: …}}}}`")
        code = "unknown-" + {"retry policy": "retry"}.get(word, word)
        yield Problem(code=code, reference=reference, message=f"no {word} is named '{name}'", hint=hint)


def _declared(data: dict[str, JSON], part: str) -> frozenset[str]:
    use = data.get("use")
    found = use.get(part) if isinstance(use, dict) else None
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, dict | list) else frozenset()


def _workflow(step: Step, workflows: Collection[str]) -> Iterator[Problem]:
    run = step.task["run"]
    target = run.get("workflow") if isinstance(run, dict) else None
    if not isinstance(target, dict) or not all(isinstance(target.get(key), str) for key in ("namespace", "name", "version")):
        return
    prefix, version = f"{target['namespace']}/{target['name']}/", target["version"]
    if prefix + version in workflows or (version == "latest" and any(key.startswith(prefix) for key in workflows)):
        return
    hint = did_you_mean(prefix + version, workflows, "approve that workflow first, or name one that is there")
    message = f"there is no workflow '{prefix}{version}'"
    yield Problem(code="unknown-workflow", reference=join(step.reference, "run", "workflow"), message=message, hint=hint)


def _secrets(data: dict[str, JSON]) -> Iterator[Problem]:
    known = _declared(data, "secrets")
    for site in all_sites(data):
        for name in sorted(secrets_in(site.text) - known) if site.formula or is_expression(site.text) else ():
            yield _undeclared(name, site.pointer, known)
    for reference, name in authentication_secrets(data):
        if name not in known:
            yield _undeclared(name, reference, known)


def all_sites(data: dict[str, JSON]) -> Iterator[Site]:
    yield from document_sites(data)
    for step in steps(data):
        yield from task_sites(step)


def authentication_secrets(data: dict[str, JSON]) -> Iterator[tuple[str, str]]:
    """Yield (pointer, secret) of every authentication that names a secret by `use`."""
    use = data.get("use")
    schemes = use.get("authentications") if isinstance(use, dict) else None
    for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
        yield from _scheme_secret(scheme, join("/use/authentications", name))
    for step in steps(data):
        arguments = step.task.get("with")
        endpoint = arguments.get("endpoint") if step.kind == "call" and isinstance(arguments, dict) else None
        if isinstance(endpoint, dict):
            yield from _scheme_secret(endpoint.get("authentication"), join(step.reference, "with", "endpoint", "authentication"))


def _scheme_secret(scheme: JSON, pointer: str) -> Iterator[tuple[str, str]]:
    for kind in ("basic", "bearer"):
        part = scheme.get(kind) if isinstance(scheme, dict) else None
        if isinstance(part, dict) and isinstance(part.get("use"), str):
            yield join(pointer, kind, "use"), part["use"]


def _undeclared(name: str, reference: str, known: Collection[str]) -> Problem:
    hint = did_you_mean(name, known, f"declare it with `use: {{secrets: [{name}]}}`")
    return Problem(code="undeclared-secret", reference=reference, message=f"the secret '{name}' is not declared", hint=hint)
