"""What an MCP server says of its tools (`tools/list`) to catalogue functions.

Annotations are hints of whoever runs the server. A hint that makes a tool worse is believed from anybody (`destructiveHint: true`:
irreversible); one that makes it better only from a server the operator trusts (`readOnlyHint: true`: read; `destructiveHint: false`: write;
`idempotentHint: true`). Without a hint the effect is unknown. `openWorldHint` changes nothing: a tool always counts as outside.
"""

from __future__ import annotations

from typing import Any, Final

from dsl.bindings import McpBinding
from dsl.canonical import digest
from dsl.catalogue import EffectKind, Function
from dsl.imports.documents import read_document
from dsl.imports.findings import Findings, References
from dsl.imports.keywords import value
from dsl.imports.naming import Names, fitting, plain, semver, spoken, words
from dsl.imports.results import Imported
from dsl.imports.schemas import Schemas
from dsl.pointer import join
from dsl.problems import Problem

JSON = Any

MAX_TOOLS: Final = 2_000
_SAID: Final = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")  # what the digest covers


def from_mcp(listed: JSON, *, server: str = "", version: str = "1.0.0", trusted: bool = False, prefix: str = "") -> Imported:
    """
    Return the tools of *listed* as functions.

    Args:
        listed: The result of `tools/list` (text or data): `{"tools": […]}`, the JSON-RPC answer around it, or the list alone.
        server: Name of the connection; it stands in targets and bindings.
        version: Of the server (`serverInfo.version` of `initialize`); made a semantic version.
        trusted: Whether the operator vouches for what the server says about effects.
        prefix: Stands before every name, `prefix.name`.

    Returns:
        Functions in the server's order. `binding.digest` is that of what the server said about the tool: compare it before a call,
        and a tool that was changed since somebody approved it is noticed. Never raises.

    Source: Model Context Protocol 2025-11-25, `Tool` and `ToolAnnotations`.
    """
    read = read_document(listed)
    if read.data is None:
        return Imported(problems=read.problems or (_no_list(),))
    tools, base, more = _tools(read.data)
    if tools is None:
        return Imported(problems=(*read.problems, _no_list()))
    findings = Findings()
    if more:
        findings.add("more-tools", "", "the list has a `nextCursor`: there are more tools", "ask for the next page too", "warning")
    found: list[Function] = []
    names = Names()
    left_out: list[str] = []
    seen: set[str] = set()
    for number, tool in enumerate(tools[:MAX_TOOLS]):
        at = join(base, number)
        name = _own_name(tool, at, seen, findings)
        one = _function(tool, name, at, findings, server=server, trusted=trusted) if name else None
        if one is None:
            left_out.append(f"the tool '{name[:80]}'" if name else f"the tool at {at}")
            continue
        fits = names.take(f"{fitting(prefix)}.{one.name}" if prefix else one.name)
        found.append(one.model_copy(update={"name": fits, "version": semver(version)}))
    if len(tools) > MAX_TOOLS:
        findings.add("too-many-tools", join(base, MAX_TOOLS), f"there are more than {MAX_TOOLS:,} tools; the rest is left out")
    return Imported(functions=tuple(found), problems=(*read.problems, *findings.all()), left_out=tuple(left_out), title=server)


def _no_list() -> Problem:
    message, hint = "this is no list of tools", 'give the result of `tools/list`: {"tools": […]}'
    return Problem(code="not-tools", reference="", message=message, hint=hint)


def _tools(data: JSON) -> tuple[list[JSON] | None, str, bool]:
    """Return the list, where it stands, and whether there is more."""
    base = ""
    if isinstance(data, dict) and isinstance(data.get("result"), dict):
        data, base = data["result"], "/result"
    if isinstance(data, list):
        return data, base, False
    if isinstance(data, dict) and isinstance(data.get("tools"), list):
        return data["tools"], f"{base}/tools", bool(data.get("nextCursor"))
    return None, base, False


def _own_name(tool: JSON, at: str, seen: set[str], findings: Findings) -> str:
    """Return the tool's name, "" when it has none of its own; why is reported."""
    name = tool.get("name") if isinstance(tool, dict) else None
    if not isinstance(name, str) or not name:
        findings.add("invalid-tool", at, "a tool must be a mapping with a `name`")
        return ""
    if name in seen:
        findings.add("duplicate-tool", join(at, "name"), f"there is a tool '{name[:80]}' before this one", "a server names each tool once")
        return ""
    seen.add(name)
    return name


def _function(tool: dict[str, JSON], name: str, at: str, findings: Findings, *, server: str, trusted: bool) -> Function | None:
    given = tool.get("inputSchema")
    if not isinstance(given, dict) or given.get("type", "object") != "object":
        findings.add("invalid-tool", join(at, "inputSchema"), f"the input of '{name[:80]}' is not described as an object")
        return None
    annotations = tool["annotations"] if isinstance(tool.get("annotations"), dict) else {}
    effect, idempotent = _behaviour(annotations, trusted)
    title = plain(tool.get("title"), 80) or plain(annotations.get("title"), 80) or spoken(name)[:80] or name[:80]
    return Function(
        name=fitting(name, "tool"),
        version="1.0.0",
        title=title,
        summary=plain(tool.get("description")),
        effect=effect,
        idempotent=idempotent,
        target=f"{server}/{name}" if server else name,
        input={"type": "object"} | _schema(given, join(at, "inputSchema"), findings),
        output=_schema(tool.get("outputSchema", {}), join(at, "outputSchema"), findings),
        words=words(name, title),
        binding=McpBinding(server=server, tool=name, digest=digest(value({key: tool[key] for key in _SAID if key in tool}))),
    )


def _behaviour(annotations: dict[str, JSON], trusted: bool) -> tuple[EffectKind, bool]:
    if annotations.get("destructiveHint") is True and annotations.get("readOnlyHint") is not True:
        return "irreversible", trusted and annotations.get("idempotentHint") is True
    if not trusted:
        return "unknown", False
    if annotations.get("readOnlyHint") is True:
        return "read", True
    return "write" if annotations.get("destructiveHint") is False else "unknown", annotations.get("idempotentHint") is True


def _schema(given: JSON, at: str, findings: Findings) -> dict[str, JSON]:
    """Return a tool's schema by itself: its `$ref`s lead inside it."""
    own = Findings(at, findings)
    schemas = Schemas(References(given, own), own)
    part = schemas.part(given, "", "in")
    definitions = schemas.definitions(part.needs)
    return part.schema | {"$defs": definitions} if definitions else part.schema
