"""Everything one process of Parley needs, built once from the settings.

    async with Container.open(settings, role="web") as container:
        container.actions …

Without `PARLEY_DATABASE_URL` the embedded server is started, or joined when another process of this folder has started it; the last one
to leave stops it. Models, the design graph and LangGraph are loaded when they are first asked for: a command must not pay for what it does
not use.
"""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict

from app import logs
from app.actions import Actions, Actor
from app.actions.missing import Here
from app.run_ports import stdio_servers
from app.settings import Keys, Settings, load_keys, open_home
from app.store import embedded
from app.store.errors import DatabaseUnusable
from app.store.store import Store
from app.store.upgrade import set_password, upgrade
from graphs import catalogue as catalogues

if TYPE_CHECKING:
    from app.connections import ConnectionFile
    from app.store.embedded import EmbeddedServer
    from app.tracing import Tracing
    from dsl import Function
    from dsl.expressions import Expressions
    from graphs.models import ModelRouter
    from graphs.models.tracing import Trace
    from graphs.run.credentials import Credentials
    from graphs.run.hosts import Hosts
    from graphs.run.http import GuardedHttp
    from graphs.run.processes import LocalProcesses
    from memory import Memories

Role = Literal["web", "worker", "cli"]
APP_ROLE = "parley_app"


class Prepared:
    """A database that answers and has this Parley's schema. `close()` leaves it; an embedded server ends with its last user."""

    def __init__(self, owner: Mapping[str, Any], app: Mapping[str, Any], server: EmbeddedServer | None, *, upgraded: bool) -> None:
        self.owner = dict(owner)  # who owns the schema
        self.app = dict(app)  # as whom Parley works
        self.server = server
        self.upgraded = upgraded

    def close(self) -> None:
        if self.server is not None:
            self.server.close()


async def prepare(settings: Settings, *, say: Callable[[str], None] | None = None) -> Prepared:
    """
    Start or reach the database and bring its schema up to date.

    Raises:
        StoreError: what is wrong, in words.
    """
    return await asyncio.to_thread(_prepare, settings, say or (lambda _: None))


def _prepare(settings: Settings, say: Callable[[str], None]) -> Prepared:
    home = open_home(settings)
    if settings.database_url is None:
        if not (home / "db").exists():
            say(f"Setting up the database in {home / 'db'} …")
        server = embedded.start(home)
        try:
            owner = server.conninfo()
            upgraded = upgrade(owner)
        except BaseException:
            server.close()
            raise
        return Prepared(owner, {**owner, "user": APP_ROLE}, server, upgraded=upgraded)
    owner = server_conninfo(settings.database_url.get_secret_value())
    upgraded = upgrade(owner)
    app = {**owner, "user": APP_ROLE, "password": app_password(load_keys(settings))}
    _let_in(owner, app)
    return Prepared(owner, app, None, upgraded=upgraded)


