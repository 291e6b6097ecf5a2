"""Parts that several tasks and `use` share: durations, data flow, endpoints, authentication, errors, retries, events."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Tag, model_validator

from dsl.model.base import JSON, DurationText, Given, Node, SecretName, TextOrObject, Uri, exactly_one, wrong

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

    use: Given[SecretName] = None
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
    use: Given[SecretName] = None
    token: Given[str] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.use is None) == (self.token is None):
            raise wrong("invalid-authentication", "a bearer authentication needs one token", "give `token`, or `use` with a secret's name")
        return self


class OAuth2Client(Node):
    id: Given[str] = None
    secret: Given[str] = None
    assertion: Given[str] = None
    authentication: Given[Literal["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]] = None


class OAuth2Token(Node):
    token: str
    type: str


class OAuth2Request(Node):
    encoding: Given[Literal["application/x-www-form-urlencoded", "application/json"]] = None


class OAuth2Endpoints(Node):
    """Paths below the authority, or absolute URIs."""

    token: Given[str] = None
    revocation: Given[str] = None
    introspection: Given[str] = None


class OpenIdConnect(Node):
    """How to get a token from an authority; or `use` alone, the name of a secret that holds all of it."""

    use: Given[SecretName] = None
    authority: Given[Uri] = None
    grant: Given[
        Literal["authorization_code", "client_credentials", "password", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"]
    ] = None
    client: Given[OAuth2Client] = None
    request: Given[OAuth2Request] = None
    issuers: Given[list[str]] = None
    scopes: Given[list[str]] = None
    audiences: Given[list[str]] = None
    username: Given[str] = None
    password: Given[str] = None
    subject: Given[OAuth2Token] = None
    actor: Given[OAuth2Token] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if "use" in self.model_fields_set and len(self.model_fields_set) > 1:
            raise wrong(
                "invalid-authentication", "`use` names a secret that holds everything", "remove `use`, or all that stands beside it"
            )
        return self


class OAuth2(OpenIdConnect):
    endpoints: Given[OAuth2Endpoints] = None


SCHEMES = ("basic", "bearer", "digest", "oauth2", "oidc")


class AuthenticationScheme(Node):
    """Exactly one scheme."""

    basic: Given[Credentials] = None
    bearer: Given[Bearer] = None
    digest: Given[Credentials] = None
    oauth2: Given[OAuth2] = None
    oidc: Given[OpenIdConnect] = None

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        exactly_one(self, SCHEMES, "invalid-authentication", "an authentication names exactly one scheme")
        return self


class Authentication(AuthenticationScheme):
    """One scheme, or `use` with the name of one declared in `use.authentications`."""

    use: Given[SecretName] = None

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        exactly_one(self, ("use", *SCHEMES), "invalid-authentication", "an authentication names exactly one scheme")
        return self


class EndpointObject(Node):
    uri: Uri
    authentication: Given[Authentication] = None


Endpoint = Annotated[Annotated[Uri, Tag("<text>")] | Annotated[EndpointObject, Tag("<object>")], TextOrObject]


class ExternalResource(Node):
    name: Given[str] = None
    endpoint: Endpoint


class Schema(Node):
    """A JSON Schema, inline or from a resource."""

    format: str = "json"
    document: JSON = None
    resource: Given[ExternalResource] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if len(self.model_fields_set & {"document", "resource"}) != 1:
            raise wrong("invalid-schema", "a schema needs a `document` or a `resource`", "put the JSON Schema itself under `document:`")
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


_LISTEN_HINT = "write `one: {with: {type: com.example.happened}}`"


class EventsUntil(Node):
    """Events that end a listening; they have no `until` of their own."""

    one: Given[EventFilter] = None
    all_: Given[list[EventFilter]] = None
    any_: Given[list[EventFilter]] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(
            self, ("one", "all_", "any_"), "invalid-listen", "exactly one of one, any, all says which events to wait for", _LISTEN_HINT
        )
        return self


class EventStrategy(EventsUntil):
    """Which events to consume: one, all of several, or any of several, that `until` an expression holds or other events came."""

    until: Given[Annotated[Text | Annotated[EventsUntil, Tag("<object>")], TextOrObject]] = None

    @model_validator(mode="after")
    def _until_of_any(self) -> Self:
        if "until" in self.model_fields_set and "any_" not in self.model_fields_set:
            raise wrong("invalid-listen", "`until` goes with `any` only", "list the events under `any:`, or remove `until`")
        return self


ReadAs = Literal["data", "envelope", "raw"]
