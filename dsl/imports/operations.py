"""One operation of an OpenAPI document as a function."""

from __future__ import annotations

import re
from typing import Any, Final

from dsl.bindings import OpenApiBinding
from dsl.catalogue import EffectKind, Function
from dsl.imports.api import Api, Server
from dsl.imports.naming import Names, fitting, plain, spoken, words
from dsl.imports.parameters import Input, Inputs, NotTaken, inputs, preference
from dsl.imports.schemas import Key, Part
from dsl.pointer import join

JSON = Any

# RFC 9110 §9.2.1 (safe) and §9.2.2 (idempotent); QUERY is OpenAPI 3.2's, safe by its draft
_EFFECTS: Final[dict[str, EffectKind]] = {
    **dict.fromkeys(("get", "head", "options", "trace", "query"), "read"),
    **dict.fromkeys(("put", "post", "patch"), "write"),
    "delete": "irreversible",
}
METHODS: Final = tuple(_EFFECTS)
_IDEMPOTENT: Final = frozenset({"get", "head", "options", "trace", "query", "put", "delete"})
_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")
_EMPTY: Final = ("204", "205")
MAX_TITLE: Final = 80


def function(api: Api, place: tuple[str, str, str], item: dict[str, JSON], version: str, names: Names) -> Function:
    """
    Return an operation of the path item *item* as a function; *place* is its method, its path and the pointer of *item*.

    Args:
        names: Those that are taken; the new one is added.

    Raises:
        NotTaken: it cannot be called; why is among the findings.
    """
    method, path, at = place
    found = api.references.follow(item[method], join(at, method))
    if found is None:
        raise NotTaken
    operation, here = found
    if not isinstance(operation, dict):
        api.findings.add("invalid-document", here, "an operation must be a mapping")
        raise NotTaken
    fields = inputs(api, item, operation, path, (at, here))
    server = api.server_of(operation, here) or api.server_of(item, at) or api.server
    output, accepts = _output(api, operation, here)
    asked = api.security_of(operation, here)
    name = _name(api, operation, method, path, here, names)
    identifier = operation.get("operationId")
    return Function(
        name=name,
        version=version,
        title=_title(operation, method, path),
        summary=plain(operation.get("description")) or plain(operation.get("summary")),
        effect=_EFFECTS[method],
        idempotent=method in _IDEMPOTENT,
        target=_target(server, path, fields),
        input=_input(api, fields),
        output=output,
        words=words(*_tags(operation), name),
        examples=_examples(fields),
        binding=OpenApiBinding(
            operation=identifier if isinstance(identifier, str) else "",
            method=method.upper(),
            server=server.url,
            variables=server.variables,
            path=path,
            parameters=fields.parameters,
            body=fields.body,
            accepts=accepts,
            security=api.security if asked is None else asked,
        ),
    )


def _name(api: Api, operation: dict[str, JSON], method: str, path: str, at: str, names: Names) -> str:
    identifier = operation.get("operationId")
    wanted = fitting(identifier, "") if isinstance(identifier, str) else ""
    name = names.take(wanted or fitting(f"{method} {path}", method))
    if wanted and name != wanted:
        message = f"the operationId '{str(identifier)[:80]}' gives a name that is taken; this one is called '{name}'"
        api.findings.add("duplicate-operation", join(at, "operationId"), message, "give each operation an id of its own", "warning")
    return name


def _title(operation: dict[str, JSON], method: str, path: str) -> str:
    identifier = operation.get("operationId")
    found = plain(operation.get("summary"), MAX_TITLE).rstrip(".")
    found = found or (spoken(identifier)[:MAX_TITLE] if isinstance(identifier, str) else "") or f"{method.upper()} {path}"[:MAX_TITLE]
    return f"{found} (deprecated)" if operation.get("deprecated") is True else found


def _tags(operation: dict[str, JSON]) -> list[str]:
    tags = operation.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _target(server: Server, path: str, fields: Inputs) -> str:
    """Return "HOST/PATH"; in braces stand the fields of `with`, as in the targets of the other functions."""
    renamed = {one.name: one.field for one in fields.parameters if one.place == "path"}
    return server.place + _TEMPLATE.sub(lambda match: f"{{{renamed.get(match[1], match[1])}}}", path)


