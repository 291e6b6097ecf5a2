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
    effect: EffectKind
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
