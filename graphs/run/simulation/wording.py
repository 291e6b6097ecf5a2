"""Effects in words."""

from __future__ import annotations

from collections.abc import Mapping

from graphs.run.ports import JSON


def target_of(kind: str, task: Mapping[str, JSON], payload: JSON) -> str:
    """Return where a call goes: "POST https://example.org/orders", "notify:1.0.0 chat operations", "shell: rm -r build"."""
    given: Mapping[str, JSON] = payload if isinstance(payload, Mapping) else {}
    if kind == "http":
        return f"{str(given.get('method', 'GET')).upper()} {given.get('endpoint')}"
    if kind == "openapi":
        return f"{given.get('operationId')} of {_address(given.get('document'))}"
    if kind == "grpc":
        service = _object(given.get("service"))
        return f"gRPC {service.get('host')}:{service.get('port', '')} {service.get('name')}.{given.get('method')}"
    if kind in ("a2a", "mcp", "asyncapi"):
        named = given.get("method") or given.get("operation") or given.get("channel") or ""
        place = given.get("server") or given.get("agentCard") or given.get("document") or given.get("transport")
        return f"{kind.upper()} {named} {_address(place)}".strip()
    if kind in ("function", "remote-function"):
        words = [given.get(key) for key in ("channel", "to", "connection", "url")]
        named = str(task["call"]).partition("@")[0] if kind == "function" else str(task["call"])
        return " ".join([named, *(_text(word) for word in words if word)])
    return _process(kind, given)


def _process(kind: str, given: Mapping[str, JSON]) -> str:
    own = _object(given.get(kind))
    if kind == "shell":
        return f"shell: {own.get('command')}"
    if kind == "container":
        return f"container: {own.get('image')}"
    if kind == "script":
        return f"script in {own.get('language')}"
    name = "/".join(str(own.get(key)) for key in ("namespace", "name", "version") if own.get(key))
    return f"start the workflow {name}"


def _object(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, Mapping) else {}


def _address(value: JSON) -> str:
    if isinstance(value, Mapping):
        return next((_address(value[key]) for key in ("endpoint", "uri", "url", "http", "stdio", "command") if key in value), "")
    return _text(value) if value is not None else ""


def _text(value: JSON) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
