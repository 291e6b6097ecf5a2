"""An operation and what is given for it, as a request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from dsl.bindings import OpenApiParameter, OpenApiSecurity
from graphs.run.errors import WorkflowError
from graphs.run.http_bodies import FORM, MULTIPART, encode_body, media_type
from graphs.run.http_values import to_bytes, with_query
from graphs.run.openapi.operations import Operation
from graphs.run.openapi.parameters import NOTHING, Given, resolved
from graphs.run.openapi.styles import in_form, in_header, in_path, pairs
from graphs.run.ports import JSON, HttpRequest
from graphs.run.wording import kind

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_ANYTHING: Final = "application/json, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Prepared:
    request: HttpRequest
    shown: str  # its URL without keys
    private: tuple[str, ...]  # headers that hold keys, lower case


def prepare_request(operation: Operation, given: Given, keys: list[tuple[OpenApiSecurity, str]]) -> Prepared:
    """
    Return the request for *operation*.

    Args:
        keys: Schemes of kind apiKey with the key of each.

    Raises:
        WorkflowError: configuration when the document names no server; validation for what cannot be written.
    """
    binding = operation.binding
    parts = _Parts(operation, given)
    url = _server(operation, given) + parts.path()
    query, headers, cookies = parts.query(), parts.headers(), parts.cookies()
    private = []
    secret_query = []
    for scheme, key in keys:
        if scheme.place == "query":
            secret_query.append((quote(to_bytes(scheme.name), safe=""), quote(to_bytes(key), safe="")))
        elif scheme.place == "cookie":
            cookies.append((scheme.name, quote(to_bytes(key), safe="")))
        else:
            headers[scheme.name] = key
            private.append(scheme.name.lower())
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies)
    headers.setdefault("Accept", ", ".join(binding.accepts) or _ANYTHING)
    body = parts.body(headers)
    request = HttpRequest(method=binding.method, url=_with(url, [*query, *secret_query]), headers=headers, body=body)
    return Prepared(request, _with(url, query), tuple(private))


def _with(url: str, query: list[tuple[str, str]]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(f'{name}={value}' for name, value in query)}"


def _server(operation: Operation, given: Given) -> str:
    binding = operation.binding

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in given.variables:
            chosen = given.variables[name]
            return chosen if chosen in binding.variables[name].allowed else quote(to_bytes(chosen), safe="")
        return binding.variables[name].default if name in binding.variables else ""

    url = _VARIABLE.sub(value, binding.server)
    if "://" not in url:
        raise WorkflowError.of("configuration", f"the document of the operation '{operation.name}' names no server with a host")
    return url


class _Parts:
    def __init__(self, operation: Operation, given: Given) -> None:
        self._operation, self._given = operation, given

    def _of(self, place: str) -> list[tuple[OpenApiParameter, JSON]]:
        values = self._given.values
        return [(one, values[one.field]) for one in self._operation.binding.parameters if one.place == place and one.field in values]

    def path(self) -> str:
        texts = {one.name: in_path(one, value) for one, value in self._of("path")}
        for one, value in self._of("path"):
            if not texts[one.name] or texts[one.name] in (".", ".."):
                raise self._wrong(
                    f"the parameter '{one.field}' must not be {json.dumps(value, ensure_ascii=False)}: it is a part of the path"
                )
        return _VARIABLE.sub(lambda match: texts.get(match[1], ""), self._operation.binding.path)

    def query(self) -> list[tuple[str, str]]:
        return [pair for one, value in self._of("query") for pair in pairs(one, value)]

    def headers(self) -> dict[str, str]:
        return {one.name: in_header(one, value) for one, value in self._of("header")}

    def cookies(self) -> list[tuple[str, str]]:
        return [pair for one, value in self._of("cookie") for pair in pairs(one, value)]

    def body(self, headers: dict[str, str]) -> bytes | None:
        described = self._operation.binding.body
        form = {one.name: self._file(one.field, in_form(one, value)) for one, value in self._of("form")}
        if described is None or (self._given.body is NOTHING and not form):
            return None
        body = form if form else self._given.body
        stated = _chosen((described.content, *described.others), body)
        headers["Content-Type"] = stated
        return self._encoded(stated, body, headers)

    def _encoded(self, stated: str, body: JSON, headers: dict[str, str]) -> bytes:
        name = media_type(stated)
        if name == "application/json" or name.endswith("+json"):
            return to_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        if name in (FORM, MULTIPART):
            if not isinstance(body, dict):
                raise self._wrong(f"a body of the type {name} must be an object, and is {kind(body)}")
            return self._form(body) if name == FORM else encode_body(self._parts(body), headers)
        if not isinstance(body, str):
            raise self._wrong(f"a body of the type {name} must be a text, and is {kind(body)}")
        if not (name.startswith("text/") or name.endswith(("/xml", "+xml", "yaml"))):
            headers["Content-Transfer-Encoding"] = "base64"
        return encode_body(body, headers)

    def _form(self, body: Mapping[str, JSON]) -> bytes:
        plain = {name: value for name, value in body.items() if "style" not in self._operation.encodings.get(name, {})}
        written = [pair for name in body if name not in plain and body[name] is not None for pair in self._styled(name, body[name])]
        texts = [with_query("", plain)[1:], "&".join(f"{name}={value}" for name, value in written)]
        return "&".join(filter(None, texts)).encode()

    def _styled(self, name: str, value: JSON) -> list[tuple[str, str]]:
        encoding = self._operation.encodings[name]
        style = encoding["style"] if encoding["style"] in ("spaceDelimited", "pipeDelimited", "deepObject") else "form"
        explode = encoding.get("explode", style == "form") is True
        return pairs(OpenApiParameter(field=name, name=name, place="query", style=style, explode=explode), value)

    def _parts(self, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """Return *body* as the parts of a multipart one: files from base64, media types where the document names them."""
        found = {}
        for name, value in self._files(body).items():
            kind = self._operation.encodings.get(name, {}).get("contentType")
            if isinstance(kind, str) and value is not None and not any(sign in kind for sign in "*,"):
                value = {"contentType": kind, **(value if _is_part(value) else {"content": value})}
            found[name] = value
        return found

    def _files(self, body: Mapping[str, JSON]) -> dict[str, JSON]:
        described = self._operation.binding.body
        name = described.field if described else ""
        schema = resolved(self._operation, self._operation.input.get("properties", {}).get(name, {}))
        properties: Mapping[str, Any] = schema.get("properties", {})
        return {key: _as_file(resolved(self._operation, properties.get(key, {})), key, value) for key, value in body.items()}

    def _file(self, name: str, value: JSON) -> JSON:
        return _as_file(self._operation.input.get("properties", {}).get(name, {}), name, value)

    def _wrong(self, words: str) -> WorkflowError:
        return WorkflowError.of("validation", f"the operation '{self._operation.name}' cannot be called so: {words}")


def _as_file(schema: Mapping[str, JSON], name: str, value: JSON) -> JSON:
    """Return *value*, bytes in base64 where *schema* says that it is a file."""
    binary = schema.get("format") == "binary" or schema.get("contentEncoding") == "base64" or "contentMediaType" in schema
    return {"content": value, "base64": True, "filename": name} if binary and isinstance(value, str) else value


def _is_part(value: JSON) -> bool:
    return isinstance(value, dict) and "content" in value


def _chosen(kinds: tuple[str, ...], body: JSON) -> str:
    """Return the media type that *body* is sent as: the first that can hold it; anything (`*/*`) is JSON, or a text."""
    kind = next((one for one in kinds if _holds(media_type(one), body)), kinds[0])
    if "*" in kind:
        return "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    return kind


def _holds(name: str, body: JSON) -> bool:
    if name == "application/json-patch+json":  # RFC 6902: a list of operations
        return isinstance(body, list)
    if name in (FORM, MULTIPART):
        return isinstance(body, dict)
    return isinstance(body, str) or name == "application/json" or name.endswith(("+json", "*"))
