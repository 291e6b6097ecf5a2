"""What the standard has and this version does not run yet, in one table; a later version deletes lines here.

The structure layer takes such a part as it is, and `find` gives it one problem, `not-yet-supported`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

# the key that makes a task; `do` last, because `for` has one too
KINDS: Final = ("call", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait", "do")
_LATER_CALLS: Final = {"asyncapi": "AsyncAPI", "grpc": "gRPC", "openapi": "OpenAPI", "a2a": "A2A", "mcp": "MCP"}
_LATER_RUNS: Final = ("container", "script", "shell")
_LATER_SCHEMES: Final = ("digest", "oauth2", "oidc")
_LATER_USE: Final = {
    "functions": "functions of your own (`use.functions`)",
    "extensions": "extensions (`use.extensions`)",
    "catalogs": "catalogues of your own (`use.catalogs`)",
}
_HTTP_HINT: Final = "use `call: http` with the method and the endpoint"


def kind_of(task: Any) -> str | None:
    """Return the key that says what *task* is, None when there is none."""
    if isinstance(task, dict):
        for kind in KINDS:  # a loop: this is asked very often
            if kind in task:
                return kind
    return None


def later_task(task: dict[str, Any]) -> tuple[str, str] | None:
    """Return (what it is, hint) when *task* is of a kind that is not run yet."""
    match kind_of(task):
        case "call":
            name = task["call"]
            if isinstance(name, str) and name in _LATER_CALLS:
                return f"a call of {_LATER_CALLS[name]}", _HTTP_HINT
            if isinstance(name, str) and "://" in name:
                return "a function that is fetched from an address", "use a function of the default catalogue, `call: notify:1.0.0@default`"
        case "listen":
            return _later_listen(task)
        case "run" if isinstance(task["run"], dict):
            found = next((name for name in _LATER_RUNS if name in task["run"]), None)
            return (f"running a {found}", "use `run: workflow`, or a function of the catalogue") if found else None
    return None


def _later_listen(task: dict[str, Any]) -> tuple[str, str] | None:
    if "foreach" in task:
        return "`foreach` of a listen", "listen to one event, and `for` over what it brought"
    target = task["listen"].get("to") if isinstance(task["listen"], dict) else None
    return _later_strategy(target)


def _later_strategy(strategy: Any) -> tuple[str, str] | None:
    if isinstance(strategy, dict) and "one" not in strategy and is_sound_strategy(strategy):
        return f"listening to `{'any' if 'any' in strategy else 'all'}` of several events", "listen to `one` event"
    return None


def is_sound_strategy(strategy: dict[str, Any]) -> bool:
    """Tell whether an `any` or `all` has the shape the standard allows: an `until` inside an `until` is wrong now and later."""
    until = strategy.get("until")
    nested = isinstance(until, dict) and "until" in until
    return not nested and (isinstance(strategy.get("any"), list) or isinstance(strategy.get("all"), list))


def find(data: Any) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield (path, what it is, hint) for parts of the document outside of tasks."""
    if not isinstance(data, dict):
        return
    use = data.get("use")
    if isinstance(use, dict):
        for key, what in _LATER_USE.items():
            if use.get(key):
                yield ("use", key), what, "use the functions of the default catalogue"
        schemes = use.get("authentications")
        for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
            yield from _later_scheme(scheme, ("use", "authentications", name))
    schedule = data.get("schedule")
    if isinstance(schedule, dict):
        found = _later_strategy(schedule.get("on"))
        if found:
            yield ("schedule", "on"), *found
    evaluate = data.get("evaluate")
    if isinstance(evaluate, dict) and (evaluate.get("language", "jq") != "jq" or evaluate.get("mode", "strict") != "strict"):
        yield ("evaluate",), "another expression language than strict jq", "leave `evaluate` out and write expressions as ${ … }"


def find_in_task(task: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield the same for one task; the path is relative to it."""
    found = later_task(task)
    if found:
        yield (), *found
        return
    arguments = task.get("with")
    endpoint = arguments.get("endpoint") if task.get("call") == "http" and isinstance(arguments, dict) else None
    if isinstance(endpoint, dict):
        yield from _later_scheme(endpoint.get("authentication"), ("with", "endpoint", "authentication"))
    for part in ("input", "output", "export"):
        schema = task[part].get("schema") if isinstance(task.get(part), dict) else None
        yield from later_schema(schema, (part, "schema"))


def later_schema(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(schema, dict) and "resource" in schema:
        yield (*path, "resource"), "a schema that is fetched from an address", "put the schema itself under `document:`"


def _later_scheme(authentication: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(authentication, dict):
        for name in _LATER_SCHEMES:
            if name in authentication:
                yield (*path, name), f"the authentication scheme {name}", "use `basic` or `bearer`, or set the header from $secrets"