def server_conninfo(url: str) -> dict[str, Any]:
    """Return libpq's parameters of a URL. Raises DatabaseUnusable when it is none."""
    try:
        return dict(conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://", 1)))
    except psycopg.ProgrammingError as exc:
        raise DatabaseUnusable(
            "PARLEY_DATABASE_URL is no PostgreSQL address: it looks like postgresql://user:password@host:5432/database"
        ) from exc


def app_password(keys: Keys) -> str:
    """Return the password of Parley's own database role: every machine with the same encryption key knows it."""
    return hmac.new(keys.encryption_key, b"parley: password of the role parley_app", hashlib.sha256).hexdigest()


def _let_in(owner: Mapping[str, Any], app: Mapping[str, Any]) -> None:
    """See that Parley's role can log in; the owner gives it its password the first time."""
    try:
        psycopg.connect(**app, connect_timeout=10).close()
    except psycopg.OperationalError:
        try:
            set_password(owner, APP_ROLE, str(app["password"]))
            psycopg.connect(**app, connect_timeout=10).close()
        except psycopg.Error as exc:
            raise DatabaseUnusable(
                f"Parley's database role {APP_ROLE} cannot log in: {str(exc).strip()}. Every machine needs the same PARLEY_ENCRYPTION_KEY "
                "(the password is made from it), and pg_hba.conf must let the role in."
            ) from exc


class Container:
    """See the module. Not built by hand: `Container.open`."""

    def __init__(self, settings: Settings, prepared: Prepared, store: Store, catalogue: Mapping[str, Function]) -> None:
        self.settings = settings
        self.prepared = prepared
        self.store = store
        self.catalogue = catalogue
        self.actions = Actions(
            store,
            catalogue,
            http_allow=self.settings.http_allow,
            run_allow=self.settings.run_allow,
            here=self._here,
            memories=lambda: self.memories,
        )
        self._http: dict[tuple[str, ...], GuardedHttp] = {}
        self._role: Role = "cli"

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, *, role: Role = "cli", prepared: Prepared | None = None) -> AsyncIterator[Container]:
        """
        Build everything, and take it down again at the end.

        Args:
            prepared: A database somebody else prepared and closes (tests); else it is done here.

        Raises:
            StoreError: the database cannot be used, in words.
        """
        logs.configure(settings)
        keys = load_keys(settings)
        ready = prepared or await prepare(settings)
        store = Store(settings, keys, ready.app, role=role)
        container = cls(settings, ready, store, catalogues.load())
        container._role = role
        try:
            await store.open()
            await container.actions.ensure_tenant(settings.tenant)
            yield container
        finally:
            await container._close()
            if prepared is None:
                await asyncio.to_thread(ready.close)

    @cached_property
    def expressions(self) -> Expressions:
        """The children that evaluate jq; started with the first expression."""
        from dsl.expressions import Expressions

        s = self.settings
        return Expressions(children=s.expression_children, timeout_s=s.expression_timeout_s, memory_mb=s.expression_memory_mb)

    @cached_property
    def models(self) -> ModelRouter:
        from app.model_list import router_of

        return router_of(self.settings)

    def models_for(self, tenant: str, conversation: str, trace: Trace | None = None) -> ModelRouter:
        """Return the models for one turn of a conversation: replies are kept, and what is used is counted and limited."""
        from app.model_list import scope_of

        return self.models.within(scope_of(self.settings, self.store.database, tenant, conversation, trace))

    @cached_property
    def tracing(self) -> Tracing:
        """Who is told of turns."""
        from app.tracing import Tracing

        return Tracing(self.settings)

    @cached_property
    def memories(self) -> Memories:
        """What agents remember."""
        from app.remembering import memories_of

        return memories_of(self.store)

    @cached_property
    def processes(self) -> LocalProcesses:
        """What runs scripts, shell commands and containers; they end with this process."""
        from app.programs import process_settings
        from graphs.run.processes import LocalProcesses

        return LocalProcesses(process_settings(self.settings))

    def _here(self, tenant: str) -> Here:
        """Return what functions of *tenant* have in this installation."""
        return Here(
            smtp=self.settings.smtp_url is not None,
            connections=lambda: {name: one.kind for name, one in self.connections.of(tenant).items()},
            models=lambda: any(one.kind != "offline" for one in self.models.models),
            mcp_stdio=stdio_servers(self.settings),
        )

    @cached_property
    def connections(self) -> ConnectionFile:
        """The named connections of the operator's file."""
        from app.connections import ConnectionFile

        return ConnectionFile(self.settings.connections, self._secret, self.http)

    async def _secret(self, tenant: str, name: str) -> Any:
        """Return a stored secret, which the operator's file names, or None."""
        async with self.store.database.session(tenant) as session:
            return (await self.store.vault.open(session, tenant, [name])).get(name)

    @cached_property
    def design(self) -> Any:
        """The design graph over the checkpoints of the settings' tenant."""
        return self.design_for(self.settings.tenant)

    def design_for(self, tenant: str) -> Any:
        from graphs.design import design_graph

        return design_graph(self.store.saver(tenant))

    def http(self, *, also: Sequence[str] = ()) -> GuardedHttp:
        """Return the process's client for workflows; *also* are networks that one run may call beside those of the settings."""
        from app.outgoing import http_client

        key = tuple(also)
        if key not in self._http:
            self._http[key] = http_client(self.settings, self._hosts, also=key)
        return self._http[key]

    @cached_property
    def _hosts(self) -> Hosts:
        from app.outgoing import shared_hosts

        return shared_hosts(self.settings)

    @cached_property
    def credentials(self) -> Credentials:
        """The tokens this process has been given."""
        from graphs.run.credentials import Credentials

        return Credentials()

    async def command_line_actor(self) -> Actor:
        """Return who the command line acts as: the operating system's user, who owns the folder and with it everything in it."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = "somebody"
        return Actor(self.settings.tenant, f"os:{name}", name, "admin", "cli")

    async def ensure_admin(self) -> str | None:
        """Make the first administrator `admin` when there is nobody yet; return the one-time password, else None."""
        await self.actions.ensure_tenant(self.settings.tenant)
        return await self.actions.ensure_admin()

    async def _close(self) -> None:
        for http in self._http.values():
            await http.aclose()
        if "processes" in self.__dict__:
            await self.processes.aclose(self.settings.stop_grace_s if self._role == "cli" else 0.0)
        if "memories" in self.__dict__:
            await self.memories.aclose()
        if "tracing" in self.__dict__:
            await self.tracing.aclose()
        if "models" in self.__dict__:
            await self.models.aclose()
        if "expressions" in self.__dict__:
            await self.expressions.aclose()
        await self.store.close()


async def ensure_admin(container: Container) -> str | None:
    """Make the first administrator; see `Container.ensure_admin`."""
    return await container.ensure_admin()