def _input(api: Api, fields: Inputs) -> dict[str, JSON]:
    needs: dict[Key, None] = {}
    for one in fields.fields:
        needs |= dict.fromkeys(one.part.needs)
    found: dict[str, JSON] = {
        "type": "object",
        "required": [one.name for one in fields.fields if one.required],
        "properties": {one.name: _described(one) for one in fields.fields},
        "additionalProperties": False,
    }
    if not found["required"]:
        del found["required"]
    definitions = api.schemas.definitions(needs)
    return found | {"$defs": definitions} if definitions else found


def _described(one: Input) -> dict[str, JSON]:
    """Return the field's schema, with what the parameter itself says and the example it gives."""
    schema = one.part.schema
    if one.description and schema.get("description") != one.description:
        schema = schema | {"description": one.description}
    return schema | {"examples": [one.example]} if one.example is not None and "examples" not in schema else schema


def _examples(fields: Inputs) -> list[dict[str, JSON]]:
    """Return one example when the document gives a value for every required field."""
    found = {one.name: _given(_described(one)) for one in fields.fields if one.required}
    return [{name: values[0] for name, values in found.items()}] if all(found.values()) else []


def _given(schema: dict[str, JSON]) -> list[JSON]:
    """Return the values that *schema* itself names: examples, the default, the first choice, an object of such values."""
    given = [schema[word] for word in ("default", "const") if word in schema]
    given = [*schema.get("examples", ()), *given, *schema.get("enum", ())[:1]]
    properties = schema.get("properties", {})
    if given or not properties or not schema.get("required"):
        return given
    parts = {name: _given(properties.get(name, {})) for name in schema["required"]}
    return [{name: values[0] for name, values in parts.items()}] if all(parts.values()) else []


def _output(api: Api, operation: dict[str, JSON], at: str) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return the schema of all 2xx responses together, `default`'s where there are none, and the media types they come in."""
    responses = api.mapping(operation.get("responses"), join(at, "responses"))
    codes = [code for code in responses if re.fullmatch(r"2([0-9][0-9]|XX)", code, re.IGNORECASE)]
    codes = sorted(codes) or [code for code in responses if code == "default"]
    produces = operation.get("produces", api.data.get("produces"))
    accepts = dict.fromkeys(kind for kind in produces if isinstance(kind, str)) if isinstance(produces, list) else {}
    parts: list[Part] = []
    for code in codes:
        part, kinds = _response(api, responses[code], join(at, "responses", code), code)
        accepts |= dict.fromkeys(kinds)
        if all(part.schema != other.schema for other in parts):
            parts.append(part)
    schema: dict[str, JSON] = {}
    if parts and all(part.schema for part in parts):
        schema = parts[0].schema if len(parts) == 1 else {"anyOf": [part.schema for part in parts]}
    needs: dict[Key, None] = {}
    for part in parts if schema else ():
        needs |= dict.fromkeys(part.needs)
    definitions = api.schemas.definitions(needs)
    return (schema | {"$defs": definitions} if definitions else dict(schema)), tuple(sorted(accepts, key=preference))


def _response(api: Api, given: JSON, at: str, code: str) -> tuple[Part, list[str]]:
    found = api.references.follow(given, at, "warning")
    if found is None:
        return Part({}, {}), []
    response, at = api.mapping(found[0], found[1]), found[1]
    if api.generation == 2:
        at, kinds, media = join(at, "schema"), [], response
    else:
        content = api.mapping(response.get("content"), join(at, "content"))
        kinds = sorted(content, key=preference)
        at = join(at, "content", kinds[0], "schema") if kinds else at
        media = api.mapping(content[kinds[0]], at.rpartition("/")[0]) if kinds else {}
    if "schema" not in media:
        return Part({"type": "null"} if code in _EMPTY else {}, {}), kinds
    return api.schemas.part(media["schema"], at, "out"), kinds
