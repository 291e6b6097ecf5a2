"""JSON Schemas of definitions and functions, compiled once. They never fetch anything: a `$ref` out of the document is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphs.run.ports import JSON

_SHOWN = 3  # findings in one message


class JsonSchema:
    """A validator for one schema document."""

    def __init__(self, document: Mapping[str, JSON]) -> None:
        from jsonschema import Draft202012Validator, FormatChecker  # slow to import, and most definitions have no schema
        from jsonschema.validators import validator_for

        kind: Any = validator_for(document, default=Draft202012Validator)
        kind.check_schema(document)
        self._validator = kind(document, format_checker=FormatChecker())

    def check(self, value: JSON) -> str:
        """Return what is wrong with *value*, at most three findings, or the empty text."""
        from referencing.exceptions import Unresolvable

        try:
            findings = [
                f"{error.json_path}: {error.message}" for error, _ in zip(self._validator.iter_errors(value), range(_SHOWN), strict=False)
            ]
        except Unresolvable as error:
            return f"the schema refers to {error.ref!r}, which is not part of it"
        return "; ".join(findings)


def problem_in(document: JSON) -> str:
    """Return why *document* is no usable JSON Schema, or the empty text."""
    from jsonschema.exceptions import SchemaError

    if not isinstance(document, Mapping):
        return "a JSON Schema is an object"
    try:
        JsonSchema(document)
    except SchemaError as error:
        return error.message
    return ""
