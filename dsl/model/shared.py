"""Parts that several tasks and `use` share: durations, data flow, endpoints, authentication, errors, retries, events."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Tag, model_validator

from dsl.later import is_sound_strategy
from dsl.model.base import JSON, DurationText, Node, TextOrObject, Uri, wrong

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

    use: str | None = None
    username: str | None = None
    password: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.use is None) == (self.username is None or self.password is None):
            raise wrong(
                "invalid-authentication", "the credentials are incomplete", "give `username` and `password`, or `use` with a secret's name"
            )
        return self


class Bearer(Node):
    use: str | None = None
    token: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.use is None) == (self.token is None):
            raise wrong("invalid-authentication", "a bearer authentication needs one token", "give `token`, or `use` with a secret's name")
        return self


class Authentication(Node):
    """One scheme, or `use` with the name of one declared in `use.authentications`. oauth2, oidc and digest come later."""

    use: str | None = None
    basic: Credentials | None = None
    bearer: Bearer | None = None
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
    authentication: Authentication | None = None


Endpoint = Annotated[Annotated[Uri, Tag("<text>")] | Annotated[EndpointObject, Tag("<object>")], TextOrObject]


class ExternalResource(Node):
    name: str | None = None
    endpoint: Endpoint


class Schema(Node):
    """A JSON Schema, inline or (later) from a resource."""

    format: str = "json"
    document: JSON = None
    resource: ExternalResource | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if len(self.model_fields_set & {"document", "resource"}) != 1:
            raise wrong("invalid-schema", "a schema needs a `document`", "put the JSON Schema itself under `document:`")
        return self


class Input(Node):
    schema_: Schema | None = None
    from_: Mapped | None = None


class Output(Node):
    schema_: Schema | None = None
    as_: Mapped | None = None


class ErrorDefinition(Node):
    """An RFC 7807 problem; `type` and `instance` may be expressions."""

    type: Uri
    status: int
    instance: str | None = None
    title: str | None = None
    detail: str | None = None


ErrorOrName = Annotated[Text | Annotated[ErrorDefinition, Tag("<object>")], TextOrObject]


class ErrorFilter(Node):
    """What a caught error must equal. The standard leaves this object open; unknown fields match nothing and are refused."""

    type: str | None = None
    status: int | None = None
    instance: str | None = None
    title: str | None = None
    details: str | None = None
    detail: str | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise wrong("empty-filter", "the filter names nothing", "name for example `status: 503`, or leave `errors` out to catch all")
        return self


class AttemptLimit(Node):
    count: int | None = None  # how many retries at most
    duration: Duration | None = None


class RetryLimit(Node):
    attempt: AttemptLimit | None = None
    duration: Duration | None = None


class Backoff(Node):
    constant: dict[str, JSON] | None = None
    exponential: dict[str, JSON] | None = None
    linear: dict[str, JSON] | None = None

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
    when: str | None = None
    except_when: str | None = None
    delay: Duration | None = None
    backoff: Backoff | None = None
    limit: RetryLimit | None = None
    jitter: Jitter | None = None


RetryOrName = Annotated[Text | Annotated[RetryPolicy, Tag("<object>")], TextOrObject]


class EventProperties(Node):
    """CloudEvents attributes; extension attributes are allowed."""

    model_config = ConfigDict(extra="allow")

    id: str | None = None
    source: Uri | None = None
    type: str | None = None
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    dataschema: Uri | None = None
    data: JSON = None


class Correlation(Node):
    from_: str
    expect: str | None = None


class EventFilter(Node):
    with_: EventProperties
    correlate: dict[str, Correlation] | None = None


class EventStrategy(Node):
    """Which events to consume; sound `all` and `any` come later, what reaches this class of them is wrong."""

    one: EventFilter | None = None
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
