"""JSON values as parts of an HTTP request, and an HTTP response's body as a JSON value."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, HttpResponse


def with_query(uri: str, query: Mapping[str, JSON]) -> str:
    """Return *uri* with *query* added; a list repeats its name, null leaves it out."""
    pairs = [
        (name, _text(item)) for name, value in query.items() for item in (value if isinstance(value, list) else [value]) if item is not None
    ]
    if not pairs:
        return uri
    base, mark, fragment = uri.partition("#")
    joint = "&" if "?" in base else "?"
    encoded = urlencode([(to_bytes(name), to_bytes(value)) for name, value in pairs])
    return f"{base}{joint}{encoded}{mark}{fragment}"


def to_bytes(text: str) -> bytes:
    """Return *text* in UTF-8. Raises WorkflowError (validation) for half a character, as `"\\ud800"` in JSON is one."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise WorkflowError.of("validation", "a text to be sent holds half a character (an unpaired surrogate)") from error


def _text(value: JSON) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def encode_body(body: JSON, headers: dict[str, str]) -> bytes:
    """Return *body* as bytes, adding a Content-Type to *headers* when there is none: text as it is, everything else as JSON."""
    known = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    if known is not None and known.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded" and isinstance(body, dict):
        return with_query("", body)[1:].encode()
    if isinstance(body, str):
        if known is None:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        return to_bytes(body)
    if known is None:
        headers["Content-Type"] = "application/json"
    return to_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def read_content(response: HttpResponse) -> JSON:
    """
    Return the body: JSON read, text as text, anything else in base64, nothing as null.

    Raises WorkflowError (communication) for JSON that is none.
    """
    if not response.body:
        return None
    stated = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
    kind = stated.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return _read_json(response.body)
        except ValueError as error:
            raise WorkflowError.of("communication", f"{response.url} said it sends {kind}, but its body is no JSON ({error})") from error
    try:
        text = response.body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(response.body).decode()
    if kind.startswith("text/") or kind.endswith(("/xml", "+xml")) or kind == "application/yaml":
        return text
    return _json_or(text, text) if not kind else base64.b64encode(response.body).decode()


def _read_json(text: str | bytes) -> JSON:
    """Read *text*. Raises ValueError, also for what Python's reader takes although it is none, or cannot take."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(name: str) -> JSON:
    raise ValueError(f"it holds {name}")


def _json_or(text: str, otherwise: JSON) -> JSON:
    try:
        return _read_json(text)
    except ValueError:
        return otherwise
