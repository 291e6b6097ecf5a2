"""What every node of the tree shares, and the strings and small unions that appear everywhere.

Field names are the DSL's, with an underscore where Python keeps the word (`for_`, `if_`, `with_`) and snake case for camel case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator
from pydantic_core import PydanticCustomError

from dsl.expressions.program import is_expression

JSON = Any

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://[^\n]*")
_HOST = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?")
_ISO_DURATION = re.compile(
    r"P(?=.)(?:\d+(?:\.\d+)?Y)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?W)?(?:\d+(?:\.\d+)?D)?"
    r"(?:T(?=\d)(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?"
)


def to_dsl_name(name: str) -> str:
    """`except_when` -> `exceptWhen`, `for_` -> `for`."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in rest)


class Node(BaseModel):
    """A part of a definition: read-only, closed, types taken literally."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_dsl_name)


def wrong(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """Return the error of a validator; `structure.py` makes the problem of it, code and hint included."""
    return PydanticCustomError("parley", "{message}", {"code": code, "message": message, "hint": hint})


def exactly_one(node: Node, names: Sequence[str], code: str, message: str, hint: str = "") -> None:
    """Raise unless exactly one of the fields *names* of *node* is written."""
    if len(node.model_fields_set.intersection(names)) != 1:
        raise wrong(code, message, hint or f"use one of: {', '.join(to_dsl_name(name) for name in names)}")


def _given(value: Any) -> Any:
    if value is None:
        raise wrong("empty-value", "there is no value here", "write one, or remove the line")
    return value


T = TypeVar("T")
Given = Annotated[T | None, BeforeValidator(_given)]  # may be left out, but not written without a value


def by_type(value: Any) -> str:
    """Discriminate `string | object` unions; anything else is taken for the object, whose error then says what is wanted."""
    return "<text>" if isinstance(value, str) else "<object>"


TextOrObject = Discriminator(by_type)


def _matching(pattern: re.Pattern[str], code: str, message: str, hint: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if pattern.fullmatch(value):
            return value
        raise wrong(code, message.format(value=value if len(value) <= 80 else value[:79] + "…"), hint)

    return check


def _uri(value: str) -> str:
    return value if is_expression(value) else _absolute_uri(value)


def _expression(value: str) -> str:
    if is_expression(value):
        return value
    raise wrong("invalid-value", f"'{value[:80]}' is neither an object nor an expression", "write `NAME: value` lines, or ${ … }")


def _duration(value: str) -> str:
    return value if is_expression(value) else _iso_duration(value)


_absolute_uri = _matching(
    _URI,
    "invalid-uri",
    "'{value}' is no absolute URI",
    "start with a scheme as in 'https://example.com/orders', or use an expression ${ … }",
)
_iso_duration = _matching(
    _ISO_DURATION,
    "invalid-duration",
    "'{value}' is no duration",
    "write ISO 8601 as in 'PT30S' or 'P1DT2H', or an object as in `seconds: 30`",
)

SemVer = Annotated[
    str, AfterValidator(_matching(_SEMVER, "invalid-version", "'{value}' is no semantic version", "write three numbers as in '1.0.0'"))
]
Label = Annotated[
    str,
    AfterValidator(
        _matching(
            _LABEL, "invalid-name", "'{value}' cannot be a name here", "use at most 63 letters, digits and hyphens, as in 'send-report'"
        )
    ),
]
Uri = Annotated[str, AfterValidator(_uri)]  # a URI template or an expression
HostName = Annotated[
    str, AfterValidator(_matching(_HOST, "invalid-value", "'{value}' is no host name", "write for example `host: api.example.com`"))
]
SecretName = Annotated[str, AfterValidator(_matching(re.compile(r"(?s).+"), "empty-value", "there is no name here", "write one"))]
ExpressionText = Annotated[str, AfterValidator(_expression)]
DurationText = Annotated[str, AfterValidator(_duration)]
