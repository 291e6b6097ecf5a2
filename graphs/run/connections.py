"""Named connections: what the operator has set up for functions to use by name (`connection: crm`), so that no definition holds an address
or a key of the house.

A connection is described once, outside of every definition::

    crm:        {kind: http, url: "https://crm.example.org/api", headers: {Authorization: {secret: crm-token}}}
    warehouse:  {kind: sql, url: "postgresql://reader@db.internal/warehouse", password: {env: WAREHOUSE_PASSWORD}}
    mail:       {kind: smtp, url: "smtp://mail.internal:587", user: parley, password: {secret: mail}, from: parley@example.org}
    team:       {kind: slack, url: {secret: team-hook}}
    partner:    {kind: webhook, url: "https://partner.example.org/hook", secret: {secret: partner-key}}
    notes:      {kind: mcp, url: "https://notes.internal/mcp"}        # or: command: [notes-server, --stdio], env: {NOTES_KEY: {secret: k}}

Every value may be a text, or say where it is kept: `{secret: NAME}` (a stored secret of the tenant), `{env: NAME}`, `{file: PATH}`.
What comes from there is taken out of every text, as a run's secrets are. `tenants: [a, b]` keeps a connection from all others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graphs.run.errors import ConnectionUnusable, UnknownConnection, WorkflowError
from graphs.run.ports import JSON, Http

if TYPE_CHECKING:
    from graphs.run.step import Place

Kind = Literal["smtp", "http", "sql", "slack", "webhook", "mcp"]


class Kept(BaseModel):
    """Where a value is kept; exactly one of the three."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    secret: str | None = None
    env: str | None = None
    file: str | None = None

    @property
    def words(self) -> str:
        """ "the secret crm-token", "the variable CRM_TOKEN", "the file /run/token"."""
        names = {"secret": self.secret, "variable": self.env, "file": self.file}
        return next((f"the {kind} {name}" for kind, name in names.items() if name), "nothing")


Value = str | Kept
Reveal = Callable[[Kept], Awaitable[JSON]]  # raises ConnectionUnusable


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)
    tenants: tuple[str, ...] | None = None  # None: every one
    description: str = ""


class _Smtp(_Described):
    kind: Literal["smtp"]
    url: Value
    user: Value | None = None
    password: Value | None = None
    sender: Value | None = Field(default=None, alias="from")


class _Http(_Described):
    kind: Literal["http"]
    url: Value
    headers: dict[str, Value] = Field(default_factory=dict)


class _Sql(_Described):
    kind: Literal["sql"]
    url: Value
    user: Value | None = None
    password: Value | None = None


class _Slack(_Described):
    kind: Literal["slack"]
    url: Value


class _Webhook(_Described):
    kind: Literal["webhook"]
    url: Value
    secret: Value | None = None  # signs what is sent; without one nothing is signed
    headers: dict[str, Value] = Field(default_factory=dict)


class _Mcp(_Described):
    kind: Literal["mcp"]
    url: Value | None = None
    headers: dict[str, Value] = Field(default_factory=dict)
    command: tuple[Value, ...] = ()
    env: dict[str, Value] = Field(default_factory=dict)
    cwd: str | None = None


Described = _Smtp | _Http | _Sql | _Slack | _Webhook | _Mcp


@lru_cache(maxsize=1)
def _all() -> TypeAdapter[dict[str, Described]]:
    return TypeAdapter(dict[str, Annotated[Described, Field(discriminator="kind")]])


def described(data: JSON, source: str = "the connections") -> dict[str, Described]:
    """Return the connections in *data*, plain JSON. Raises ConnectionUnusable with every mistake; *source* says where they stand."""
    try:
        return _all().validate_python(data or {})
    except ValidationError as error:
        wrong = [_in_words(one["loc"], one["msg"], one["type"]) for one in error.errors(include_url=False, include_input=False)[:5]]
        raise ConnectionUnusable(f"{source}: {'; '.join(dict.fromkeys(wrong))}") from None  # pydantic's error holds the values


