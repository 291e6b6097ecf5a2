"""What the operations of one OpenAPI document share: the document itself, its version, servers and security schemes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urljoin, urlsplit

from dsl.bindings import OpenApiSecurity, OpenApiVariable
from dsl.imports.findings import Findings, References
from dsl.imports.schemas import Schemas
from dsl.pointer import join

JSON = Any

MAX_WAYS: Final = 20  # to sign in, one of which is enough; further ones are not told


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go: a URL template without a slash at the end, and its variables."""

    url: str = ""
    variables: dict[str, OpenApiVariable] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Host and base path with the variables' defaults, "api.example.com/v1"; only the path where no host is known."""
        url = self.url
        for name, variable in self.variables.items():
            url = url.replace(f"{{{name}}}", variable.default)
        return url.partition("://")[2] if "://" in url else url.removeprefix("//")


class Api:
    """A document, read: plain data that is a mapping."""

    def __init__(self, data: dict[str, JSON], generation: Literal[2, 3], findings: Findings, address: str) -> None:
        self.data, self.generation, self.findings, self.address = data, generation, findings, address
        self.references = References(data, findings)
        self.schemas = Schemas(self.references, findings)
        self.server = self._old_server() if generation == 2 else self.server_of(data, "") or Server(_absolute("/", address))
        self.security = self.security_of(data, "") or ()

    def mapping(self, value: JSON, at: str, *, severity: Literal["error", "warning"] = "warning") -> dict[str, JSON]:
        """Return *value* when it is a mapping, else an empty one; anything but a missing value is reported."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.findings.add("invalid-document", at, f"this must be a mapping, not {_kind(value)}", "", severity)
        return {}

    def items(self, value: JSON, at: str) -> list[JSON]:
        """Return *value* when it is a list, else an empty one; anything but a missing value is reported."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.findings.add("invalid-document", at, f"this must be a list, not {_kind(value)}", "", "warning")
        return []

    def server_of(self, node: dict[str, JSON], at: str) -> Server | None:
        """Return the first server that *node* (document, path or operation of 3.x) names, None when it names none."""
        for number, item in enumerate(self.items(node.get("servers"), join(at, "servers"))):
            if isinstance(item, dict) and isinstance(item.get("url"), str):
                variables = self.mapping(item.get("variables"), join(at, "servers", number, "variables"))
                return Server(_absolute(item["url"], self.address), {name: _variable(one) for name, one in variables.items()})
            self.findings.add("invalid-document", join(at, "servers", number), "a server needs a `url`", "", "warning")
        return None

    def _old_server(self) -> Server:
        schemes = [scheme for scheme in self.items(self.data.get("schemes"), "/schemes") if scheme in ("https", "http")]
        host, base = self.data.get("host"), self.data.get("basePath")
        base = f"/{base.strip('/')}" if isinstance(base, str) and base.strip("/") else ""
        if not isinstance(host, str) or not host:
            return Server(_absolute(base or "/", self.address))
        return Server(f"{'http' if schemes and 'https' not in schemes else 'https'}://{host.strip('/')}{base}")

    def security_of(self, node: dict[str, JSON], at: str) -> tuple[tuple[OpenApiSecurity, ...], ...] | None:
        """Return what *node* asks for, one of these; None when it says nothing."""
        if not isinstance(node.get("security"), list):
            return None
        found = []
        for number, item in enumerate(node["security"][:MAX_WAYS]):
            here = join(at, "security", number)
            needs = self.mapping(item, here)
            found.append(tuple(self._scheme(name, scopes, join(here, name)) for name, scopes in needs.items()))
        return tuple(found)

    def _scheme(self, name: str, scopes: JSON, at: str) -> OpenApiSecurity:
        asked = tuple(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else ()
        parts = self.data if self.generation == 2 else self.data.get("components")
        schemes = parts.get("securityDefinitions" if self.generation == 2 else "securitySchemes") if isinstance(parts, dict) else None
        given = schemes.get(name) if isinstance(schemes, dict) else None
        where = "/securityDefinitions" if self.generation == 2 else "/components/securitySchemes"
        found = self.references.follow(given, join(where, name), "warning")
        scheme = found[0] if found else None
        if not isinstance(scheme, dict):
            message = f"the security scheme '{name[:80]}' is not described"
            self.findings.add("unknown-security", at, message, f"describe it under {where}", "warning")
            return OpenApiSecurity(scheme=name, kind="unknown", scopes=asked)
        return OpenApiSecurity(scheme=name, scopes=asked, **_scheme_parts(scheme))


def _scheme_parts(scheme: dict[str, JSON]) -> dict[str, Any]:
    kind = scheme.get("type")
    if kind == "basic":  # 2.0
        return {"kind": "http", "name": "basic"}
    if kind == "http":
        return {"kind": "http", "name": _text(scheme.get("scheme")).lower()}
    if kind == "apiKey":
        place = scheme.get("in")
        return {"kind": "apiKey", "name": _text(scheme.get("name")), "place": place if place in ("query", "header", "cookie") else ""}
    if kind == "oauth2":
        return {"kind": "oauth2", "url": next(_token_urls(scheme), "")}
    if kind == "openIdConnect":
        return {"kind": "openIdConnect", "url": _text(scheme.get("openIdConnectUrl"))}
    return {"kind": "mutualTLS" if kind == "mutualTLS" else "unknown"}


def _token_urls(scheme: dict[str, JSON]) -> Iterator[str]:
    """Yield where tokens are given, for programs first."""
    flows = scheme.get("flows")
    found: list[JSON] = [scheme]
    if isinstance(flows, dict):
        found += [flows.get(name) for name in ("clientCredentials", "authorizationCode", "password", "implicit")]
    for key in ("tokenUrl", "authorizationUrl"):
        yield from (flow[key] for flow in found if isinstance(flow, dict) and isinstance(flow.get(key), str))


def _variable(given: JSON) -> OpenApiVariable:
    variable = given if isinstance(given, dict) else {}
    allowed = variable.get("enum")
    return OpenApiVariable(
        default=_text(variable.get("default")),
        allowed=tuple(_text(item) for item in allowed) if isinstance(allowed, list) else (),
    )


def _absolute(url: str, address: str) -> str:
    """Return *url* seen from the document's own *address*, without a slash at the end; a relative one stays so where that is unknown."""
    try:
        return (urljoin(address, url) if urlsplit(address).scheme in ("http", "https") else url).rstrip("/")
    except ValueError:
        return url.rstrip("/")


def _text(value: JSON) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _kind(value: JSON) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else f"'{str(value)[:40]}'"
