"""Where a function that was imported is called: the way back from the fields of `with` to a request, a tool or an agent.

Plain frozen values: they say everything a runtime needs and do nothing themselves. Secrets are never in them, only what kind is needed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Place = Literal["path", "query", "header", "cookie", "form"]
Style = Literal["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class OpenApiParameter(_Value):
    """One field of `with` and where its value goes. Source: OpenAPI 3.1.1 §4.8.12; `tabDelimited` is 2.0's `tsv`."""

    field: str  # its name in `with`
    name: str  # its name in the request
    place: Place  # `form`: a field of the body (2.0's formData)
    required: bool = False
    style: Style = "form"
    explode: bool = True
    reserved: bool = False  # `:/?#[]@!$&'()*+,;=` are sent as they are
    content: str = ""  # media type the value is written in, instead of a style


class OpenApiBody(_Value):
    """The field of `with` that is the body; for `form` parameters there is none, only the type of the body they make up."""

    field: str = ""
    content: str  # media type that is sent
    others: tuple[str, ...] = ()  # further media types the operation takes
    required: bool = False


class OpenApiVariable(_Value):
    """A `{name}` in the server's URL."""

    default: str
    allowed: tuple[str, ...] = ()  # empty: anything


class OpenApiSecurity(_Value):
    """One scheme that an operation asks for."""

    scheme: str  # its name in the document, by which a connection is found
    kind: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS", "unknown"]
    name: str = ""  # apiKey: of the header, query parameter or cookie; http: basic, bearer, digest …
    place: Literal["", "query", "header", "cookie"] = ""  # of an apiKey
    scopes: tuple[str, ...] = ()
    url: str = ""  # oauth2: where tokens are given; openIdConnect: the discovery document


class OpenApiBinding(_Value):
    """One operation of an OpenAPI document."""

    kind: Literal["openapi"] = "openapi"
    operation: str = ""  # its operationId in the document, "" when it has none
    method: str  # upper case
    server: str = ""  # URL template without a slash at the end; relative or empty where the document names no host
    variables: dict[str, OpenApiVariable] = Field(default_factory=dict)
    path: str  # template, "/pets/{petId}", with the names of the request
    parameters: tuple[OpenApiParameter, ...] = ()
    body: OpenApiBody | None = None
    accepts: tuple[str, ...] = ()  # media types of the results
    security: tuple[tuple[OpenApiSecurity, ...], ...] = ()  # one of these, and of it every scheme; an empty one: also without


class McpBinding(_Value):
    """One tool of an MCP server."""

    kind: Literal["mcp"] = "mcp"
    server: str = ""  # the connection's name
    tool: str  # its name there
    digest: str  # of the canonical form of what the server said about it: a changed tool has another


class A2aBinding(_Value):
    """One skill of an A2A agent."""

    kind: Literal["a2a"] = "a2a"
    server: str = ""  # the agent's URL
    skill: str
    digest: str  # of the canonical form of the skill


Binding = Annotated[OpenApiBinding | McpBinding | A2aBinding, Field(discriminator="kind")]
