"""The description of a world: what YAML may say, checked before anything is served.

The keys are explained in README.md. Unknown keys, two bodies in one answer or a fault nobody knows are refused with their place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tests.world.errors import BadDescription
from tests.world.matching import Pattern
from tests.world.yaml_text import in_words, read_yaml

JSON = Any
Fault = Literal["refuse", "reset", "drip", "garbage", "never"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Part):
    """What a request must look like; see `matching` for the wanted values. Header names are compared in lower case."""

    query: dict[str, JSON] = {}
    headers: dict[str, JSON] = {}
    body: JSON = None

    @field_validator("headers")
    @classmethod
    def _lower(cls, value: dict[str, JSON]) -> dict[str, JSON]:
        return {name.lower(): wanted for name, wanted in value.items()}

    @property
    def has_body(self) -> bool:
        return "body" in self.model_fields_set


class Answer(_Part):
    """One answer: a status and at most one body, what it changes in the state, and how it misbehaves."""

    status: int = Field(default=200, ge=200, le=599)
    headers: dict[str, str] = {}
    json_body: JSON = Field(default=None, alias="json")
    text: str | None = None
    bytes_body: str | None = Field(default=None, alias="bytes", description="base64")
    delay_ms: int = Field(default=0, ge=0, le=600_000)
    hold: str | None = None
    fault: Fault | None = None
    drip_bytes: int = Field(default=1, ge=1)
    drip_ms: int = Field(default=20, ge=0, le=60_000)
    append: dict[str, JSON] = {}  # collection -> value to add at its end
    put: dict[str, JSON] = {}  # name -> value to store
    count: list[str] = []  # names to add one to

    @model_validator(mode="after")
    def _one_body(self) -> Answer:
        if len({"json_body", "text", "bytes_body"} & self.model_fields_set) > 1:
            raise ValueError("give one of json, text and bytes")
        if self.bytes_body is not None:
            try:
                base64.b64decode(self.bytes_body, validate=True)
            except binascii.Error as exc:
                raise ValueError(f"bytes is not base64: {exc}") from exc
        return self

    @property
    def has_json(self) -> bool:
        return "json_body" in self.model_fields_set


class Route(_Part):
    """What is answered to one kind of request. Of several answers each is given once, the last for ever."""

    request: str
    when: Condition | None = None
    answer: Answer | None = None
    answers: list[Answer] = []
    delay_ms: int = Field(default=0, ge=0, le=600_000)
    hold: str | None = None

    @field_validator("request")
    @classmethod
    def _readable(cls, value: str) -> str:
        Pattern.parse(value)
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Route:
        if self.answer is not None and self.answers:
            raise ValueError("give answer or answers, not both")
        return self

    @property
    def sequence(self) -> list[Answer]:
        return self.answers or [self.answer or Answer()]


class Service(_Part):
    """Routes under one prefix: `at: /shop` puts `GET /orders` at `/shop/orders`."""

    at: str = ""
    routes: list[Route] = Field(min_length=1)

    @field_validator("at")
    @classmethod
    def _prefix(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("must start with /, such as /shop")
        return value.rstrip("/")


class Times(_Part):
    at_least: int = Field(default=0, ge=0)
    at_most: int | None = Field(default=None, ge=0)


class Saw(_Part):
    """The world was asked like this so many times (at least once, unless `times` says otherwise)."""

    saw: str
    times: int | Times | None = None
    bodies: list[JSON] | None = None  # exact, in the order seen
    any_order: bool = False  # compare `bodies` as a set
    each: Condition | None = None  # holds for every such request


class Never(_Part):
    never: str
    when: Condition | None = None


class Order(_Part):
    order: list[str] = Field(min_length=2)


class Description(_Part):
    """A whole world."""

    title: str = ""
    port: int = Field(default=8099, ge=0, le=65535)  # where people start it; tests take any free port
    state: dict[str, JSON] = {}
    services: dict[str, Service] = Field(min_length=1)
    expect: list[Saw | Never | Order] = []
    strangers: Literal["fail", "ignore"] = "fail"  # is a request no route knows a failure?

    @field_validator("expect", mode="before")
    @classmethod
    def _by_key(cls, value: JSON) -> JSON:
        return [_expectation(item) for item in value] if isinstance(value, list) else value


_KINDS: Mapping[str, type[Saw] | type[Never] | type[Order]] = {"saw": Saw, "never": Never, "order": Order}


def _expectation(item: JSON) -> Saw | Never | Order:
    """Choose by key, so that one mistake yields one message and not one per kind."""
    kind = next((name for name in _KINDS if isinstance(item, Mapping) and name in item), None)
    if kind is None:
        raise ValueError(f"{item!r} expects nothing: it needs saw, never or order")
    try:
        part = _KINDS[kind].model_validate(item)
    except ValidationError as exc:
        raise ValueError("; ".join(_mistake(error) for error in exc.errors(include_url=False))) from exc
    for pattern in part.order if isinstance(part, Order) else [item[kind]]:
        Pattern.parse(pattern)
    return part


def load(source: str | Path | Mapping[str, JSON]) -> Description:
    """Read a description from a file or from plain data. Raises BadDescription with every mistake and its place."""
    name = "the given mapping" if isinstance(source, Mapping) else str(source)
    data = source if isinstance(source, Mapping) else _read(Path(source))
    if not isinstance(data, Mapping):
        raise BadDescription(name, ["it must be a mapping with services"])
    try:
        return Description.model_validate(dict(data))
    except ValidationError as exc:
        raise BadDescription(name, [_mistake(error) for error in exc.errors(include_url=False)]) from exc


def _read(path: Path) -> JSON:
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as exc:
        raise BadDescription(str(path), [in_words(exc)]) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise BadDescription(str(path), [str(exc)]) from exc


def _mistake(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "top"
    if error["type"] == "extra_forbidden":
        return f"{where}: nothing is called {str(error['loc'][-1])!r} here"
    return f"{where}: {str(error['msg']).removeprefix('Value error, ')}"
