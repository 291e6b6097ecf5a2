"""Parts that several tasks and `use` share: durations, data flow, endpoints, authentication, errors, retries, events."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Tag, model_validator

from dsl.later import is_sound_strategy
from dsl.model.base import JSON, DurationText, Given, Node, TextOrObject, Uri, wrong

Text = Annotated[str, Tag("<text>")]


class DurationParts(Node):
    """A duration as a sum of its parts; months and years exist only in the ISO form."""

    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    milliseconds: int = 0

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise wrong("invalid-duration", "the duration is empty", "write for example `seconds: 30`")
        return self


Duration = Annotated[Annotated[DurationText, Tag("<text>")] | Annotated[DurationParts, Tag("<object>")], TextOrObject]
Mapped = Annotated[Text | Annotated[dict[str, JSON], Tag("<object>")], TextOrObject]  # an expression, or an object with expressions inside


class Timeout(Node):
    after: Duration


TimeoutOrName = Annotated[Text | Annotated[Timeout, Tag("<object>")], TextOrObject]


class Credentials(Node):
    """Of `basic` and `digest`: inline, or the name of a secret that holds `username` and `password`."""

    use: Given[str] = None
    username: Given[str] = None
    password: Given[str] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.use is None) == (self.username is None or self.password is None):
            raise wrong(
                "invalid-authentication", "the credentials are incomplete", "give `username` and `password`, or `use` with a secret's name"
            )
        return self


class Bearer(Node):
    use: Given[str] = None
    token: Given[str] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.use is None) == (self.token is None):
            raise wrong("invalid-authentication", "a bearer authentication needs one token", "give `token`, or `use` with a secret's name")
        return self


class Authentication(Node):
    """One scheme, or `use` with the name of one declared in `use.authentications`. oauth2, oidc and digest come later."""

    use: Given[str] = None
    basic: Given[Credentials] = None
    bearer: Given[Bearer] = None
    digest: Any = None
    oauth2: Any = None
    oidc: Any = None

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise wrong("invalid-authentication", "an authentication names exactly one scheme", "use one of: use, basic, bearer")
        return self


class EndpointObject(Node):
    uri: Uri
    authentication: Given[Authentication] = None


Endpoint = Annotated[Annotated[Uri, Tag("<text>")] | Annotated[EndpointObject, Tag("<object>")], TextOrObject]


class ExternalResource(Node):
    name: Given[str] = None
    endpoint: Endpoint


class Schema(Node):
    """A JSON Schema, inline or (later) from a resource."""

    format: str = "json"
    document: JSON = None
    resource: Given[ExternalResource] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if len(self.model_fields_set & {"document", "resource"}) != 1:
            raise wrong("invalid-schema", "a schema needs a `document`", "put the JSON Schema itself under `document:`")
        return self


class Input(Node):
    schema_: Given[Schema] = None
    from_: Given[Mapped] = None


class Output(Node):
    schema_: Given[Schema] = None
    as_: Given[Mapped] = None


class ErrorDefinition(Node):
    """An RFC 7807 problem; `type` and `instance` may be expressions."""

    type: Uri
    status: int
    instance: Given[str] = None
    title: Given[str] = None
    detail: Given[str] = None


ErrorOrName = Annotated[Text | Annotated[ErrorDefinition, Tag("<object>")], TextOrObject]


class ErrorFilter(Node):
    """What a caught error must equal. The standard leaves this object open; unknown fields match nothing and are refused."""

    type: Given[str] = None
    status: Given[int] = None
    instance: Given[str] = None
    title: Given[str] = None
    details: Given[str] = None
    detail: Given[str] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise wrong("empty-filter", "the filter names nothing", "name for example `status: 503`, or leave `errors` out to catch all")
        return self


class AttemptLimit(Node):
    count: Given[int] = None  # how many retries at most
    duration: Given[Duration] = None


class RetryLimit(Node):
    attempt: Given[AttemptLimit] = None
    duration: Given[Duration] = None


class Backoff(Node):
    constant: Given[dict[str, JSON]] = None
    exponential: Given[dict[str, JSON]] = None
    linear: Given[dict[str, JSON]] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise wrong(
                "invalid-backoff", "a backoff is exactly one of constant, exponential, linear", "write for example `exponential: {}`"
            )
        return self


class Jitter(Node):
    from_: Duration
    to: Duration


class RetryPolicy(Node):
    when: Given[str] = None
    except_when: Given[str] = None
    delay: Given[Duration] = None
    backoff: Given[Backoff] = None
    limit: Given[RetryLimit] = None
    jitter: Given[Jitter] = None


RetryOrName = Annotated[Text | Annotated[RetryPolicy, Tag("<object>")], TextOrObject]


class EventProperties(Node):
    """CloudEvents attributes; extension attributes are allowed."""

    model_config = ConfigDict(extra="allow")

    id: Given[str] = None
    source: Given[Uri] = None
    type: Given[str] = None
    time: Given[str] = None
    subject: Given[str] = None
    datacontenttype: Given[str] = None
    dataschema: Given[Uri] = None
    data: JSON = None


class Correlation(Node):
    from_: str
    expect: Given[str] = None


class EventFilter(Node):
    with_: EventProperties
    correlate: Given[dict[str, Correlation]] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.with_.model_fields_set and not self.with_.model_extra:
            raise wrong("empty-filter", "the filter names nothing", "name for example `type: com.example.happened`")
        return self


class EventStrategy(Node):
    """Which events to consume; sound `all` and `any` come later, what reaches this class of them is wrong."""

    one: Given[EventFilter] = None
    all_: Any = None
    any_: Any = None
    until: Any = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set & {"one", "all_", "any_"}) != 1:
            raise wrong(
                "invalid-listen",
                "exactly one of one, any, all says which events to wait for",
                "write `one: {with: {type: com.example.happened}}`",
            )
        if "one" not in self.model_fields_set and not is_sound_strategy(self.model_dump(by_alias=True, exclude_unset=True)):
            raise wrong(
                "invalid-listen", "`any` and `all` are lists of filters, and `until` has no `until` of its own", "listen to `one` event"
            )
        return self


ReadAs = Literal["data", "envelope", "raw"]
