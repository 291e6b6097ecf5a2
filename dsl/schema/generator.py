"""From pydantic's models to JSON Schema, as editors can use it.

`string | object` is an `anyOf`; a task is an `anyOf` of closed objects that each require the key that makes their kind, so an editor
proposes all keys in an empty task and only its own in one that has its kind. Titles that only repeat the key are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from dsl.model.base import Node, to_dsl_name
from dsl.schema.examples import EXAMPLES, TITLES
from dsl.schema.rules import OF_CLASS, OF_PROPERTY, of_function
from dsl.schema.words import FIELDS

if TYPE_CHECKING:
    from pydantic_core import core_schema as core

JSON = Any


class Generator(GenerateJsonSchema):
    """What pydantic cannot know: validators, optional values that may not be null, words."""

    def nullable_schema(self, schema: core.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])  # what may be left out may not be written as null

    def default_schema(self, schema: core.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return inner if default is None else {**inner, "default": default}

    def tagged_union_schema(self, schema: core.TaggedUnionSchema) -> JsonSchemaValue:
        choices = {tag: self.generate_inner(choice) for tag, choice in schema["choices"].items()}
        if choices.keys() == {"<text>", "<object>"}:
            return _text_or_object(choices["<text>"], choices["<object>"])
        return {"anyOf": list(choices.values())}

    def function_after_schema(self, schema: core.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return {**inner, **(of_function(schema["function"]["function"]) or {})}

    def model_schema(self, schema: core.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        made.pop("description", None)
        made.pop("title", None)
        made.update(TITLES.get(model.__name__, {}))
        properties = made.get("properties", {})
        inherited = {to_dsl_name(name) for base in model.__bases__ if issubclass(base, BaseModel) for name in base.model_fields}
        own_first = sorted(properties, key=lambda name: name in inherited)
        if properties:
            made["properties"] = {name: _property(model, name, properties[name]) for name in own_first}
        return _with_rules(model, made)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _text_or_object(text: JsonSchemaValue, parts: JsonSchemaValue) -> JsonSchemaValue:
    """Return both in the form in which an editor tells the mistake in the one that was written."""
    if text == {"type": "string"}:
        return {"anyOf": [parts, text]}
    return {"if": {"type": "object"}, "then": parts, "else": text}


def _property(model: type[BaseModel], name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of one property with its words, example and rules; those of the class that has the field come first."""
    found = dict(schema)
    for owner in _family(model):
        words, example = FIELDS.get(owner, {}).get(name), EXAMPLES.get(f"{owner}.{name}")
        if words and "description" not in found:
            found = {"description": words, **found}
        if example is not None and "examples" not in found:
            found["examples"] = [example]
        found.update(OF_PROPERTY.get((owner, name), {}))
    return found


def _with_rules(model: type[BaseModel], schema: JsonSchemaValue) -> JsonSchemaValue:
    rules = [OF_CLASS[owner] for owner in _family(model) if owner in OF_CLASS]
    if len(rules) > 1 and set.intersection(*(set(rule) for rule in rules)):
        return {**schema, "allOf": rules}
    for rule in rules:
        schema = {**schema, **rule}
    return schema


def _family(model: type[BaseModel]) -> list[str]:
    """Return the names of *model* and of the classes it extends, nearest first."""
    return [owner.__name__ for owner in model.__mro__ if issubclass(owner, BaseModel) and owner not in (BaseModel, Node)]
