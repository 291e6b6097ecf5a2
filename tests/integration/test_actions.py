"""What people may do, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.actions import Actor, Conflict, Forbidden, Invalid, NotFound
from app.container import Container
from app.store import tables as t
from tests.fakes import approved, definition

A = definition("a: {set: {x: 1}}")
B = definition("a: {set: {x: 2}}")
pytestmark = pytest.mark.postgres


class TestProposing:
    async def test_a_proposal_shows_what_the_definition_does(self, container: Container, actor: Actor) -> None:
        text = definition(
            "tell: {call: 'notify:1.0.0@default', with: {channel: email, to: ops@example.org, text: hi}}", use="use: {secrets: [token]}\n"
        )

        view = (await container.actions.propose(actor, text)).to_json()

        assert (view["status"], view["name"], view["version"]) == ("open", "sample", "1.0.0")
        assert view["secrets"] == [{"name": "token", "set": False}]
        assert [(e["reference"], e["target"]) for e in view["effects"]] == [("/do/0/tell", "email ops@example.org")]
        assert {node["id"] for node in view["picture"]["nodes"]} == {"start", "/do/0/tell", "end"}
        assert view["yaml"] == text

    @pytest.mark.parametrize(
        ("schedule", "codes"),
        [
            ("", []),
            ("schedule: {cron: '0 9 * * 1-5'}\n", ["starts-when-activated"]),
            ("schedule: {on: {one: {with: {type: a.b}}}}\n", ["starts-when-activated"]),
            ("schedule: {every: PT0.1S}\n", ["too-frequent", "cannot-start-by-itself"]),
            ("schedule: {after: '${ .delay }'}\n", ["cannot-start-by-itself"]),
        ],
    )
    async def test_when_a_schedule_starts_and_that_it_must_be_activated_is_said(
        self, container: Container, actor: Actor, schedule: str, codes: list[str]
    ) -> None:
        view = await container.actions.propose(actor, definition("a: {set: {x: 1}}", use=schedule))

        assert [warning["code"] for warning in view.warnings] == codes

    async def test_people_who_are_asked_and_do_not_exist_are_said(self, container: Container, actor: Actor) -> None:
        asking = definition(
            *(f"ask{number}: {{call: 'approve:1.0.0@default', with: {{title: Go?, assignee: {name}}}}}"
              for number, name in enumerate(("Maria", actor.name, "Maria", "me")))
        )  # fmt: skip

        view = await container.actions.propose(actor, asking)

        assert [(warning["code"], warning["reference"]) for warning in view.warnings] == [("unknown-person", "/do/0/ask0")]
        assert "'Maria'" in view.warnings[0]["message"]

    async def test_a_name_that_is_taken_is_said_to_get_a_new_version(self, container: Container, actor: Actor) -> None:
        await approved(container, actor, A)

        view = await container.actions.propose(actor, B, bump=True)

        assert [warning["code"] for warning in view.warnings] == ["same-name"]
        assert "(1.0.0); this becomes its version 1.0.1" in view.warnings[0]["message"]

    async def test_a_definition_with_errors_is_refused_with_all_of_them(self, container: Container, actor: Actor) -> None:
        with pytest.raises(Invalid) as refused:
            await container.actions.propose(actor, definition("a: {set: {x: 1}, then: nowhere}", "b: {sleep: 3}"))

        assert len(refused.value.problems) >= 2
        assert await container.actions.proposals(actor) == []

    async def test_a_newer_proposal_of_a_conversation_supersedes_the_older_one(self, container: Container, actor: Actor) -> None:
        first = await container.actions.propose(actor, A, conversation="c1")
        other = await container.actions.propose(actor, A, conversation="c2")
        second = await container.actions.propose(actor, B, conversation="c1")

        states = {view.id: view.status for view in await container.actions.proposals(actor)}

        assert states == {first.id: "superseded", other.id: "open", second.id: "open"}

    async def test_an_approved_name_and_version_is_refused_with_another_content_and_bumped_on_request(
        self, container: Container, actor: Actor
    ) -> None:
        await approved(container, actor, A)

        with pytest.raises(Conflict) as refused:
            await container.actions.propose(actor, B)
        bumped = await container.actions.propose(actor, B, bump=True)

        assert (refused.value.status, refused.value.code) == (409, "version-taken")
        assert bumped.version == "1.0.1"
        assert "version: 1.0.1" in bumped.yaml


class TestDeciding:
    async def test_approving_makes_one_version_however_often_it_is_done(self, container: Container, actor: Actor) -> None:
        proposal = await container.actions.propose(actor, A)

        first = await container.actions.approve(actor, proposal.id, digest=proposal.digest)
        again = await container.actions.approve(actor, proposal.id, digest=proposal.digest)

        assert first == again
        assert [version.id for version in await container.actions.workflows(actor)] == [first.id]
        assert [line["act"] for line in await container.actions.audit(actor, subject=f"proposal:{proposal.id}")] == ["approve", "propose"]

    async def test_a_decision_on_another_digest_is_refused(self, container: Container, actor: Actor) -> None:
        proposal = await container.actions.propose(actor, A)

        with pytest.raises(Conflict) as refused:
            await container.actions.approve(actor, proposal.id, digest="sha256:" + "0" * 64)

        assert refused.value.code == "stale-digest"
        assert (await container.actions.proposal(actor, proposal.id)).status == "open"

    async def test_a_rejected_proposal_stays_rejected(self, container: Container, actor: Actor) -> None:
        proposal = await container.actions.propose(actor, A)
        await container.actions.reject(actor, proposal.id, comment="not now")
        again = await container.actions.reject(actor, proposal.id, comment="again")

        with pytest.raises(Conflict):
            await container.actions.approve(actor, proposal.id, digest=proposal.digest)

        assert (again.status, again.comment) == ("rejected", "not now")

    async def test_two_proposals_of_one_version_cannot_both_be_approved(self, container: Container, actor: Actor) -> None:
        first, second = await container.actions.propose(actor, A), await container.actions.propose(actor, B)
        await container.actions.approve(actor, first.id, digest=first.digest)

        with pytest.raises(Conflict) as refused:
            await container.actions.approve(actor, second.id, digest=second.digest)

        assert refused.value.code == "version-taken"

    @pytest.mark.parametrize(("role", "may"), [("viewer", 0), ("author", 1), ("approver", 2), ("operator", 3), ("admin", 4)])
    async def test_each_role_may_what_those_before_it_may(self, container: Container, actor: Actor, role: str, may: int) -> None:
        """Author proposes, approver approves, operator starts, admin sets secrets."""
        version = await approved(container, actor, A)
        open_ = await container.actions.propose(actor, definition("a: {set: {x: 1}}", name="other"))
        somebody = replace(actor, role=role)
        acts = [
            lambda: container.actions.propose(somebody, A),
            lambda: container.actions.approve(somebody, open_.id, digest=open_.digest),
            lambda: container.actions.start(somebody, version.id),
            lambda: container.actions.secret_set(somebody, "token", "secret"),
        ]

        done = 0
        for act in acts:
            try:
                await act()
                done += 1
            except Forbidden as refused:
                assert role in refused.why

        assert done == may


class TestStarting:
    async def test_a_run_is_ready_until_a_worker_takes_it_and_says_so(self, container: Container, actor: Actor, database: object) -> None:
        version = await approved(container, actor, A)
        run = await container.actions.start(actor, version.id)
        async with container.store.database.transaction("default") as connection:
            await connection.execute("UPDATE parley.runs SET ready_at = now() - interval '6 seconds'")

        waiting = await container.actions.run(actor, run.id)

        assert (run.status, run.reason) == ("ready", "")
        assert waiting.reason.startswith("waiting for a worker")

    async def test_input_is_checked_and_the_field_is_named(self, container: Container, actor: Actor) -> None:
        schema = "input: {schema: {format: json, document: {type: object, required: [n], properties: {n: {type: integer}}}}}\n"
        version = await approved(container, actor, definition("a: {set: {x: 1}}", use=schema))

        with pytest.raises(Invalid) as refused:
            await container.actions.start(actor, version.id, input={"n": "three"})

        assert "'n' must be a whole number" in refused.value.why
        assert await container.actions.runs(actor) == []

    async def test_a_changed_function_is_refused(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, definition("t: {call: 'notify:1.0.0@default', with: {channel: chat, text: hi}}"))
        key = "notify:1.0.0"
        container.catalogue[key] = container.catalogue[key].model_copy(update={"summary": "something else"})  # type: ignore[index]

        with pytest.raises(Conflict) as refused:
            await container.actions.start(actor, version.id)

        assert (refused.value.code, refused.value.why) == ("lock-changed", "the function notify:1.0.0 has changed.")

    async def test_a_child_workflow_is_approved_first(self, container: Container, actor: Actor) -> None:
        child = definition("a: {set: {x: 1}}", name="child")
        parent = definition("c: {run: {workflow: {namespace: test, name: child, version: 1.0.0}}}", name="parent")

        with pytest.raises(Invalid):
            await container.actions.propose(actor, parent)
        await approved(container, actor, child)
        version = await approved(container, actor, parent)

        assert (await container.actions.start(actor, version.id)).status == "ready"

    async def test_what_the_children_do_is_shown_with_the_parent_and_locked_with_it(self, container: Container, actor: Actor) -> None:
        """Two levels deep; a child of the same name that is approved later is not what was decided on."""
        tell = "t: {call: 'notify:1.0.0@default', with: {channel: email, to: ops@example.org, text: hi}}"
        runs = "c: {run: {workflow: {namespace: test, name: NAME, version: VERSION}}}"
        await approved(container, actor, definition(tell, name="teller"))
        await approved(container, actor, definition(runs.replace("NAME", "teller").replace("VERSION", "latest"), name="middle"))
        proposal = await container.actions.propose(
            actor, definition(runs.replace("NAME", "middle").replace("VERSION", "1.0.0"), name="parent")
        )
        other = await container.actions.propose(
            actor, definition(runs.replace("NAME", "middle").replace("VERSION", "1.0.0"), name="other", version="2.0.0")
        )
        version = await container.actions.approve(actor, proposal.id, digest=proposal.digest)
        async with container.store.database.session(actor.tenant) as session:
            lock = (await session.execute(select(t.versions.c.lock).where(t.versions.c.id == version.id))).scalar_one()
        await approved(container, actor, definition(tell, name="teller", version="1.1.0"))

        with pytest.raises(Conflict) as decided:
            await container.actions.approve(actor, other.id, digest=other.digest)
        with pytest.raises(Conflict) as started:
            await container.actions.start(actor, version.id)

        assert [(e["reference"], e["kind"], e["target"]) for e in proposal.effects] == [
            ("/do/0/c/workflow/do/0/c/workflow/do/0/t", "irreversible", "email ops@example.org")
        ]
        assert (list(lock["functions"]), list(lock["workflows"])) == (["notify:1.0.0"], ["test/middle/1.0.0", "test/teller/latest"])
        assert (decided.value.code, started.value.code) == ("lock-changed", "lock-changed")
        assert decided.value.why == started.value.why == "the workflow test/teller/latest has changed."

    async def test_cancelling_a_ready_run_ends_it_at_once_and_twice_is_once(self, container: Container, actor: Actor) -> None:
        run = await container.actions.start(actor, (await approved(container, actor, A)).id)

        first = await container.actions.cancel(actor, run.id)
        again = await container.actions.cancel(actor, run.id)

        assert (first.status, again.status, again.actions) == ("cancelled", "cancelled", [])
        assert len(await container.actions.audit(actor, subject=f"run:{run.id}")) == 2

    async def test_unknown_ids_are_not_found(self, container: Container, actor: Actor) -> None:
        for ask in (
            container.actions.run,
            container.actions.proposal,
            container.actions.start,
            container.actions.cancel,
            container.actions.retry,
        ):
            with pytest.raises(NotFound) as refused:
                await ask(actor, "01a1f834-0000-7000-8000-000000000000")
            assert refused.value.status == 404


class TestPeople:
    async def test_the_first_admin_gets_a_password_once(self, container: Container) -> None:
        password = await container.ensure_admin()

        assert password is not None
        assert await container.ensure_admin() is None
        known = await container.actions.login("admin", password)
        assert known is not None
        assert known.role == "admin"
        assert await container.actions.login("admin", password + "x") is None
        assert await container.actions.login("nobody", password) is None

    async def test_events_must_be_cloud_events(self, container: Container, actor: Actor) -> None:
        with pytest.raises(Invalid) as refused:
            await container.actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "t"}, {"id": "2"}])

        assert "event 2: the attribute 'source'" in refused.value.why
        assert await container.actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "t"}] * 2) == {
            "accepted": 1,
            "duplicates": 1,
        }


class TestStartingWhatAnEventStarts:
    async def test_without_an_event_nothing_is_started_and_the_way_out_is_named(self, container: Container, actor: Actor) -> None:
        """By hand it would work on nothing, and send nothing to others."""
        on = "schedule: {on: {one: {with: {type: com.example.order.received}}}}\n"
        version = await approved(container, actor, definition("a: {set: {x: '${ . }'}}", use=on))

        with pytest.raises(Invalid) as refused:
            await container.actions.start(actor, version.id)
        started = await container.actions.start(actor, version.id, input=[{"data": {"total": 3}}])

        assert (refused.value.code, "com.example.order.received" in refused.value.what) == ("event-needed", True)
        assert "--input" in refused.value.next
        assert [run.id for run in await container.actions.runs(actor)] == [started.id]
