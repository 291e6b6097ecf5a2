"""Who acts, what roles may do, and what every group of actions shares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from sqlalchemy import Row, Table, insert, select
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.errors import Forbidden, Invalid, NotFound, Removed
from app.actions.missing import Here
from app.store import tables as t
from app.store.store import Store

if TYPE_CHECKING:
    from memory import Memories

Role = Literal["viewer", "author", "approver", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "author", "approver", "operator", "admin")  # each may do what those before it may


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, and how they came: `via` is chat, api, cli or worker."""

    tenant: str
    user_id: str
    name: str
    role: str
    via: str


class ActionsBase:
    """What the groups of actions share: the store, the catalogue, and the checks every action begins with."""

    def __init__(
        self,
        store: Store,
        catalogue: Mapping[str, Any],
        *,
        http_allow: Sequence[str] = (),
        run_allow: Sequence[str] = (),
        here: Callable[[str], Here] | None = None,
        memories: Callable[[], Memories] | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._http_allow = http_allow  # what runs may call although it is not public
        self._run_allow = run_allow  # the programs they may run
        self._memories = memories  # what is remembered, made when it is first asked for; None: nothing is
        self._here = here  # what functions have here, by tenant; None: nobody looks

    @asynccontextmanager
    async def _acting(self, actor: Actor, needed: Role, act: str) -> AsyncIterator[AsyncSession]:
        """One transaction of the actor's tenant. Raises Forbidden when the role is below *needed*."""
        require(actor, needed, act)
        with storable():
            async with self._store.database.session(actor.tenant) as session:
                yield session


@contextmanager
def storable() -> Iterator[None]:
    """Raise Invalid for texts the database cannot hold: with a NUL character, or half a surrogate pair."""
    try:
        yield
    except (DataError, psycopg.DataError, UnicodeEncodeError) as exc:
        raise Invalid(
            "A name or text holds a character that cannot be stored.", code="invalid-text", why="NUL and lone surrogates are no text."
        ) from exc


def require(actor: Actor, needed: Role, act: str) -> None:
    """Raise Forbidden unless *actor* has the role *needed*, or a higher one."""
    if actor.role not in ROLES or ROLES.index(actor.role) < ROLES.index(needed):
        raise Forbidden(act, role=actor.role, needed=needed)


async def one(session: AsyncSession, table: Table, kind: str, id_: str, *, lock: bool = False) -> Row[Any]:
    """Return the row of *table* with this id. Raises NotFound, for ids of other tenants too."""
    statement = select(table).where(table.c.id == id_)
    row = (await session.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise Removed(id_) if table is t.runs and await _was_there(session, id_) else NotFound(kind, id_)
    return row


async def _was_there(session: AsyncSession, run_id: str) -> bool:
    """Return whether the audit knows a run: it is kept longer than runs are."""
    return (await session.execute(select(t.audit.c.id).where(t.audit.c.subject == f"run:{run_id}").limit(1))).first() is not None


async def record(session: AsyncSession, actor: Actor, act: str, subject: str, **details: Any) -> None:
    """Add a line to the audit, in the transaction of what it tells about."""
    await session.execute(
        insert(t.audit).values(tenant_id=actor.tenant, actor=actor.name, via=actor.via, act=act, subject=subject, details=details)
    )
