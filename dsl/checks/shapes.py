"""A list where an object belongs, an object where a list belongs, text where either does: what was meant, by the part it stands in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from dsl.kinds import kind_of
from dsl.pointer import last

JSON = Any


def shape_hint(part: str, value: JSON, pointer: str) -> str | None:
    """Return what to write when *value*, at *pointer*, has another shape than a *part* has; None when it has, or nothing is known."""
    rule = _RULES.get(part)
    return rule(value, pointer) if rule else None


def _tasks(value: JSON, pointer: str) -> str | None:
    if not isinstance(value, dict) or not value:
        return None
    key = last(pointer)
    inner = [name for name in ("do", "steps", "tasks", "branches") if isinstance(value.get(name), list)]
    if len(value) == 1 and inner:
        return f"write the list right under `{key}`"
    if kind_of(value) and not isinstance(next(iter(value.values())), dict):
        owner = pointer.split("/")[-2] if pointer.count("/") > 1 else ""
        return f"write it right under `{owner}`, without `{key}`" if owner and key == "do" else "give it a name and a dash: `- NAME: {…}`"
    return f"begin each task with a dash, as in `- {next(iter(value))}: {{…}}`"


def _task(value: JSON, pointer: str) -> str | None:
    return "write `do:` above the list" if isinstance(value, list) else None


def _fork(value: JSON, pointer: str) -> str | None:
    return "write `branches:` above the list" if isinstance(value, list) else None


def _cases(value: JSON, pointer: str) -> str | None:
    if not isinstance(value, dict) or not value:
        return None
    inner = [name for name in ("cases", "conditions", "branches", "dataConditions") if isinstance(value.get(name), list)]
    return "write the list right under `switch`" if inner else f"begin each case with a dash, as in `- {next(iter(value))}: {{…}}`"


def _case(value: JSON, pointer: str) -> str | None:
    return f"write `{last(pointer)}: {{then: {value}}}`" if isinstance(value, str) else None


def _call(value: JSON, pointer: str) -> str | None:
    if not isinstance(value, dict) or not value:
        return None
    return f"write `call: {next(iter(value))}` and beside it `with: {{…}}`"


def _names(value: JSON, pointer: str) -> str | None:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict) or not value[0]:
        return None
    first = value[0]
    name = first.get("name", first.get("key")) if ("value" in first or "name" in first) else next(iter(first))
    return f"write `{last(pointer)}: {{{name}: …}}`, without dashes" if isinstance(name, str) else None


def _named(value: JSON, pointer: str) -> str | None:
    return f"write names without dashes, as in `{last(pointer)}: {{NAME: {{…}}}}`" if isinstance(value, list) else None


def _then(value: JSON, pointer: str) -> str | None:
    return "name one task; for several at the same time write a `fork`" if isinstance(value, list) else None


def _for(value: JSON, pointer: str) -> str | None:
    if isinstance(value, str):
        return "write `for: {each: item, in: …}`" if value.startswith((".", "$")) else f"write `for: {{each: {value}, in: …}}`"
    return None


def _in(value: JSON, pointer: str) -> str | None:
    return f"write `in: ${{ {json.dumps(value)} }}`" if isinstance(value, list) else None


def _duration(value: JSON, pointer: str) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"write `{{seconds: {value}}}`, or the unit you mean" if is_number else None


def _timeout(value: JSON, pointer: str) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"write `timeout: {{after: {{seconds: {value}}}}}`" if is_number else None


def _raise(value: JSON, pointer: str) -> str | None:
    return "write `raise: {error: …}` with a name of `use.errors`, or `{type: …, status: …}`" if isinstance(value, str) else None


def _filter(value: JSON, pointer: str) -> str | None:
    return "write the list under `any` (one of them is enough) or `all`" if isinstance(value, list) else None


def _filters(value: JSON, pointer: str) -> str | None:
    return "write a list: begin each filter with `- `" if isinstance(value, dict) else None


def _catch(value: JSON, pointer: str) -> str | None:
    return "write `do:` above the list" if isinstance(value, list) else None


def _errors(value: JSON, pointer: str) -> str | None:
    return "write one filter, as in `with: {status: 503}`" if isinstance(value, list | str | int) else None


def _attempt(value: JSON, pointer: str) -> str | None:
    return f"write `attempt: {{count: {value}}}`" if isinstance(value, int) else None


def _backoff(value: JSON, pointer: str) -> str | None:
    return f"write `backoff: {{{value}: {{}}}}`" if value in ("constant", "linear", "exponential") else None


def _input(value: JSON, pointer: str) -> str | None:
    return "write `input: {from: …}`" if isinstance(value, str) else None


def _output(value: JSON, pointer: str) -> str | None:
    return f"write `{last(pointer)}: {{as: …}}`" if isinstance(value, str) else None


def _schedule(value: JSON, pointer: str) -> str | None:
    return "write `schedule: {cron: …}` or `schedule: {every: …}`" if isinstance(value, str) else None


def _secrets(value: JSON, pointer: str) -> str | None:
    return "write a list of names: their values are kept outside of the definition" if isinstance(value, dict) else None


def _run(value: JSON, pointer: str) -> str | None:
    return "write `run: {shell: {command: …}}`, or script, container or workflow" if isinstance(value, str) else None


def _shell(value: JSON, pointer: str) -> str | None:
    return "write `shell: {command: …}`" if isinstance(value, str) else None


def _subflow(value: JSON, pointer: str) -> str | None:
    return "write `workflow: {namespace: …, name: …, version: …}`" if isinstance(value, str) else None


def _resource(value: JSON, pointer: str) -> str | None:
    return f"write `{last(pointer)}: {{endpoint: …}}`" if isinstance(value, str) else None


def _service(value: JSON, pointer: str) -> str | None:
    return f"write `service: {{name: {value}, host: …}}`" if isinstance(value, str) else None


_RULES: Final[dict[str, Callable[[JSON, str], str | None]]] = {
    "tasks": _tasks,
    "task": _task,
    "fork": _fork,
    "cases": _cases,
    "case": _case,
    "call": _call,
    "named texts": _names,
    "set": _names,
    **dict.fromkeys(
        ("named errors", "named retries", "named functions", "named timeouts", "named authentications", "named catalogs"), _named
    ),
    "then": _then,
    "resource": _resource,
    "service": _service,
    "for": _for,
    "in": _in,
    "duration": _duration,
    "timeout": _timeout,
    "raise": _raise,
    "filter": _filter,
    "filters": _filters,
    "catch": _catch,
    "errors": _errors,
    "attempt": _attempt,
    "backoff": _backoff,
    "input": _input,
    "output": _output,
    "schedule": _schedule,
    "secrets": _secrets,
    "run": _run,
    "shell": _shell,
    "subflow": _subflow,
}
