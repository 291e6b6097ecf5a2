"""JSON Schemas of definitions and functions, compiled once. They never fetch anything: a `$ref` out of the document is an error.

Patterns are matched by `graphs.run.patterns`, in bounded time. That goes for `pattern`, `patternProperties` and what
`additionalProperties` leaves to them; a schema that has `unevaluatedProperties` beside `patternProperties` is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphs.run import patterns, wording
from graphs.run.ports import JSON
from graphs.run.simple_schemas import certainly

_SHOWN = 3  # findings in one message


class JsonSchema:
    """A validator for one schema document. Raises jsonschema.SchemaError and patterns.PatternRefused."""

    def __init__(self, document: Mapping[str, JSON]) -> None:
        from jsonschema import Draft202012Validator, FormatChecker  # slow to import, and most definitions have no schema
        from jsonschema.validators import validator_for
        from referencing import Registry

        kind: Any = validator_for(document, default=Draft202012Validator)
        for pattern in _patterns(document):
            patterns.compiled(pattern)
        kind.check_schema(document)
        self._document = document
        self._certainly = certainly(document)
        # an empty registry fetches nothing
        self._validator = _bounded(kind)(_of_one_draft(document), format_checker=FormatChecker(), registry=Registry())

    def check(self, value: JSON) -> str:
        """Return what is wrong with *value*, at most three findings, or the empty text."""
        return "; ".join(self.findings(value))

    def findings(self, value: JSON) -> dict[str, str]:
        """Return at most three sentences on what is wrong with *value*, each with its place: `orders[3].amount`, "" for the whole."""
        if self._certainly is not None and self._certainly(value):
            return {}
        from referencing.exceptions import Unresolvable

        try:
            errors = [error for error, _ in zip(self._validator.iter_errors(value), range(_SHOWN), strict=False)]
            return {wording.finding(error): wording.within(error.absolute_path) for error in errors}
        except Unresolvable as error:
            return {f"the schema refers to '{error.ref}', which is not part of it": ""}
        except patterns.TooMuchWork:
            return {"a text in it is too long for the pattern it has to match": ""}
        except RecursionError:
            return {"the schema refers to itself without end, or the value is nested too deeply": ""}

    def needs(self) -> str:
        """Return what a value must be in words: "an object with 'email'"."""
        names = ", ".join(f"'{name}'" for name in self._document.get("required") or ())
        wanted = self._document.get("type")
        kind = wording.TYPES.get(wanted, "a value") if isinstance(wanted, str) else "a value"
        return f"an object with {names}" if names else kind


def problem_in(document: JSON) -> str:
    """Return why *document* is no usable JSON Schema, or the empty text."""
    from jsonschema.exceptions import SchemaError

    if not isinstance(document, Mapping):
        return "a JSON Schema is an object"
    try:
        JsonSchema(document)
    except SchemaError as error:
        return error.message
    except patterns.PatternRefused as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _patterns(value: JSON) -> Iterator[str]:
    """Yield every pattern in a schema. Raises PatternRefused for a mix of keywords that cannot be bounded."""
    for part in _objects(value):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        if isinstance(part.get("patternProperties"), Mapping):
            yield from part["patternProperties"]
            if any("unevaluatedProperties" in other for other in _objects(value)):
                raise patterns.PatternRefused("unevaluatedProperties beside patternProperties is not supported: use additionalProperties")


def _objects(value: JSON) -> Iterator[Mapping[str, JSON]]:
    if isinstance(value, Mapping):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _of_one_draft(value: JSON) -> JSON:
    """Return *value* without `$schema`: below the first one it would call for a validator that is not ours."""
    if isinstance(value, Mapping):
        return {key: _of_one_draft(item) for key, item in value.items() if not (key == "$schema" and isinstance(item, str))}
    return [_of_one_draft(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=16)
def _bounded(kind: Any) -> Any:
    """Return a validator class of the same draft whose patterns are matched in bounded time."""
    from jsonschema import validators
    from jsonschema.exceptions import ValidationError

    def pattern(validator: Any, wanted: str, instance: JSON, _schema: Any) -> Iterator[ValidationError]:
        if validator.is_type(instance, "string") and not patterns.compiled(wanted).search(instance):
            yield ValidationError("does not match")

    def pattern_properties(validator: Any, wanted: Mapping[str, JSON], instance: JSON, _schema: Any) -> Iterator[ValidationError]:
        for text, schema in wanted.items() if validator.is_type(instance, "object") else ():
            for name in filter(patterns.compiled(text).search, instance):
                yield from validator.descend(instance[name], schema, path=name, schema_path=text)

    def additional_properties(validator: Any, wanted: JSON, instance: JSON, schema: Any) -> Iterator[ValidationError]:
        if not validator.is_type(instance, "object"):
            return
        known, loose = schema.get("properties", {}), [patterns.compiled(text) for text in schema.get("patternProperties", {})]
        extras = [name for name in instance if name not in known and not any(one.search(name) for one in loose)]
        if wanted is False and extras:
            yield ValidationError(", ".join(f"'{name}'" for name in extras))
        for name in extras if isinstance(wanted, Mapping) else ():
            yield from validator.descend(instance[name], wanted, path=name)

    own = {"pattern": pattern, "patternProperties": pattern_properties, "additionalProperties": additional_properties}
    known = {name: check for name, check in own.items() if name in kind.VALIDATORS}
    return validators.extend(kind, known)  # type: ignore[no-untyped-call]  # jsonschema has none there
