"""An OpenAPI document (2.0, 3.0, 3.1; 3.2 as far as it is like 3.1) to catalogue functions, one an operation.

A pure function: nothing is fetched, `$ref`s lead only inside the document, and whatever is wrong is a problem with its JSON Pointer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from dsl.catalogue import Function
from dsl.imports.api import Api
from dsl.imports.documents import read_document
from dsl.imports.findings import Findings
from dsl.imports.naming import Names, fitting, plain, semver
from dsl.imports.operations import METHODS, function
from dsl.imports.parameters import NotTaken
from dsl.imports.results import Imported
from dsl.imports.schemas import MAX_SCHEMA_VALUES
from dsl.pointer import join
from dsl.problems import Problem

JSON = Any

MAX_OPERATIONS: Final = 5_000  # Kubernetes has a thousand
_LATER: Final = ("webhooks",)


def from_openapi(document: JSON, *, prefix: str = "", address: str = "") -> Imported:
    """
    Return the operations of *document* as functions.

    Args:
        document: The text (JSON or YAML, up to 50 million characters), or the data read from it.
        prefix: Stands before every name, `prefix.name`, so that several documents fit into one catalogue.
        address: Where the document came from; a server without a host is seen from there.

    Returns:
        Functions in the document's order, what is wrong, and what was left out. Never raises.

    Source: OpenAPI Specification 2.0, 3.0.4, 3.1.1; effects by RFC 9110 §9.2.
    """
    read = read_document(document)
    if read.data is None:
        return Imported(problems=read.problems or (_not_openapi("there is nothing in it"),))
    findings = Findings()
    generation = _generation(read.data)
    if isinstance(generation, Problem):
        return Imported(problems=(*read.problems, generation))
    api = Api(read.data, generation, findings, address)
    info = api.mapping(read.data.get("info"), "/info")
    found, left_out = _functions(api, semver(info.get("version")), f"{fitting(prefix)}." if prefix else "")
    if found and not any("://" in one.binding.server for one in found if one.binding and one.binding.kind == "openapi"):
        hint = "give the document's own address, or a connection with the base URL"
        findings.add("no-server", "", "the document names no host", hint, "advice")
    if api.schemas.cut:
        message = f"{api.schemas.cut:,} schemas have more than {MAX_SCHEMA_VALUES:,} values; their innermost parts are taken as anything"
        findings.add("large-schema", "", message, "", "advice")
    return Imported(
        functions=tuple(found),
        problems=(*read.problems, *findings.all()),
        left_out=tuple(left_out),
        title=plain(info.get("title"), 100),
        version=semver(info.get("version")),
    )


def operations(document: JSON) -> dict[str, Function]:
    """Return the functions of *document* by operationId as it is written there, to judge the `parameters` of a `call: openapi`."""
    found: dict[str, Function] = {}
    for one in from_openapi(document).functions:
        if one.binding is not None and one.binding.kind == "openapi" and one.binding.operation:
            found.setdefault(one.binding.operation, one)
    return found


def _generation(data: JSON) -> Literal[2, 3] | Problem:
    if not isinstance(data, dict):
        return _not_openapi("it is no mapping")
    version = data.get("openapi", data.get("swagger"))
    if version is None:
        return _not_openapi("it has neither `openapi: 3.…` nor `swagger: '2.0'`")
    text = str(version)
    if "openapi" in data and text.startswith(("3.0", "3.1", "3.2")):
        return 3
    if "openapi" not in data and text in ("2.0", "2"):
        return 2
    return _not_openapi(f"'{text[:40]}' is no version of it that is known here", "convert it to OpenAPI 3.1")


def _not_openapi(why: str, hint: str = "give an OpenAPI document of version 2.0, 3.0 or 3.1") -> Problem:
    return Problem(code="not-openapi", reference="", message=f"this is no OpenAPI document: {why}", hint=hint)


def _functions(api: Api, version: str, prefix: str) -> tuple[list[Function], list[str]]:
    found: list[Function] = []
    left_out: list[str] = []
    names = Names()
    if "paths" not in api.data and not any(name in api.data for name in _LATER):
        api.findings.add("invalid-document", "", "the document has no `paths`", "give the whole document")
    for method, path, at, item in _operations(api):
        if len(found) + len(left_out) >= MAX_OPERATIONS:
            message = f"the document has more than {MAX_OPERATIONS:,} operations; the rest is left out"
            api.findings.add("too-many-operations", at, message, "import a part of it")
            break
        try:
            one = function(api, (method, path, at), item, version, names)
        except NotTaken:
            left_out.append(f"{method.upper()} {path}")
        else:
            found.append(one.model_copy(update={"name": prefix + one.name}) if prefix else one)
    return found, left_out


def _operations(api: Api) -> Iterator[tuple[str, str, str, dict[str, JSON]]]:
    """Yield (method, path, pointer of the path item, path item)."""
    for path, given in api.mapping(api.data.get("paths"), "/paths", severity="error").items():
        if path.startswith("x-"):
            continue
        here = join("/paths", path)
        if not path.startswith("/"):
            api.findings.add("invalid-document", here, f"a path starts with '/', not '{path[:40]}'", "", "warning")
            continue
        found = api.references.follow(given, here)
        if found is None:
            continue
        item, at = api.mapping(found[0], found[1], severity="error"), found[1]
        for method in METHODS:
            if method in item:
                yield method, path, at, item
