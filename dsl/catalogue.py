"""Catalogue functions as values: what `call: NAME:VERSION@default` can name. Where they come from is not this package's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from dsl.bindings import Binding

EffectKind = Literal["none", "read", "write", "irreversible", "unknown"]

DEFAULT_CATALOGUE: Final = "default"
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)(?::(?P<version>[^@\s]+))?(?:@(?P<catalogue>[A-Za-z0-9_.-]+))?")


class Function(BaseModel):
    """One entry."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    version: str
    title: str
    summary: str = ""
    effect: EffectKind  # the worst it can do
    narrower: dict[str, dict[str, EffectKind]] = Field(default_factory=dict)  # field of `with` → its value → the effect with that value
    tools: str = ""  # field of `with` that lists functions it may call: what they do, it does
    servers: str = ""  # field of `with` that lists connections whose tools it may call: nobody knows here what those do
    target: str = ""  # "{channel} {to}": fields of `with`; what is missing is left out, an expression is shown as it is
    idempotent: bool
    person: bool = False  # a person decides or answers (approve, ask)
    model: Literal["none", "optional", "required"] = "none"
    input: dict[str, Any] = Field(default_factory=dict)  # JSON Schema of `with`
    output: dict[str, Any] = Field(default_factory=dict)  # JSON Schema of the result
    words: list[str] = Field(default_factory=list)  # how people call it, for the planner
    examples: list[dict[str, Any]] = Field(default_factory=list)
    binding: Binding | None = None  # of an imported function: where it is called

    @property
    def key(self) -> str:
        """`notify:1.0.0`, the key in a Catalogue."""
        return f"{self.name}:{self.version}"


Catalogue = Mapping[str, Function]


_BY_WEIGHT: Final[tuple[EffectKind, ...]] = ("none", "read", "write", "irreversible", "unknown")


def effect_of(function: Function, arguments: Any, catalogue: Catalogue) -> EffectKind:
    """
    Return what a call of *function* with *arguments* does at most.

    A field that is left out counts with its schema's default; what an expression will give is unknown, so the worst is assumed.
    """
    values = arguments if isinstance(arguments, dict) else {}
    kind = function.effect
    for field, effects in function.narrower.items():
        given = values.get(field, function.input.get("properties", {}).get(field, {}).get("default"))
        kind = effects.get(given, kind) if isinstance(given, str) else kind
    found = [kind, *(_of_tool(tool, catalogue) for tool in tools_of(function, values))]
    if function.servers and values.get(function.servers):
        found.append("unknown")
    return max(found, key=_BY_WEIGHT.index)


class Tool(NamedTuple):
    """One entry of a list of tools: `sql:1.0.0`, or `{function: sql:1.0.0, with: {connection: crm}}` with arguments that are settled."""

    function: Any  # as it is written, without "@default"
    arguments: dict[str, Any]


def tools_of(function: Function, arguments: Any) -> list[Tool]:
    """Return the tools that a call lists; an expression in place of the list is one tool nobody knows."""
    listed = arguments.get(function.tools) if function.tools and isinstance(arguments, dict) else None
    return [_tool(one) for one in (listed if isinstance(listed, list) else [] if listed is None else [listed])]


def _tool(written: Any) -> Tool:
    named = written.get("function") if isinstance(written, dict) else written
    settled = written.get("with") if isinstance(written, dict) else None
    name = named.removesuffix(f"@{DEFAULT_CATALOGUE}") if isinstance(named, str) else named
    return Tool(name, settled if isinstance(settled, dict) else {})


def _of_tool(tool: Tool, catalogue: Catalogue) -> EffectKind:
    function = catalogue.get(tool.function) if isinstance(tool.function, str) else None
    return effect_of(function, tool.arguments, catalogue) if function and not function.tools else "unknown"


class FunctionName(NamedTuple):
    """The parts of what stands behind `call:`; empty where they are left out."""

    name: str
    version: str
    catalogue: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.version}"


def parse_name(call: str) -> FunctionName | None:
    """Return the parts of `notify:1.0.0@default`, None when *call* is not of that form at all."""
    match = _NAME.fullmatch(call)
    return FunctionName(match["name"], match["version"] or "", match["catalogue"] or "") if match else None


def find(call: object, catalogue: Catalogue) -> Function | None:
    """Return the function that a task calls, None when *call* names none of *catalogue*."""
    parsed = parse_name(call) if isinstance(call, str) else None
    return catalogue.get(parsed.key) if parsed and parsed.catalogue == DEFAULT_CATALOGUE else None
