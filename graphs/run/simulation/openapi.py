"""What the operations of OpenAPI documents at hand answer: the schema of the first good response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl import walk
from dsl.expressions import is_expression
from dsl.source import read
from graphs.run.ports import JSON
from graphs.run.simulation.shapes import resolved


def answer_schemas(definition: Mapping[str, JSON], documents: Mapping[str, str]) -> dict[str, Mapping[str, JSON]]:
    """
    Return reference -> JSON Schema of the answer of every `call: openapi` whose document is at hand.

    Args:
        documents: Texts by address, as the definition writes it.
    """
    found = {}
    parsed: dict[str, Mapping[str, JSON]] = {}
    for step in walk.all_steps(dict(definition)):
        given = step.task.get("with") if step.task.get("call") == "openapi" else None
        url = _url((given or {}).get("document"))
        if not isinstance(given, Mapping) or url not in documents:
            continue
        if url not in parsed:
            data = read(documents[url]).data
            parsed[url] = data if isinstance(data, Mapping) else {}
        schema = _answer(parsed[url], str(given.get("operationId")))
        if schema:
            found[step.reference] = schema
    return found


def _url(document: JSON) -> str:
    endpoint = document.get("endpoint") if isinstance(document, Mapping) else None
    url = endpoint.get("uri") if isinstance(endpoint, Mapping) else endpoint
    return url if isinstance(url, str) and not is_expression(url) else ""


def _answer(document: Mapping[str, JSON], name: str) -> Mapping[str, JSON] | None:
    operation = next((one for one in _operations(document) if one.get("operationId") == name), None)
    responses = (operation or {}).get("responses") or {}
    good = sorted(str(status) for status in responses if str(status).startswith("2")) or (["default"] if "default" in responses else [])
    for status in good:
        response = resolved(responses.get(status, responses.get(int(status) if status.isdecimal() else status)), document)
        schema = _schema(response)
        if schema is not None:
            found = resolved(schema, document)
            return {**found, **{key: document[key] for key in ("components", "definitions") if key in document}}
    return None


def _schema(response: Mapping[str, JSON]) -> Mapping[str, JSON] | None:
    """Return a response's schema, as 3.x and as 2.0 have it."""
    content = response.get("content")
    if isinstance(content, Mapping):
        kinds = sorted(content, key=lambda kind: "json" not in str(kind))
        return next((content[kind]["schema"] for kind in kinds if "schema" in (content[kind] or {})), None)
    schema = response.get("schema")
    return schema if isinstance(schema, Mapping) else None


def _operations(document: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    for item in (document.get("paths") or {}).values():
        for operation in resolved(item, document).values() if isinstance(item, Mapping) else ():
            if isinstance(operation, Mapping):
                yield operation
