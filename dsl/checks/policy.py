"""The last layer: limits that whoever runs definitions sets, whatever the language allows.

A limit that is None is no limit. What only a run can tell (the length of a list from an API, a host that is an expression) is not judged
here, save where a list of allowed hosts makes an unknown one worth a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dsl.durations import YEAR_S, durations, seconds_of
from dsl.expressions.program import is_expression, strip
from dsl.nearest import quoted
from dsl.pointer import join
from dsl.problems import Problem, Severity
from dsl.walk import Step, all_blocks, all_steps
from dsl.words import duration_words

JSON = Any

_RANGE = re.compile(r"\[?\s*range\(\s*(\d{1,18})\s*\)\s*\]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a definition may ask for. The defaults only stop what no machine could do well."""

    tasks: int | None = 20_000  # in the whole definition, functions and extensions included
    depth: int | None = 50  # lists of tasks inside lists of tasks
    branches: int | None = 2_000  # of one fork
    items: int | None = 100_000  # of a list that is written into a `for`
    wait_s: float | None = 100 * YEAR_S  # of any duration, in seconds
    interval_s: float | None = 1.0  # the shortest `schedule.every` and `schedule.after`, in seconds
    refused: frozenset[str] = frozenset()  # kinds of calls and processes: "script", "shell", "container", "grpc", "listen" …
    hosts: tuple[str, ...] | None = None  # that may be called, as in "api.example.com" or "*.example.com"


GENEROUS: Final = Policy()


def sizes(data: JSON, limits: Policy = GENEROUS) -> Iterator[Problem]:
    """Yield where *data* is larger than *limits*; `too-many-tasks` once, at the task that is one too many. Nothing else is then judged."""
    steps = list(all_steps(data))
    if limits.tasks is not None and len(steps) > limits.tasks:
        message = f"the definition has {len(steps):,} tasks, and {limits.tasks:,} are allowed"
        yield _problem(
            "too-many-tasks", steps[limits.tasks].reference, message, "move a part into a workflow of its own: `run: {workflow: …}`"
        )
    yield from _blocks(data, limits)


def policy(data: dict[str, JSON], limits: Policy = GENEROUS) -> Iterator[Problem]:
    """Yield what else goes beyond *limits*, each at its own place."""
    steps = list(all_steps(data))
    for step in steps:
        if limits.refused:
            yield from _refused(step, limits.refused)
        if limits.hosts is not None:
            yield from _hosts(step, limits.hosts)
        if step.kind == "for" and limits.items is not None:
            yield from _items(step, limits.items)
    yield from _durations(data, limits, steps)


def _blocks(data: JSON, limits: Policy) -> Iterator[Problem]:
    too_deep = limits.depth is None
    for block in all_blocks(data):
        depth = block.owner.depth + 2 if block.owner else 1
        if limits.depth is not None and depth > limits.depth and not too_deep:
            too_deep = True  # whatever is inside is too deep as well
            message = f"tasks stand {depth} levels deep here, and {limits.depth} are allowed"
            yield _problem("too-deep", block.pointer, message, "move a part into a workflow of its own, or into `use: {functions: …}`")
        if block.parallel and limits.branches is not None and len(block.names) > limits.branches:
            message = f"the fork has {len(block.names):,} branches, and {limits.branches:,} are allowed"
            yield _problem("too-wide", block.pointer, message, "let a `for` go through the items one after the other")


def _items(step: Step, allowed: int) -> Iterator[Problem]:
    loop = step.task["for"]
    source = loop.get("in") if isinstance(loop, dict) else None
    count = _constant_length(strip(source)) if isinstance(source, str) else 0
    if count > allowed:
        message = f"the loop goes through {count:,} items, and {allowed:,} are allowed"
        yield _problem("too-wide", join(step.reference, "for", "in"), message, "read the items in pages, or start one workflow a part")


def _constant_length(code: str) -> int:
    """Return how many items a list that is written out has, 0 when *code* is something else."""
    ranged = _RANGE.fullmatch(code)
    if ranged:
        return int(ranged.group(1))
    if not (code.startswith("[") and code.endswith("]")):
        return 0
    import json

    try:
        return len(json.loads(code))
    except ValueError:
        return 0


