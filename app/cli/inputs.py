"""Does `--input` fit the workflow's input schema? Said before anything starts or is recorded, with an input that would fit."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from app.cli import waits
from app.cli.failures import CHECK_FAILED, CommandFailed

LONGEST_EXAMPLE = 200  # characters; a longer one helps nobody


def check_input(data: Mapping[str, Any], option: str | None, given: Any, *, file: str) -> None:
    """
    Raise CommandFailed when the workflow cannot start with this input.

    Args:
        data: A definition that was found valid.
        option: `--input` as it was typed, None when it was left out.
        given: The JSON in it; None is the empty object, as for every start of a workflow.
        file: The definition's file, for the words.
    """
    schema = ((data.get("input") or {}).get("schema") or {}).get("document")
    if schema is None:
        return
    findings = _misfits(schema, {} if given is None else given, file)
    if not findings:
        return
    if option is None:
        raise _missing(schema, findings, file)
    source = f"--input {option}" if option.startswith("@") else "--input"
    places = list(dict.fromkeys(place for place in findings.values() if place))
    fields = f", field{'s' if len(places) > 1 else ''} {', '.join(places)}" if places else ""
    raise CommandFailed(
        "the input does not fit the workflow",
        where=f"{source}{fields}",
        why="; ".join(findings),
        next_step=_next(schema, given, option, file),
        code="invalid-input",
    )


def _misfits(schema: Any, value: Any, file: str) -> dict[str, str]:
    """Return sentences on what is wrong with *value*, each with its field."""
    from graphs.run.schemas import JsonSchema, problem_in

    if problem := problem_in(schema):
        raise CommandFailed(
            "the workflow's input schema cannot be used",
            where=f"{file}, /input/schema/document",
            why=problem,
            next_step=f"correct the schema, then: parley validate {shlex.quote(file)}",
            code="invalid-definition",
            exit_code=CHECK_FAILED,
        )
    return JsonSchema(schema).findings(value)


def _missing(schema: Mapping[str, Any], findings: Mapping[str, str], file: str) -> CommandFailed:
    needed = ", ".join(map(str, schema.get("required") or ()))
    return CommandFailed(
        "this workflow needs an input, and none was given",
        where=f"{file}, /input/schema",
        why=f"it needs {needed}" if needed else "; ".join(findings),
        next_step=f"{_written(_example(schema, None))}, or --input @FILE",
        code="invalid-input",
    )


def _next(schema: Mapping[str, Any], given: Any, option: str, file: str) -> str:
    """Return what to give: the same input with other values where it did not fit, or the file to correct."""
    if option.startswith("@"):
        return f"correct {option[1:]}; {file} says under /input/schema what it takes"
    example = _example(schema, given)
    written = _written(example)
    if len(written) > LONGEST_EXAMPLE:
        return f"put that right; {file} says under /input/schema what it takes"
    own = f", with values of your own; {file} says under /input/schema which fit"
    return f"{written}{own}" if _findings(schema, example) else written


def _written(example: Any) -> str:
    return f"--input {shlex.quote(json.dumps(example, ensure_ascii=False))}"


def _example(schema: Mapping[str, Any], given: Any) -> Any:
    """Return an input of the schema's form that keeps what fits of *given*."""
    properties = schema.get("properties") or {}
    needed = schema.get("required") or ()
    if not properties and not needed:
        return waits.sample(schema)
    kept = given if isinstance(given, Mapping) else {}
    names = [name for name in kept if name in properties or (name in needed or schema.get("additionalProperties") is not False)]
    names += [name for name in needed if name not in kept]
    return {name: _part(properties.get(name), kept, name) for name in names}


def _part(schema: Any, kept: Mapping[str, Any], name: str) -> Any:
    """Return the value that was given for *name* when it fits, else one of the form."""
    if name in kept and (not isinstance(schema, Mapping) or not _findings(schema, kept[name])):
        return kept[name]
    return waits.sample(schema)


def _findings(schema: Mapping[str, Any], value: Any) -> dict[str, str]:
    from graphs.run.schemas import JsonSchema

    return JsonSchema(schema).findings(value)
