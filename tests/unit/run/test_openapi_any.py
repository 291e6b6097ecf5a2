"""Whatever is given for an operation becomes a request or a workflow's error, never anything else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.run.errors import WorkflowError
from graphs.run.openapi.operations import Operation, find_operation
from graphs.run.openapi.parameters import assign
from graphs.run.openapi.requests import prepare_request

STYLES = {
    "path": ["simple", "label", "matrix"],
    "query": ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
    "header": ["simple"],
    "cookie": ["form"],
}
KINDS = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "image/png",
    "application/xml",
    "*/*",
]
texts = st.text(max_size=8) | st.sampled_from(["/", "..", "a/b?c#d", "&x=1", "%2e%2e", "\r\nX: 1"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
schemas = st.sampled_from([{}, {"type": "integer"}, {"type": "string"}, {"type": "array", "items": {"type": "number"}}, {"type": "object"}])


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    parameters = []
    for name in ("id", "a", "b"):
        place = "path" if name == "id" else draw(st.sampled_from(list(STYLES)[1:]))
        style, explode = draw(st.sampled_from(STYLES[place])), draw(st.booleans())
        one = {"name": name, "in": place, "style": style, "explode": explode, "schema": draw(schemas), "allowReserved": draw(st.booleans())}
        parameters.append(one | {"required": place == "path"})
    body = {"content": {kind: {"schema": draw(schemas)} for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2))}}
    operation = {"operationId": "op", "parameters": parameters, "requestBody": body, "responses": {}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x/{id}/y": {"post": operation}}}
    return find_operation(json.dumps(document).encode(), "http://api.test/docs/api.json", "op")


@settings(max_examples=200, deadline=None)
@given(operation=operations(), given_=st.dictionaries(st.sampled_from(["id", "a", "b", "body", "c"]), values))
def test_any_values_make_a_request_to_the_same_host_and_path_or_an_error(operation: Operation, given_: dict[str, Any]) -> None:
    try:
        request = prepare_request(operation, assign(operation, {"id": 1, **given_}), []).request
    except WorkflowError as error:
        assert error.status == 400
        return
    parts = urlsplit(str(httpx.URL(request.url)))
    assert (parts.netloc, parts.fragment) == ("api.test", "")
    assert parts.path.split("/")[1] == "x"
    assert parts.path.split("/")[-1] == "y"
    assert len(parts.path.split("/")) == 4


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60) | st.binary(max_size=60), name=texts)
def test_any_text_is_a_document_or_an_error(text: str | bytes, name: str) -> None:
    try:
        find_operation(text.encode("utf-8", "replace") if isinstance(text, str) else text, "http://api.test/", name)
    except WorkflowError as error:
        assert error.status == 400