def _in_words(where: tuple[int | str, ...], message: str, type_: str) -> str:
    if not where:
        return "it is no table of names and connections"
    setting = next((str(part) for part in where[2:] if not str(part).startswith(("function", "str", "Kept"))), "")
    named = f"connection '{where[0]}'" + (f", setting '{setting}'" if setting else "")
    if type_ == "union_tag_invalid" or type_ == "union_tag_not_found":
        return f"{named}: 'kind' is one of smtp, http, sql, slack, webhook, mcp"
    known = {"missing": "it is missing", "extra_forbidden": "there is no such setting"}
    return f"{named}: {known.get(type_, message)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection, ready to use: every value is what it stands for."""

    name: str
    kind: Kind
    values: Mapping[str, JSON]  # the settings of its kind; those that are not set are left out
    secrets: Sequence[JSON]  # values that must be in no text
    http: Http  # may reach the connection's own address besides what every run may

    def text(self, setting: str) -> str:
        """Return a setting that is needed. Raises WorkflowError (configuration)."""
        value = self.values.get(setting)
        if not isinstance(value, str) or not value:
            raise WorkflowError.of("configuration", f"the connection '{self.name}' needs the setting '{setting}'")
        return value

    @property
    def headers(self) -> dict[str, str]:
        return {name: str(value) for name, value in (self.values.get("headers") or {}).items()}


class NamedConnections:
    """
    `ports.Connections` over what was described.

    Args:
        known: By name, those of this run's tenant.
        reveal: Gives the value that is kept somewhere.
        http: Gives the client that may also reach the host of a URL.
    """

    def __init__(self, known: Mapping[str, Described], reveal: Reveal, http: Callable[[str], Awaitable[Http]]) -> None:
        self._known = known
        self._reveal = reveal
        self._http = http

    def kinds(self) -> Mapping[str, str]:
        return {name: one.kind for name, one in self._known.items()}

    async def find(self, name: str) -> Connection:
        if name not in self._known:
            raise UnknownConnection(name, sorted(self._known))
        one = self._known[name]
        secrets: list[JSON] = []
        plain = one.model_dump(by_alias=True, exclude={"kind", "tenants", "description"}, exclude_none=True)
        values = {setting: await self._value(name, setting, value, secrets) for setting, value in plain.items()}
        url = values.get("url")
        http = await self._http(url if isinstance(url, str) else "")
        return Connection(name=name, kind=one.kind, values=values, secrets=tuple(secrets), http=http)

    async def _value(self, name: str, setting: str, value: JSON, secrets: list[JSON]) -> JSON:
        if isinstance(value, list | tuple):
            return [await self._value(name, setting, item, secrets) for item in value]
        if not isinstance(value, dict):
            return value
        if not _is_kept(value):
            return {key: await self._value(name, f"{setting}.{key}", item, secrets) for key, item in value.items()}
        kept = Kept(**value)
        try:
            found = await self._reveal(kept)
        except ConnectionUnusable as error:
            raise ConnectionUnusable(f"the connection '{name}' cannot be used: its setting '{setting}' is {kept.words}, {error}") from error
        secrets.append(found)
        return found


def _is_kept(value: Mapping[str, JSON]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("secret", "env", "file")


async def connection(place: Place, name: str, *kinds: Kind) -> Connection:
    """
    Return the connection *name*, of one of *kinds*; its secrets are in no text of the run from now on.

    Raises:
        WorkflowError: configuration; names the connection, and the setting that is missing.
    """
    port = place.engine.deps.connections
    if port is None:
        raise WorkflowError.of("configuration", str(UnknownConnection(name, [])))
    try:
        found = await port.find(name)
    except (UnknownConnection, ConnectionUnusable) as error:
        raise WorkflowError.of("configuration", str(error)) from error
    for secret in found.secrets:
        place.engine.redactor.add(secret)
    password = urlsplit(str(found.values.get("url") or "")).password if "url" in found.values else None
    if password:
        place.engine.redactor.add(password)
    if found.kind not in kinds:
        wanted = " or ".join(kinds)
        raise WorkflowError.of("configuration", f"the connection '{name}' is of kind {found.kind}, and {wanted} is needed here")
    return found
