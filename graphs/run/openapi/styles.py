"""Values in the places of a request, as parameters say. Source: OpenAPI 3.1.1, 4.8.12.3 to 4.8.12.6; 2.0's collection formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from dsl.bindings import OpenApiParameter
from graphs.run.http_values import scalar_text, to_bytes
from graphs.run.ports import JSON

_RESERVED: Final = ":/?@!$'()*,;"  # what may stay in a value; & = + # [ ] would change what a query means
_DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}


def in_path(parameter: OpenApiParameter, value: JSON) -> str:
    """Return what stands for `{name}`; whatever the document allows, it does not reach beyond its part of the path."""
    parameter = parameter.model_copy(update={"reserved": False})
    if parameter.content:
        return _quoted(parameter, json.dumps(value, ensure_ascii=False))
    style, explode, name = parameter.style, parameter.explode, quote(to_bytes(parameter.name), safe="")
    if style == "label":
        return "." + _joined(parameter, value, "." if explode else ",")
    if style != "matrix":
        return _joined(parameter, value, ",")
    if isinstance(value, list) and explode:
        return "".join(f";{name}={_quoted(parameter, item)}" for item in value)
    if isinstance(value, dict) and explode:
        return "".join(f";{_quoted(parameter, key)}={_quoted(parameter, item)}" for key, item in value.items())
    text = _joined(parameter, value, ",")
    return f";{name}={text}" if text else f";{name}"


def in_header(parameter: OpenApiParameter, value: JSON) -> str:
    """Return the value of the header; it is not percent-encoded."""
    if parameter.content:
        return json.dumps(value)
    if isinstance(value, dict):
        joint = "=" if parameter.explode else ","
        return ",".join(f"{key}{joint}{_text(item)}" for key, item in value.items())
    return ",".join(_text(item) for item in value) if isinstance(value, list) else _text(value)


def pairs(parameter: OpenApiParameter, value: JSON) -> list[tuple[str, str]]:
    """Return (name, value), encoded, for a query or a cookie; a list or an object may make several or none."""
    name = quote(to_bytes(parameter.name), safe="")
    if parameter.content:
        return [(name, _quoted(parameter, json.dumps(value, ensure_ascii=False)))]
    if parameter.style == "deepObject" and isinstance(value, dict | list):
        return list(_deep(parameter, name, value))
    if isinstance(value, list) and parameter.explode:
        return [(name, _quoted(parameter, item)) for item in value]
    if isinstance(value, dict) and parameter.explode:
        return [(quote(to_bytes(key), safe=""), _quoted(parameter, item)) for key, item in value.items()]
    return [(name, _joined(parameter, value, _DELIMITERS.get(parameter.style, ",")))]


def _deep(parameter: OpenApiParameter, name: str, value: JSON) -> Iterator[tuple[str, str]]:
    """Yield `name[key]`, and `name[key][0]` for what is deeper: the specification leaves that open, servers read it so."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _deep(parameter, f"{name}%5B{quote(to_bytes(str(key)), safe='')}%5D", item)
    else:
        yield name, _quoted(parameter, value)


def in_form(parameter: OpenApiParameter, value: JSON) -> JSON:
    """Return the value of a field of a 2.0 form: a list that is not repeated becomes one text."""
    if not isinstance(value, list) or parameter.explode:
        return value
    joint = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}.get(parameter.style, ",")
    return joint.join(_text(item) for item in value)


def _joined(parameter: OpenApiParameter, value: JSON, joint: str) -> str:
    if isinstance(value, list):
        return joint.join(_quoted(parameter, item) for item in value)
    if isinstance(value, dict):
        inner = "=" if parameter.explode else joint
        return joint.join(f"{_quoted(parameter, key)}{inner}{_quoted(parameter, item)}" for key, item in value.items())
    return _quoted(parameter, value)


def _quoted(parameter: OpenApiParameter, value: JSON) -> str:
    return quote(to_bytes(_text(value)), safe=_RESERVED if parameter.reserved else "")


def _text(value: JSON) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else scalar_text(value)
