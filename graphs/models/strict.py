"""A reply class as a schema that a decoder can hold a model to, and the way back.

OpenAI's strict mode takes closed objects whose properties are all required, and few keywords (see `dsl.wire.schema`). So what has a default
may be null, an object of chosen names becomes a list of `{name, value}`, and limits (patterns, lengths, ranges) move into the description;
`loosened()` undoes the first two before pydantic, which knows the limits, has the last word. A field that takes any value cannot be put
this way: then the schema only goes into the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel

JSON = Any

LIMITS: Final = {
    "pattern": "pattern {}",
    "format": "format {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
SILENT: Final = {"title", "default", "examples", "discriminator", "uniqueItems", "deprecated", "readOnly", "writeOnly"}
KNOWN: Final = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "oneOf",
    "allOf",
    "enum",
    "const",
    "$ref",
    "$defs",
}
NULL: Final = {"type": "null"}


class NotStrict(ValueError):
    """A schema holds something that strict mode has no words for."""


@lru_cache(maxsize=128)
def reply_schema(reply: type[BaseModel]) -> dict[str, JSON] | None:
    """Return *reply* as a strict schema; None when a field of it takes any value."""
    try:
        return strict(reply.model_json_schema())
    except NotStrict:
        return None


@lru_cache(maxsize=128)
def _plain_schema(reply: type[BaseModel]) -> dict[str, JSON]:
    return reply.model_json_schema()


def strict(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """
    Return *schema*, as pydantic writes it, in the words of strict mode.

    Raises:
        NotStrict: it is open somewhere: any value, tuples, other keywords.
    """
    known = schema.get("$defs", {})
    told = _part(_followed(schema, known))  # a class that holds itself is a reference at the root
    if told.get("type") != "object":
        raise NotStrict("the root is no object")
    definitions = {name: _part(part) for name, part in known.items()}
    used = _referred(told, definitions)
    return {**told, **({"$defs": {name: definitions[name] for name in definitions if name in used}} if used else {})}


def _part(schema: JSON) -> dict[str, JSON]:
    if not isinstance(schema, Mapping):
        raise NotStrict("any value")
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}  # stands alone: what is said beside it is lost
    if unknown := schema.keys() - KNOWN - LIMITS.keys() - SILENT - {"description"}:
        raise NotStrict(f"keywords {', '.join(sorted(unknown))}")
    told = _about(schema)
    if "allOf" in schema:
        if len(schema["allOf"]) != 1:
            raise NotStrict("allOf")
        return _part(schema["allOf"][0])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return {**told, "anyOf": [_part(choice) for choice in choices]}
    if "const" in schema or "enum" in schema:
        words = [schema["const"]] if "const" in schema else schema["enum"]
        return {**told, **({"type": schema["type"]} if "type" in schema else {}), "enum": list(words)}
    return {**told, **_typed(schema)}


def _typed(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    kind = schema.get("type")
    if kind == "object":
        return _object(schema)
    if kind == "array":
        if "items" not in schema:
            raise NotStrict("a list of anything")
        return {"type": "array", "items": _part(schema["items"])}
    if kind not in ("string", "number", "integer", "boolean", "null"):
        raise NotStrict("any value")
    return {"type": kind}


def _object(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    properties, more = schema.get("properties"), schema.get("additionalProperties", True)
    if properties is None:
        if not isinstance(more, Mapping):
            raise NotStrict("an object of anything")
        return {"type": "array", "items": _closed({"name": {"type": "string"}, "value": _part(more)})}
    if isinstance(more, Mapping):
        raise NotStrict("an object of fixed and chosen names")
    required = schema.get("required", ())
    return _closed({name: _part(part) if name in required else _or_null(_part(part)) for name, part in properties.items()})


def _closed(properties: dict[str, JSON]) -> dict[str, JSON]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _or_null(part: dict[str, JSON]) -> dict[str, JSON]:
    """Return *part*, or null: with its description outside."""
    about = {key: part[key] for key in ("description",) if key in part}
    inner = {key: value for key, value in part.items() if key != "description"}
    choices = inner.get("anyOf", [inner])
    return {**about, "anyOf": [*choices, *([] if NULL in choices else [NULL])]}


def _about(schema: Mapping[str, JSON]) -> dict[str, str]:
    """Return the description, limits included, as strict mode has no keywords for them."""
    limits = "; ".join(words.format(schema[key]) for key, words in LIMITS.items() if key in schema)
    text = str(schema.get("description", ""))
    both = f"{text} ({limits})" if text and limits else text or limits
    return {"description": both} if both else {}


def _referred(part: JSON, definitions: Mapping[str, JSON]) -> set[str]:
    """Return the names of definitions that *part* leads to."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, Mapping):
            name = str(here.get("$ref", "")).removeprefix("#/$defs/") if isinstance(here.get("$ref"), str) else ""
            if name and name not in found and name in definitions:
                found.add(name)
                waiting.append(definitions[name])
            waiting += here.values()
    return found


def loosened(value: JSON, reply: type[BaseModel]) -> JSON:
    """Return *value* without nulls where *reply* has a default and takes none, and lists of `{name, value}` as the objects they are."""
    schema = _plain_schema(reply)
    return _loosened(value, schema, schema.get("$defs", {}))


def _loosened(value: JSON, schema: JSON, definitions: Mapping[str, JSON]) -> JSON:
    if not isinstance(schema, Mapping):
        return value
    schema = _followed(schema, definitions)
    choices = [_followed(choice, definitions) for choice in schema.get("anyOf", ())]
    if choices:
        fitting = [choice for choice in choices if choice.get("type") != "null"]
        return _loosened(value, fitting[0], definitions) if len(fitting) == 1 else value
    if isinstance(value, list):
        if schema.get("type") == "object" and "properties" not in schema and _are_pairs(value):
            value = {pair["name"]: pair["value"] for pair in value}
        else:
            return [_loosened(inner, schema.get("items"), definitions) for inner in value]
    if not isinstance(value, Mapping):
        return value
    more, properties, required = schema.get("additionalProperties"), schema.get("properties", {}), schema.get("required", ())
    return {
        key: _loosened(inner, properties.get(key, more), definitions)
        for key, inner in value.items()
        if inner is not None or key in required or key not in properties or _takes_null(properties[key], definitions)
    }


def _followed(schema: Mapping[str, JSON], definitions: Mapping[str, JSON]) -> Mapping[str, JSON]:
    reference = schema.get("$ref")
    found = definitions.get(reference.removeprefix("#/$defs/"), {}) if isinstance(reference, str) else schema
    return found if isinstance(found, Mapping) else {}


def _are_pairs(value: list[JSON]) -> bool:
    names = [pair.get("name") for pair in value if isinstance(pair, Mapping) and pair.keys() == {"name", "value"}]
    return len(names) == len(value) and len(set(map(str, names))) == len(names) and all(isinstance(name, str) for name in names)


def _takes_null(schema: JSON, definitions: Mapping[str, JSON]) -> bool:
    if not isinstance(schema, Mapping):
        return True
    schema = _followed(schema, definitions)
    if "anyOf" in schema:
        return any(_takes_null(choice, definitions) for choice in schema["anyOf"])
    return schema.get("type") == "null" or not ({"type", "enum", "const"} & schema.keys())