def _refused(step: Step, refused: frozenset[str]) -> Iterator[Problem]:
    for reference, kind in _kinds(step):
        if kind in refused:
            message = f"'{kind}' is not allowed here"
            yield _problem("not-allowed", reference, message, "do it with `call: http` or a function of the catalogue, or have it allowed")


def _kinds(step: Step) -> Iterator[tuple[str, str]]:
    """Yield where a task says what it is, and what: its kind, and the protocol it calls or the process it runs."""
    if step.kind is None:
        return
    own = step.task[step.kind]
    yield join(step.reference, step.kind), step.kind
    if step.kind == "call" and isinstance(own, str):
        yield join(step.reference, "call"), own
    if step.kind == "run" and isinstance(own, dict):
        yield from ((join(step.reference, "run", name), name) for name in own)


def _hosts(step: Step, allowed: tuple[str, ...]) -> Iterator[Problem]:
    arguments = step.task.get("with")
    if step.kind != "call" or not isinstance(arguments, dict):
        return
    from fnmatch import fnmatchcase

    for reference, endpoint in _endpoints(arguments, join(step.reference, "with")):
        host = _host(endpoint)
        if host is None:
            message = "which host this calls shows only when it runs, and only some are allowed"
            hint = f"write the host out and only the rest as an expression; allowed: {quoted(allowed)}"
            yield Problem(code="not-allowed", reference=reference, message=message, hint=hint, severity="warning")
        elif not any(fnmatchcase(host, pattern.lower()) for pattern in allowed):
            yield _problem("not-allowed", reference, f"the host '{host}' may not be called here", f"allowed: {quoted(allowed)}")


def _endpoints(value: JSON, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield (pointer, URI) of every `endpoint`, and the `server` of an agent, inside *value*."""
    for key, item in value.items() if isinstance(value, dict) else ():
        here = join(pointer, key)
        if key in ("endpoint", "server") and isinstance(item, str):
            yield here, item
        elif key in ("endpoint", "server") and isinstance(item, dict) and isinstance(item.get("uri"), str):
            yield join(here, "uri"), item["uri"]
        elif key == "service" and isinstance(item, dict) and isinstance(item.get("host"), str):
            yield join(here, "host"), f"//{item['host']}"
        elif key not in ("body", "parameters", "arguments", "headers", "query"):
            yield from _endpoints(item, here)


def _host(endpoint: str) -> str | None:
    """Return the host in lower case, None when an expression or a template decides it."""
    if is_expression(endpoint):
        written = re.match(r'"([a-zA-Z][\w+.-]*://[^"\\/]+)[/"]', strip(endpoint))
        endpoint = written.group(1) if written else ""
    from urllib.parse import urlsplit

    try:
        host = urlsplit(endpoint).hostname
    except ValueError:
        return None
    return host if host and "{" not in endpoint.partition("://")[2].partition("/")[0] else None


def _durations(data: dict[str, JSON], limits: Policy, steps: list[Step]) -> Iterator[Problem]:
    for reference, duration in durations(data, steps):
        length = seconds_of(duration)
        if length is None:
            continue
        if limits.wait_s is not None and length > limits.wait_s:
            shown = f"'{duration[:60]}'" if isinstance(duration, str) else duration_words(duration)
            message = f"{shown} is longer than allowed: at most {_spoken(limits.wait_s)}"
            yield _problem("wait-too-long", reference, message, "write a shorter duration, or let a `schedule` start another run then")
        elif reference in ("/schedule/every", "/schedule/after") and limits.interval_s is not None and 0 < length < limits.interval_s:
            message = f"a run every {duration_words(duration)} is more often than allowed: at most one in {_spoken(limits.interval_s)}"
            hint = "let it start less often, or `listen` for what it looks for"
            severity: Severity = "warning" if limits is GENEROUS else "error"  # the standard knows no shortest interval
            yield _problem("too-frequent", reference, message, hint, severity)


def _spoken(seconds: float) -> str:
    for size, word in ((YEAR_S, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:g} {word}"
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


def _problem(code: str, reference: str, message: str, hint: str, severity: Severity = "error") -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint, severity=severity)
