"""Parameters and bodies of one operation, of OpenAPI 2.0 and 3.x, as fields of `with`.

Names. A parameter keeps its own name; the body of 3.x is `body`, that of 2.0 has the name it is given there, each field of a 2.0 form
its own. Two of one name (`id` in the path and in the query): the first in the order path, query, header, cookie, form, body keeps it,
the other gets its place before it, `query_id`; a body becomes `request_body`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dsl.bindings import OpenApiBody, OpenApiParameter
from dsl.imports.api import Api
from dsl.imports.keywords import value
from dsl.imports.naming import Names, plain
from dsl.imports.schemas import MAX_EXAMPLE, Part
from dsl.pointer import join

JSON = Any

MAX_PARAMETERS: Final = 1_000
PLACES: Final = ("path", "query", "header", "cookie", "form")
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})  # OpenAPI 3.1.1 §4.8.12.1: said elsewhere in the document
_STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
    "form": ("form",),
}
_OLD_STYLES: Final = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}  # csv is the first of _STYLES
_NO_SCHEMA: Final = frozenset({"name", "in", "required", "collectionFormat", "allowEmptyValue", "example", "examples"})


class NotTaken(Exception):
    """This operation cannot be taken; why is already reported."""


@dataclass(frozen=True, slots=True)
class Input:
    """A field of `with`: its schema and where it goes; `parameter` is None for the body."""

    name: str
    part: Part
    required: bool
    description: str = ""
    example: JSON = None
    parameter: OpenApiParameter | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """All fields of one operation, named."""

    fields: tuple[Input, ...]
    body: OpenApiBody | None = None
    parameters: tuple[OpenApiParameter, ...] = field(default=())


def inputs(api: Api, item: dict[str, JSON], operation: dict[str, JSON], path: str, places: tuple[str, str]) -> Inputs:
    """
    Return the fields of *operation* of the path item *item*; *places* are their pointers, (item, operation).

    Raises:
        NotTaken: a parameter or the body cannot be read.
    """
    declared: dict[tuple[str, str], tuple[dict[str, JSON], str]] = {}
    for node, at in zip((item, operation), places, strict=True):
        for number, given in enumerate(api.items(node.get("parameters"), join(at, "parameters"))):
            parameter, where = _parameter(api, given, join(at, "parameters", number))
            declared[parameter["name"], parameter["in"]] = parameter, where
            if len(declared) > MAX_PARAMETERS:
                api.findings.add("too-many-parameters", at, f"there are more than {MAX_PARAMETERS:,} parameters")
                raise NotTaken
    fields = [_field(api, *one) for one in declared.values() if one[0]["in"] != "body"]
    fields = _of_path(api, fields, path, places[1])
    consumes = operation.get("consumes", api.data.get("consumes"))
    body, content = None, [kind for kind in consumes if isinstance(kind, str)] if isinstance(consumes, list) else []
    old = [one for (_, place), one in declared.items() if place == "body"]
    if api.generation == 2:
        body = _old_body(api, *old[0], content) if old else None
    elif "requestBody" in operation:
        body = _body(api, operation["requestBody"], join(places[1], "requestBody"))
    return _named(fields, body, content)


def _named(fields: list[Input], body: tuple[Input, OpenApiBody] | None, content: list[str]) -> Inputs:
    names = Names()
    found: list[Input] = []
    for one in sorted(fields, key=lambda one: PLACES.index(one.parameter.place) if one.parameter else len(PLACES)):
        assert one.parameter is not None
        name = names.take(f"{one.parameter.place}_{one.name}" if one.name in names else one.name)
        found.append(replace(one, name=name, parameter=one.parameter.model_copy(update={"field": name})))
    parameters = tuple(one.parameter for one in found if one.parameter)
    if body is None:
        return Inputs(tuple(found), _form(content, found), parameters)
    name = names.take("request_body" if body[0].name in names else body[0].name)
    return Inputs((*found, replace(body[0], name=name)), body[1].model_copy(update={"field": name}), parameters)


def _form(content: list[str], fields: list[Input]) -> OpenApiBody | None:
    """Return what the fields of a 2.0 form are sent as, None when there are none; a file only goes in several parts."""
    own = [one for one in fields if one.parameter and one.parameter.place == "form"]
    if not own:
        return None
    file = any(one.part.schema.get("format") == "binary" for one in own)
    kinds = [kind for kind in content if kind in FORMS and not (file and kind == FORMS[0])] or [FORMS[1] if file else FORMS[0]]
    return OpenApiBody(content=kinds[0], others=tuple(kinds[1:]))


def _parameter(api: Api, given: JSON, at: str) -> tuple[dict[str, JSON], str]:
    found = api.references.follow(given, at)
    if found is None:
        raise NotTaken
    parameter, where = found
    places = (*PLACES[:-1], "body", "formData") if api.generation == 2 else PLACES[:-1]
    if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str) or not parameter["name"]:
        api.findings.add("invalid-parameter", where, "a parameter needs a `name`")
        raise NotTaken
    if parameter.get("in") not in places:
        message = f"the parameter '{parameter['name'][:80]}' cannot be in '{str(parameter.get('in'))[:40]}'"
        api.findings.add("invalid-parameter", where, message, f"it goes in one of {', '.join(places)}")
        raise NotTaken
    return parameter, where


def _field(api: Api, parameter: dict[str, JSON], at: str) -> Input:
    name, place = parameter["name"], "form" if parameter["in"] == "formData" else parameter["in"]
    content = parameter.get("content") if api.generation == 3 else None
    kind = ""
    if api.generation == 2:
        part = api.schemas.part({key: item for key, item in parameter.items() if key not in _NO_SCHEMA}, at, "in")
    elif isinstance(content, dict) and content:
        kind, media = next(iter(content.items()))
        at = join(at, "content", kind)
        part = api.schemas.part(api.mapping(media, at).get("schema", {}), join(at, "schema"), "in")
    else:
        part = api.schemas.part(parameter.get("schema", {}), join(at, "schema"), "in")
    style, explode = _style(parameter, place, api.generation == 2)
    required = parameter.get("required") is True or place == "path"
    told = OpenApiParameter(
        field=name,
        name=name,
        place=place,
        required=required,
        style=style,
        explode=explode,
        reserved=parameter.get("allowReserved") is True,
        content=kind,
    )
    return Input(name, part, required, plain(parameter.get("description")), _example(parameter), told)


def _style(parameter: dict[str, JSON], place: str, old: bool) -> tuple[Any, bool]:
    allowed = _STYLES[place]
    if old:
        collection = parameter.get("collectionFormat")
        style = _OLD_STYLES.get(collection, allowed[0]) if isinstance(collection, str) and place in ("query", "form") else allowed[0]
        return style, collection == "multi"
    style = next((one for one in allowed if parameter.get("style") == one), allowed[0])
    explode = parameter.get("explode")
    return style, explode if isinstance(explode, bool) else style == "form"


def _of_path(api: Api, fields: list[Input], path: str, at: str) -> list[Input]:
    """Return *fields* with exactly the parameters that stand in the path, and without headers that are said elsewhere."""
    named = [name for name in _templated(path) if name]
    kept = []
    for one in fields:
        assert one.parameter is not None
        if one.parameter.place == "path" and one.name not in named:
            message = f"the path has no '{{{one.name[:80]}}}', so this parameter goes nowhere"
            api.findings.add("unused-parameter", at, message, "write it into the path, or remove it", "warning")
        elif one.parameter.place != "header" or one.name.lower() not in _IGNORED:
            kept.append(one)
    known = {one.name for one in kept if one.parameter and one.parameter.place == "path"}
    for name in dict.fromkeys(named):
        if name not in known:
            message = f"'{{{name[:80]}}}' of the path is not described; it is taken as text"
            api.findings.add("undescribed-parameter", at, message, "add a parameter `in: path` for it", "warning")
            told = OpenApiParameter(field=name, name=name, place="path", required=True, style="simple", explode=False)
            kept.append(Input(name, Part({"type": "string"}, {}, 2), True, parameter=told))
    return kept


def _templated(path: str) -> Iterator[str]:
    """Yield the names in braces."""
    for piece in path.split("{")[1:]:
        name, brace, _ = piece.partition("}")
        if brace:
            yield name


def _old_body(api: Api, parameter: dict[str, JSON], at: str, content: list[str]) -> tuple[Input, OpenApiBody]:
    part = api.schemas.part(parameter.get("schema", {}), join(at, "schema"), "in")
    kinds = sorted(content, key=preference) or ["application/json"]
    required = parameter.get("required") is True
    told = OpenApiBody(field=parameter["name"], content=kinds[0], others=tuple(kinds[1:]), required=required)
    return Input(parameter["name"], part, required, plain(parameter.get("description"))), told


def _body(api: Api, given: JSON, at: str) -> tuple[Input, OpenApiBody] | None:
    found = api.references.follow(given, at)
    if found is None or not isinstance(found[0], dict):
        if found is not None:
            api.findings.add("invalid-document", at, "a request body must be a mapping with `content`")
        raise NotTaken
    body, at = found
    content = api.mapping(body.get("content"), join(at, "content"))
    if not content:
        return None
    kinds = sorted(content, key=preference)
    here = join(at, "content", kinds[0])
    media = api.mapping(content[kinds[0]], here)
    part = api.schemas.part(media.get("schema", {}), join(here, "schema"), "in")
    required = body.get("required") is True
    told = OpenApiBody(field="body", content=_concrete(kinds[0]), others=tuple(kinds[1:]), required=required)
    return Input("body", part, required, plain(body.get("description")), _example(media)), told


def preference(kind: str) -> tuple[int, str]:
    """Sort media types: JSON first, then what is like it, forms, text, the rest."""
    name = kind.partition(";")[0].strip().lower()
    if name in FORMS:
        return 2, str(FORMS.index(name))
    ways = (name == "application/json", name.endswith("+json"), False, name in ("*/*", "application/*"), name.startswith("text/"))
    return next((number for number, fits in enumerate(ways) if fits), len(ways)), kind


def _concrete(kind: str) -> str:
    return "application/json" if "*" in kind else kind


def _example(node: dict[str, JSON]) -> JSON:
    """Return the example that *node* (a parameter or a media type) gives, None when there is none or it is large."""
    found = node.get("example")
    several = node.get("examples")
    if found is None and isinstance(several, dict):
        first = next(iter(several.values()), None)
        found = first.get("value") if isinstance(first, dict) else None
    return value(found) if len(str(found)) <= MAX_EXAMPLE else None
