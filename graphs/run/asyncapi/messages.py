"""What a message of an operation must look like, how it is written to bytes, and how bytes are read."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphs.run.asyncapi.document import Document, Operation
from graphs.run.errors import WorkflowError
from graphs.run.http_values import to_bytes
from graphs.run.ports import JSON
from graphs.run.schemas import JsonSchema, problem_in

# formats of schemas that are JSON Schema, or nearly; others (Avro, Protobuf …) are not checked
_JSON_SCHEMAS: Final = ("application/vnd.aai.asyncapi", "application/schema+json", "application/schema+yaml", "application/vnd.oai.openapi")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came; `place` is where to go on after it, for protocols that can; `receipt` is for the broker."""

    payload: bytes
    headers: Mapping[str, JSON]
    content_type: str = ""
    correlation_id: str | None = None
    place: str = ""
    receipt: object = None


def content_type(document: Document, operation: Operation) -> str:
    """Return the media type of a message to publish."""
    stated = next((one["contentType"] for one in operation.messages if one.get("contentType")), None)
    return str(stated or document.root.get("defaultContentType") or "application/json")


def written(payload: JSON) -> bytes:
    """Return *payload* as JSON. Raises WorkflowError (validation)."""
    return to_bytes(json.dumps(payload, ensure_ascii=False, separators=(",", ":")))


class Checker:
    """Tells whether messages fit those an operation has. Raises WorkflowError (configuration) for a schema that cannot be used."""

    def __init__(self, document: Document, operation: Operation) -> None:
        self._url = document.url
        self._known = [
            [("payload", _schema(document, _payload_schema(one))), ("headers", _schema(document, one.get("headers")))]
            for one in operation.messages
        ]

    def refuse_unfit(self, payload: JSON, headers: JSON) -> None:
        """Raise WorkflowError (validation) when a message fits none of them."""
        value = {"payload": payload, "headers": headers}
        found = [
            next((f"its {name}: {wrong}" for name, schema in one if schema and (wrong := schema.check(value[name]))), "")
            for one in self._known
        ]
        if found and all(found):
            more = f" (and none of {len(found) - 1} others)" if len(found) > 1 else ""
            raise WorkflowError.of("validation", f"the message does not fit {self._url}{more}: {found[0]}")


def _payload_schema(message: Mapping[str, JSON]) -> JSON:
    payload: JSON = message.get("payload")
    style = message.get("schemaFormat")
    if isinstance(payload, dict) and "schemaFormat" in payload:  # AsyncAPI 3
        style, payload = payload["schemaFormat"], payload.get("schema")
    return payload if style is None or str(style).startswith(_JSON_SCHEMAS) else None


def _schema(document: Document, found: JSON) -> JsonSchema | None:
    """Return a validator; references inside the document keep their meaning."""
    own = document.follow(found)
    if not own:
        return None
    whole = {**own, "components": {"schemas": (document.root.get("components") or {}).get("schemas") or {}}}
    wrong = problem_in(whole)
    if wrong:
        raise WorkflowError.of("configuration", f"{document.url} has a schema that cannot be used: {wrong}")
    return JsonSchema(whole)


def read(document: Document, operation: Operation, message: Incoming) -> dict[str, JSON]:
    """Return `{payload, headers, correlationId}`, the last only when there is one: JSON read, text as text, anything else in base64."""
    kind = (message.content_type or content_type(document, operation)).partition(";")[0].strip().lower()
    found: dict[str, JSON] = {"payload": _payload(message.payload, kind), "headers": dict(message.headers)}
    correlation = message.correlation_id or _correlation(document, operation, found)
    return found if correlation is None else {**found, "correlationId": correlation}


def _payload(body: bytes, kind: str) -> JSON:
    if not body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()
    if kind.startswith("text/") or kind.endswith(("/xml", "+xml")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _correlation(document: Document, operation: Operation, message: Mapping[str, JSON]) -> JSON:
    """Return what stands where the document says a message's correlation id is (`$message.header#/a/b`), else the header of that name."""
    for one in operation.messages:
        location = str(document.follow(one.get("correlationId")).get("location") or "")
        part, _, pointer = location.partition("#")
        value: JSON = message["headers" if part == "$message.header" else "payload"]
        for key in pointer.split("/")[1:]:
            value = value.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        if location and value is not None:
            return value
    return next((value for name, value in message["headers"].items() if name.lower() in ("correlationid", "correlation-id")), None)
