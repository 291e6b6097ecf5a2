"""JSON values in URLs and headers, and the body of an answer as a JSON value."""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, HttpResponse

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_CHARSETS = re.compile(
    r"ascii|utf-(8|16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-\w|mac-\w+|gb\w+|big5\w*|shift_jis\w*|euc_\w+|iso2022_\w+|johab|tis-620"
)
_TEXTS = ("application/yaml", "application/x-yaml", "application/javascript", "application/x-ndjson", "application/x-www-form-urlencoded")


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
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else scalar_text(value)


def scalar_text(value: JSON) -> str:
    """Return a text, number or boolean as it stands in a URL, a header or a form."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def header_text(value: JSON) -> str:
    """Return the value of a header; a list is one with commas, an object is JSON (RFC 9110, 5.6.1)."""
    if isinstance(value, list):
        return ", ".join(header_text(item) for item in value if item is not None)
    return json.dumps(value) if isinstance(value, dict) else scalar_text(value)


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Return the value of the header *name* (lower case), None when it is not there."""
    return next((value for given, value in headers.items() if given.lower() == name), None)


def read_content(response: HttpResponse) -> JSON:
    """
    Return the body: JSON read, text as text, anything else in base64, nothing as null.

    Raises WorkflowError (communication) for JSON or a text that is none.
    """
    if not response.body:
        return None
    stated = header(response.headers, "content-type") or ""
    kind = stated.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return _read_json(_decoded(response.body, stated) or response.body)
        except ValueError as error:
            raise WorkflowError.of("communication", f"{response.url} said it sends {kind}, but its body is no JSON ({error})") from error
    if _is_text(kind):
        return _read_text(response, stated, kind)
    if kind:
        return base64.b64encode(response.body).decode()
    try:
        text = response.body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(response.body).decode()
    return _json_or(text, text)


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("/xml", "+xml", "+yaml")) or kind in _TEXTS


def _read_text(response: HttpResponse, stated: str, kind: str) -> str:
    try:
        text = _decoded(response.body, stated)
        return response.body.decode("utf-8-sig") if text is None else text
    except UnicodeDecodeError as error:
        words = (
            f"{response.url} said it sends {kind}, but byte {error.start} of it is not {error.encoding}; `output: raw` takes it as it is"
        )
        raise WorkflowError.of("communication", words) from error


def _decoded(body: bytes, stated: str) -> str | None:
    """Return *body* by the charset of a Content-Type, None when it names none that is known. Raises UnicodeDecodeError."""
    match = _CHARSET.search(stated)
    try:
        codec = codecs.lookup(match[1]) if match else None
    except (LookupError, ValueError):
        return None
    if codec is None or not _CHARSETS.fullmatch(codec.name):  # Python's codecs are more than character sets
        return None
    return body.decode("utf-8-sig" if codec.name == "utf-8" else codec.name)


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
