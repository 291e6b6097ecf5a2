"""An OpenAPI document's text and an operationId to the operation: where it is called, with what, what comes back.

Reading is `dsl.imports`' business. Here the document is cut down to the one operation first, which is a tenth of the work.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.bindings import OpenApiBinding
from dsl.catalogue import Function
from dsl.imports.documents import read_document
from dsl.imports.openapi import from_openapi
from dsl.imports.operations import METHODS
from dsl.imports.results import Imported
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import MISSING, get
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.schemas import JsonSchema

MAX_BYTES: Final = 50_000_000
_KEPT: Final = 256
_known: OrderedDict[tuple[bytes, str, str], Operation] = OrderedDict()  # small, whatever the document


@dataclass(frozen=True, slots=True)
class Operation:
    name: str  # operationId
    binding: OpenApiBinding
    input: Mapping[str, JSON]  # JSON Schema of an object with a property for every field
    encodings: Mapping[str, Mapping[str, JSON]]  # of the body's properties, as the document has them: {style, explode, contentType}
    judges: dict[str, JsonSchema | None] = field(default_factory=dict)  # by field, made when first needed


def find_operation(text: bytes, address: str, name: str) -> Operation:
    """
    Return the operation *name* of the document *text*, which came from *address*. It takes up to seconds: call it in a thread.

    Raises WorkflowError (configuration): no OpenAPI document, no such operation, or one that cannot be called.
    """
    key = (hashlib.sha256(text).digest(), address, name)
    found = _known.get(key)
    if found is None:
        found = _find(text, address, name)
        _known[key] = found
        if len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _find(text: bytes, address: str, name: str) -> Operation:
    document = read_document(text)
    if document.data is None:
        problem = document.problems[0]
        raise WorkflowError.of("configuration", f"{address} cannot be read: {problem.message}")
    if not isinstance(document.data, dict):
        raise WorkflowError.of("configuration", f"{address} is no OpenAPI document: it is no mapping")
    places = {one: (path, method, item) for path, method, item, one in _identified(document.data)}
    if name not in places:
        raise _unknown(address, name, list(places), from_openapi({**document.data, "paths": {}}, address=address))
    path, method, item = places[name]
    only = {key: value for key, value in item.items() if key == method or key not in METHODS}
    imported = from_openapi({**document.data, "paths": {path: only}}, address=address)
    if any(problem.code == "broken-reference" for problem in imported.problems):  # perhaps into another path
        imported = from_openapi(document.data, address=address)
    function = next((one for one in imported.functions if _named(one, name)), None)
    if function is None:
        why = next((problem.message for problem in imported.problems if problem.severity == "error"), "it is described wrongly")
        raise WorkflowError.of("configuration", f"the operation '{name}' of {address} cannot be called: {why}")
    assert isinstance(function.binding, OpenApiBinding)
    return Operation(name, function.binding, function.input, _encodings(document.data, item[method], function.binding))


def _encodings(data: dict[str, Any], operation: Any, binding: OpenApiBinding) -> Mapping[str, Mapping[str, JSON]]:
    """Return how the properties of a form are written (OpenAPI 3.1.1, 4.8.15), which a binding does not tell."""
    body = _followed(data, operation.get("requestBody")) if isinstance(operation, dict) and binding.body else None
    content = body.get("content") if isinstance(body, dict) else None
    media = content.get(binding.body.content) if isinstance(content, dict) and binding.body else None
    found = media.get("encoding") if isinstance(media, dict) else None
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}


def _named(function: Function, name: str) -> bool:
    return isinstance(function.binding, OpenApiBinding) and function.binding.operation == name


def _identified(data: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Yield (path, method, path item, operationId) of every operation that has one."""
    paths = data.get("paths")
    for path, given in paths.items() if isinstance(paths, dict) else ():
        item = _followed(data, given)
        for method in METHODS if isinstance(item, dict) else ():
            operation = item.get(method)
            if isinstance(operation, dict) and isinstance(operation.get("operationId"), str):
                yield path, method, item, operation["operationId"]


def _followed(data: dict[str, Any], given: Any) -> Any:
    reference = given.get("$ref") if isinstance(given, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return given
    found = get(data, reference[1:])
    return None if found is MISSING else found


def _unknown(address: str, name: str, names: list[str], document: Imported) -> WorkflowError:
    if any(problem.code == "not-openapi" for problem in document.problems):
        return WorkflowError.of("configuration", f"{address}: {document.problems[0].message}")
    hint = did_you_mean(name, names, f"it has {quoted(names)}" if names else "it names none")
    return WorkflowError.of("configuration", f"{address} has no operation '{name}'; {hint}")
