"""Data as the body of a request, in the way its Content-Type says.

JSON             anything; what is sent when there is no Content-Type, except for a text
text             a text as it is
form             an object; a list repeats its name, null leaves it out
multipart        an object; a value that is an object with `content` is a part of its own: {content, filename, contentType, base64}
bytes            a text in base64, with the header `Content-Transfer-Encoding: base64`, which is not sent (RFC 2045, 6.8)
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphs.run.errors import WorkflowError
from graphs.run.http_values import header, scalar_text, to_bytes, with_query
from graphs.run.ports import JSON

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


def encode_body(body: JSON, headers: dict[str, str]) -> bytes:
    """Return *body* as bytes, adding a Content-Type to *headers* when there is none. Raises WorkflowError (validation)."""
    stated = header(headers, "content-type")
    kind = "" if stated is None else media_type(stated)
    if _is_base64(headers):
        return _decoded(body, "the body")
    if kind == FORM and isinstance(body, dict):
        return with_query("", body)[1:].encode()
    if kind == MULTIPART and isinstance(body, dict):
        return _multipart(body, headers)
    if isinstance(body, str):
        if stated is None:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        return to_bytes(body)
    if stated is None:
        headers["Content-Type"] = "application/json"
    return to_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def media_type(stated: str) -> str:
    """Return the type of a Content-Type without its parameters, lower case."""
    return stated.partition(";")[0].strip().lower()


def _is_base64(headers: dict[str, str]) -> bool:
    name = next((name for name in headers if name.lower() == "content-transfer-encoding"), None)
    if name is None or headers[name].strip().lower() != "base64":
        return False
    del headers[name]
    headers.setdefault(next((known for known in headers if known.lower() == "content-type"), "Content-Type"), "application/octet-stream")
    return True


def _decoded(value: JSON, what: str) -> bytes:
    if not isinstance(value, str):
        raise WorkflowError.of("validation", f"{what} must be a text in base64")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WorkflowError.of("validation", f"{what} must be in base64, and is not: {error}") from error


def _multipart(body: Mapping[str, JSON], headers: dict[str, str]) -> bytes:
    """Return the parts, and put the boundary between them into *headers* (RFC 7578)."""
    import httpx

    name = next(name for name in headers if name.lower() == "content-type")
    given = {"Content-Type": headers[name]} if "boundary=" in headers[name] else None
    parts = [(field, part) for field, value in body.items() for part in _parts(field, value)]
    if not parts:
        parts = [("", (None, b""))]
    request = httpx.Request("POST", "http://any", files=parts, headers=given)
    headers[name] = request.headers["content-type"]
    return request.read()


def _parts(field: str, value: JSON) -> Iterator[tuple[Any, ...]]:
    """Yield (file name, content[, media type]) for each part that *value* makes."""
    to_bytes(field)
    if value is None:
        return
    if isinstance(value, list):
        for item in value:
            yield from _parts(field, item)
    elif isinstance(value, dict) and "content" in value:
        content = value["content"]
        whole = _decoded(content, f"'{field}'") if value.get("base64") else to_bytes(_text(content))
        name = value.get("filename")
        kind = value.get("contentType") or ("application/json" if isinstance(content, dict | list) else None)
        yield (None if name is None else str(name), whole, str(kind)) if kind else (None if name is None else str(name), whole)
    elif isinstance(value, dict):
        yield None, to_bytes(_text(value)), "application/json"
    else:
        yield None, to_bytes(scalar_text(value))


def _text(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else scalar_text(value)
