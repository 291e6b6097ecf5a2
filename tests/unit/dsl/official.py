"""The official JSON Schema of the language as an oracle, and the examples beside it.

Two things are taken from the standards rather than from the Python library: a `pattern` is an ECMA 262 expression (`$` is the end of the
text and not also before a last line break, `\\d` is 0 to 9), and `format` is an annotation, as draft 2020-12 has it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError, validators

from dsl import read

JSON = Any

FOLDER = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")


def files(kind: str) -> list[Path]:
    """Return the definitions in the folder `examples` or `invalid` of the conformance folder, sorted."""
    return sorted((FOLDER / kind).glob("*.yaml"))


def must_be_there() -> None:
    """Skip the test where there is no conformance folder; where a machine of ours tests, that is a failure."""
    if files("examples"):
        return
    reason = f"the conformance folder is not at {FOLDER}: set PARLEY_CONFORMANCE"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def schema() -> JSON:
    return read((FOLDER / "workflow.schema.yaml").read_text()).data


@cache
def validator() -> Any:
    return validators.extend(Draft202012Validator, {"pattern": _pattern})(schema())


def accepts(data: JSON) -> bool:
    """Tell whether the official schema accepts *data*."""
    return bool(validator().is_valid(data))


@cache
def ecma(pattern: str) -> re.Pattern[str]:
    """Return an ECMA 262 pattern as Python's: its anchor `$` is the very end, its classes are ASCII."""
    return re.compile(re.sub(r"(?<!\\)\$(?=\)|\Z)", r"\\Z", pattern.strip()), re.ASCII)


def _pattern(_: Any, pattern: str, value: JSON, __: JSON) -> Iterator[ValidationError]:
    if isinstance(value, str) and not ecma(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")
