"""Proposals and the decisions on them. A decision is bound to the digest that was shown; the same decision twice is one decision."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

import dsl
from app.actions.asked import unknown_people
from app.actions.base import Actor, one, record, require
from app.actions.children import children, definitions, next_free, number, versions_of
from app.actions.errors import Conflict, Invalid
from app.actions.locks import differences, lock_of, secrets_used, workflows_run
from app.actions.memories import MemoryActions
from app.actions.missing import lacking
from app.actions.reach import blocked
from app.actions.schedules import starts
from app.programs import turned_off
from app.store import tables as t
from app.store.ids import new_id
from app.views import ProposalView, VersionView, proposal_view, version_view
from graphs.run import later


class ProposalActions(MemoryActions):
    """propose, approve, reject, and what is there."""

    async def propose(
        self,
        actor: Actor,
        text: str,
        *,
        conversation: str | None = None,
        summary: str = "",
        assumptions: Sequence[Any] = (),
        bump: bool = False,
    ) -> ProposalView:
        """
        Put a definition up for a decision.

        An open proposal of the same workflow in the same conversation is superseded. With *bump* a version that is taken by another content
        gets the next free patch number; without, it is refused.

        Raises:
            Invalid: the definition has errors; all of them are in `problems`.
            Conflict: this name and version is approved with another content.
        """
        require(actor, "author", "propose workflows")
        examined = await self._examined(actor, text)
        text, examined = await self._free_version(actor, text, examined, bump=bump)
        data = examined.data
        document = data["document"]
        async with self._acting(actor, "author", "propose workflows") as session:
            id_ = new_id()
            await _supersede(session, conversation, document)
            await session.execute(
                insert(t.proposals).values(
                    tenant_id=actor.tenant, id=id_, conversation=conversation, namespace=document["namespace"], name=document["name"],
                    version=document["version"], digest=examined.digest, definition=data, yaml=text,
                    lock=lock_of(data, self._catalogue, await children(session, data)),
                    summary=summary, assumptions=list(assumptions), created_by=actor.name,
                )
            )  # fmt: skip
            await record(session, actor, "propose", f"proposal:{id_}", digest=examined.digest)
            return await self._proposal_view(session, await one(session, t.proposals, "proposal", id_))

    async def proposal(self, actor: Actor, proposal_id: str) -> ProposalView:
        async with self._acting(actor, "viewer", "see proposals") as session:
            return await self._proposal_view(session, await one(session, t.proposals, "proposal", proposal_id))

    async def proposals(self, actor: Actor, *, status: str | None = None, limit: int = 50) -> list[ProposalView]:
        """Return proposals, newest first."""
        async with self._acting(actor, "viewer", "see proposals") as session:
            statement = select(t.proposals).order_by(t.proposals.c.created_at.desc()).limit(limit)
            rows = (await session.execute(statement.where(t.proposals.c.status == status) if status else statement)).all()
            return [await self._proposal_view(session, row) for row in rows]

    async def approve(self, actor: Actor, proposal_id: str, *, digest: str) -> VersionView:
        """
        Make the proposal an approved, immutable version; a second time gives the same answer.

        Raises:
            Conflict: the proposal has another digest than the one shown, was rejected or superseded,
                runs a workflow nobody approved or uses something that changed meanwhile, or its name and version were approved with
                another content.
        """
        async with self._acting(actor, "approver", "approve proposals") as session:
            row = await one(session, t.proposals, "proposal", proposal_id, lock=True)
            if row.digest != digest:
                raise Conflict(
                    "This is not what was shown to you.", code="stale-digest", where=f"proposal {proposal_id}",
                    why=f"You decided on {digest}, the proposal is {row.digest}.", next="Look at the proposal again and decide anew.",
                )  # fmt: skip
            if row.status == "approved":
                return version_view(await one(session, t.versions, "version", row.version_id))
            _must_be_open(row)
            version = await self._version(session, actor, row)
            await session.execute(
                update(t.proposals).where(t.proposals.c.id == proposal_id)
                .values(status="approved", decided_by=actor.name, decided_at=func.now(), version_id=version.id)
            )  # fmt: skip
            await record(session, actor, "approve", f"proposal:{proposal_id}", digest=digest, version_id=version.id)
        await self._remember_approved(actor, version, row)
        return version_view(version)

    async def reject(self, actor: Actor, proposal_id: str, *, comment: str = "") -> ProposalView:
        """Turn the proposal down; a second time gives the same answer. Raises Conflict when it is approved or superseded."""
        async with self._acting(actor, "approver", "reject proposals") as session:
            row = await one(session, t.proposals, "proposal", proposal_id, lock=True)
            if row.status != "rejected":
                _must_be_open(row)
                await session.execute(
                    update(t.proposals).where(t.proposals.c.id == proposal_id)
                    .values(status="rejected", decided_by=actor.name, decided_at=func.now(), comment=comment)
                )  # fmt: skip
                await record(session, actor, "reject", f"proposal:{proposal_id}", digest=row.digest, comment=comment)
                row = await one(session, t.proposals, "proposal", proposal_id)
            return await self._proposal_view(session, row)

    async def workflows(self, actor: Actor, *, limit: int = 200) -> list[VersionView]:
        """Return approved versions, newest first."""
        async with self._acting(actor, "viewer", "see workflows") as session:
            rows = await session.execute(select(t.versions).order_by(t.versions.c.approved_at.desc(), t.versions.c.id.desc()).limit(limit))
            return [version_view(row) for row in rows]

    async def _examined(self, actor: Actor, text: str) -> dsl.Examined:
        async with self._store.database.session(actor.tenant) as session:
            c = t.versions.c
            known = [f"{row.namespace}/{row.name}/{row.version}" for row in await session.execute(select(c.namespace, c.name, c.version))]
        examined = later.examine(text, self._catalogue, workflows=known)
        if not examined.valid:
            errors = [problem for problem in examined.problems if problem.severity == "error"]
            raise Invalid(
                f"The definition has {len(errors)} {'errors' if len(errors) > 1 else 'error'}.", code="invalid-definition",
                where=errors[0].reference or "the whole document", why=errors[0].message, next=errors[0].hint, problems=examined.problems,
            )  # fmt: skip
        return examined

    async def _free_version(self, actor: Actor, text: str, examined: dsl.Examined, *, bump: bool) -> tuple[str, dsl.Examined]:
        document = examined.data["document"]
        async with self._store.database.session(actor.tenant) as session:
            taken = await versions_of(session, document["namespace"], document["name"])
        version = document["version"]
        if taken.get(version, examined.digest) == examined.digest:
            return text, examined
        name = f"{document['namespace']}/{document['name']}"
        if not bump:
            raise Conflict(
                f"{name} {version} is approved with another content.", code="version-taken", where="/document/version",
                why="An approved version never changes.", next=f"Give it a new version number, such as {next_free(version, taken)}.",
            )  # fmt: skip
        change = {"op": "set-field", "reference": "/document", "field": "version", "value": next_free(version, taken)}
        text = dsl.apply(text, [change]).text
        return text, await self._examined(actor, text)

    async def _version(self, session: AsyncSession, actor: Actor, row: Row[Any]) -> Row[Any]:
        """Return the version of an approved proposal, making it when its content is new."""
        found = await children(session, row.definition)
        missing = [name for name in workflows_run(row.definition) if name not in found]
        if missing:
            raise Conflict(
                f"It runs {missing[0]}, which nobody has approved.", code="child-not-approved", where=f"proposal {row.id}",
                why="Everything a workflow does is approved, the workflows it runs included.", next=f"Approve {missing[0]} first.",
            )  # fmt: skip
        lock = lock_of(row.definition, self._catalogue, found)
        changed = differences(row.lock, lock, row.definition)
        if changed:
            raise Conflict(
                "What it uses is no longer what was shown to you.", code="lock-changed", where=f"proposal {row.id}",
                why="; ".join(changed) + ".", next="Propose the workflow again, and decide on it as it is now.",
            )  # fmt: skip
        taken = await versions_of(session, row.namespace, row.name)
        if taken.get(row.version, row.digest) != row.digest:
            raise Conflict(
                f"{row.namespace}/{row.name} {row.version} was approved with another content meanwhile.", code="version-taken",
                where="/document/version", why="An approved version never changes.", next="Propose it with a new version number.",
            )  # fmt: skip
        c = t.versions.c
        found = (c.namespace == row.namespace) & (c.name == row.name) & (c.version == row.version)
        if row.version not in taken:
            await session.execute(
                insert(t.versions).values(
                    tenant_id=actor.tenant, id=new_id(), namespace=row.namespace, name=row.name, version=row.version, digest=row.digest,
                    definition=row.definition, yaml=row.yaml, lock=lock, secrets=secrets_used(row.definition), proposal_id=row.id,
                    approved_by=actor.name,
                )
            )  # fmt: skip
        return (await session.execute(select(t.versions).where(found))).one()

    async def _proposal_view(self, session: AsyncSession, row: Row[Any]) -> ProposalView:
        c = t.secrets.c
        stored = set((await session.execute(select(c.name).where(c.removed_at.is_(None)))).scalars())
        view = proposal_view(row, self._catalogue, stored, await definitions(session, row.lock), zone=self._store.settings.timezone)
        people = {*(await session.execute(select(t.users.c.name))).scalars(), row.created_by, "me"}
        scheduled = starts(row.definition, self._store.settings.timezone, datetime.now(UTC))
        refused = [*blocked(row.definition, self._http_allow), *turned_off(row.definition, self._run_allow)]
        here = self._here(row.tenant_id) if self._here else None
        missing = (
            await asyncio.to_thread(lacking, row.definition, self._catalogue, here) if here else []
        )  # may ask whether a model is there
        more = [*unknown_people(row.definition, people), *scheduled, *refused, *missing]
        return replace(view, warnings=[*view.warnings, *await self._same_name(session, row), *more])

    async def _same_name(self, session: AsyncSession, row: Row[Any]) -> list[dict[str, Any]]:
        """Return an advice when an approved workflow has this name already: this one becomes its next version."""
        versions = sorted(await versions_of(session, row.namespace, row.name), key=number)
        if row.status != "open" or not versions or row.version in versions:
            return []
        message = f"There is an approved workflow {row.name} already ({', '.join(versions[-3:])}); this becomes its version {row.version}"
        hint = "if it is another piece of work, give it a name of its own"
        return [dsl.Problem(code="same-name", reference="/document/name", message=message, hint=hint, severity="advice").to_json()]


async def _supersede(session: AsyncSession, conversation: str | None, document: dict[str, Any]) -> None:
    if conversation is None:
        return
    c = t.proposals.c
    same = (c.conversation == conversation) & (c.namespace == document["namespace"]) & (c.name == document["name"]) & (c.status == "open")
    await session.execute(update(t.proposals).where(same).values(status="superseded"))


def _must_be_open(row: Row[Any]) -> None:
    if row.status != "open":
        by = f" by {row.decided_by}" if row.decided_by else ""
        raise Conflict(
            f"The proposal is already {row.status}{by}.", code="already-decided", where=f"proposal {row.id}",
            why="A decision is taken once." if row.status != "superseded" else "A newer proposal took its place.",
            next="Decide on the newest proposal of this workflow, or propose it again.",
        )  # fmt: skip
