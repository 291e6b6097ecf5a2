"""`call`: a protocol, or a function of the definition or of a catalogue; each in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run.cataloged import CatalogedFunction
from graphs.run.endpoint import prepare_endpoint
from graphs.run.ports import JSON
from graphs.run.resources import Resource
from graphs.run.tasks import function_call, own_function
from graphs.run.tasks.do import DoTask
from graphs.run.tree import Block, Body

if TYPE_CHECKING:
    from graphs.run.program import Compiler

# each in a module of its own, loaded by the first definition that calls so
_PROTOCOLS = ("http", "grpc", "a2a", "asyncapi", "mcp", "openapi")
_OF_A_CATALOGUE = re.compile(r"^(?P<name>[^:@/]+):(?P<version>[^:@/]+)@(?P<catalogue>.+)$")
_CATALOGUED = re.compile(r"^(?P<key>[^:@/]+:[^:@/]+)@default$")


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> Body:
    target = str(data["call"])
    if target in _PROTOCOLS:
        body: Body = import_module(f"graphs.run.tasks.{target}_call").prepare(data, reference, compiler)
        return body
    if target in (compiler.use.get("functions") or {}):
        return own_function.prepare(data, target)
    elsewhere = _elsewhere(target, join(reference, "call"), compiler)
    if elsewhere is not None:
        return own_function.prepare(data, target, elsewhere)
    match = _CATALOGUED.match(target)
    if match is None:
        compiler.not_yet(join(reference, "call"), f"call: {target}", "use call: http or a function NAME:VERSION@default")
    elif match["key"] not in compiler.catalogue:
        known = ", ".join(f"{key}@default" for key in sorted(compiler.catalogue))
        compiler.problem("unknown-function", join(reference, "call"), f"the catalogue has no function '{match['key']}'", f"it has {known}")
    else:
        return function_call.prepare(data, match["key"], compiler)
    return DoTask(Block((), {}))


def _elsewhere(target: str, reference: str, compiler: Compiler) -> CatalogedFunction | None:
    """Return the function of a catalogue of the workflow's own, or at an address."""
    if "://" in target:
        return CatalogedFunction(target, Resource(prepare_endpoint(target, reference, compiler)), "", compiler)
    match = _OF_A_CATALOGUE.match(target)
    catalogs = compiler.use.get("catalogs") or {}
    if match is None or match["catalogue"] not in catalogs:
        return None
    where = join("/use/catalogs", match["catalogue"], "endpoint")
    source = Resource(prepare_endpoint(catalogs[match["catalogue"]]["endpoint"], where, compiler))
    return CatalogedFunction(target, source, f"/functions/{match['name']}/{match['version']}/function.yaml", compiler)
