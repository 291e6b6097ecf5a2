"""The whole schema: the definition, `metadata.parley`, and the functions of a catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dsl.catalogue import DEFAULT_CATALOGUE

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue, Function

JSON = Any

ID: Final = "urn:parley:schema:workflow:1.0.3"
_REF: Final = "#/$defs/{model}"


def schema(catalogue: Catalogue | None = None) -> dict[str, JSON]:
    """Return the schema; with a *catalogue* an editor proposes its functions behind `call:` and their arguments below `with:`."""
    from pydantic.json_schema import models_json_schema

    from dsl.model import Definition
    from dsl.model.settings import TaskSettings, WorkflowSettings
    from dsl.schema.generator import Generator
    from dsl.schema.rules import EXPRESSION

    models: list[Any] = [(model, "validation") for model in (Definition, TaskSettings, WorkflowSettings)]
    _, made = models_json_schema(models, by_alias=True, schema_generator=Generator, ref_template=_REF)
    definitions = made["$defs"]
    root = definitions.pop("Definition")
    task = definitions["TaskItem"]["additionalProperties"]
    definitions = {name: _with_task(inner, task) for name, inner in definitions.items()}
    definitions["Task"] = task
    if catalogue:
        definitions["Expression"] = {"type": "string", "pattern": f"^{EXPRESSION}$", "description": "An expression (jq)."}
        definitions["CallFunction"] = _with_functions(definitions["CallFunction"], catalogue)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ID}
    return {**head, **root, "$defs": dict(sorted(definitions.items()))}


def _with_task(schema: JSON, task: JSON) -> JSON:
    """Return *schema* with a reference wherever the union of all tasks stands."""
    if isinstance(schema, list):
        return [_with_task(inner, task) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("anyOf") == task["anyOf"]:
        return {**{key: inner for key, inner in schema.items() if key != "anyOf"}, "$ref": "#/$defs/Task"}
    return {key: _with_task(inner, task) for key, inner in schema.items()}


def _with_functions(call: dict[str, JSON], catalogue: Catalogue) -> dict[str, JSON]:
    """Return the schema of a call by name that proposes the functions, and knows the arguments of each."""
    functions = {f"{function.key}@{DEFAULT_CATALOGUE}": function for _, function in sorted(catalogue.items())}
    name = call["properties"]["call"]
    known = [{"const": key, "description": f"{function.title}. {function.summary}".strip()} for key, function in functions.items()]
    proposed = {**name, "anyOf": [*known, {"type": "string"}]}
    return {
        **call,
        "properties": {**call["properties"], "call": proposed},
        "allOf": [_arguments(key, function) for key, function in functions.items() if function.input],
    }


def _arguments(key: str, function: Function) -> dict[str, JSON]:
    given = _relaxed(function.input)
    needed = {"required": ["with"]} if function.input.get("required") else {}
    return {
        "if": {"properties": {"call": {"const": key}}, "required": ["call"]},
        "then": {"properties": {"with": {**given, "examples": function.examples} if function.examples else given}, **needed},
    }


_KEPT: Final = ("type", "required", "additionalProperties")
_WORDS: Final = ("title", "description", "default", "examples")


def _relaxed(schema: JSON) -> JSON:
    """Return an input schema for a text editor: its names and types, where every value may also be an expression."""
    if not isinstance(schema, dict):
        return schema
    kept = {key: schema[key] for key in (*_WORDS, *_KEPT) if key in schema}
    for name, inner in schema.get("properties", {}).items():
        kept.setdefault("properties", {})[name] = _or_expression(inner)
    return kept


def _or_expression(schema: JSON) -> JSON:
    if not isinstance(schema, dict):
        return schema
    words = {key: schema[key] for key in _WORDS if key in schema}
    inner = {key: value for key, value in _relaxed(schema).items() if key not in _WORDS}
    if "enum" in schema:
        inner = {"enum": schema["enum"]}
    return {**words, "anyOf": [inner, {"$ref": "#/$defs/Expression"}]} if inner else words
