"""Recorded runs from the command line: version and decision first, then the run; and every decision a card can take."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.firstlogin import first_admin
from app.container import Container
from app.settings import Settings
from app.store import embedded
from tests.acceptance import definitions
from tests.acceptance.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
REPORTS = {"services": {"desk": {"routes": [{"request": "POST /report", "answer": {"status": 201, "json": {"ok": True}}}]}}}


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    """One home for the module, with its database kept running: each command joins it instead of starting its own."""
    place = Parley(tmp_path_factory.mktemp("recorded"))
    assert place("db", "upgrade").code == 0
    server = embedded.start(place.home)
    yield place
    server.close()


def named(name: str, text: str) -> str:
    return text.replace("name: orders", f"name: {name}", 1)


def test_a_run_records_version_and_decision_and_may_call_this_machine(parley: Parley) -> None:
    world = World.load(REPORTS)
    with world.thread() as base_url:
        parley.write("orders.yaml", named("report", definitions.post(f"{base_url}/report")))

        first = parley("run", "orders.yaml", "--json")
        again = parley("run", "orders.yaml", "--json")

    assert (first.code, first.json["status"], first.json["output"]) == (0, "completed", {"ok": True}), first.err
    assert again.code == 0, again.err
    assert world.saw("POST /report").bodies == [{"n": 1}, {"n": 1}]
    listed = [run for run in parley("runs", "--json").json["runs"] if run["name"] == "report"]
    assert [(run["status"], run["version"]) for run in listed] == [("completed", "1.0.0")] * 2
    assert len({run["version_id"] for run in listed}) == 1
    assert parley("show", first.json["run_id"], "--json").json["steps"]["/do/0/report"]["status"] == "done"


def test_a_large_output_is_printed_whole_by_the_run_and_when_it_is_asked_for(parley: Parley) -> None:
    parley.write("large.yaml", named("large", definitions.HELLO).partition("do:")[0] + "do: [{a: {set: {page: '${ \"x\" * 70000 }'}}}]\n")

    done = parley("run", "large.yaml", "--json")
    run = done.json["run_id"]
    whole = parley("show", run, "--value", "output", "--json")

    assert (done.json["output"], whole.json) == ({"page": "x" * 70_000}, {"value": {"page": "x" * 70_000}})


def test_the_same_version_with_other_content_is_refused(parley: Parley) -> None:
    parley.write("hello.yaml", named("hello", definitions.HELLO))
    parley("run", "hello.yaml", "--input", '{"name": "Ada"}')
    parley.write("hello.yaml", named("hello", definitions.HELLO.replace("Hello", "Goodbye")))

    done = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--json")

    assert done.code == 1
    assert "1.0.0" in done.error["what"]
    assert "--ephemeral" in done.error["next"]


def test_propose_approve_answer_and_reject(parley: Parley) -> None:
    parley.write("agree.yaml", named("agree", definitions.ask_a_person()))

    proposal = parley("propose", "agree.yaml", "--summary", "Somebody must agree.", "--json").json
    stale = parley("approve", proposal["id"], "--digest", "sha256:" + "0" * 64, "--json")
    version = parley("approve", proposal["id"], "--digest", proposal["digest"], "--json")
    run = parley("run", "agree.yaml", "--json")
    wrong = parley("answer", run.json["run_id"], "agree", "{}", "--json")
    answered = parley("answer", run.json["run_id"], "agree", "--approve", "--json")
    same = parley("answer", run.json["run_id"], "agree", "--approve", "--json")
    other = parley("answer", run.json["run_id"], "agree", "--reject", "--json")

    assert (stale.code, version.code) == (1, 0), stale.out + version.out
    assert (run.code, run.json["status"]) == (3, "waiting"), run.err
    assert run.json["awaiting"][0]["title"] == "Ship it?"
    assert (wrong.code, wrong.error["code"]) == (2, "answer-missing")
    assert answered.code == 0, answered.err
    assert answered.json["notes"] == ["No worker is running: parley up or parley worker goes on with it."]
    assert (same.code, same.json["notes"]) == (0, ["It had this answer already; nothing changed."])
    assert (other.code, other.error["code"]) == (1, "already-answered")


def test_what_is_given_for_this_run_alone_and_ends_with_the_command_is_said(parley: Parley) -> None:
    text = named("granted", definitions.ask_a_person()).replace("do:", "use:\n  secrets: [bankToken, apiKey]\ndo:", 1)
    parley.write("granted.yaml", text)
    parley.write("given.json", '{"bankToken": "s3cret-value", "other": "x"}')

    run = parley("run", "granted.yaml", "--secrets", "given.json", "--json")
    words = parley("run", "granted.yaml", "--secrets", "given.json")

    said = "The value of bankToken from --secrets ends with this command; before the run goes on, store it: parley secret set bankToken"
    assert (run.code, run.json["notes"][0]) == (3, said), run.err
    assert said in words.out
    assert "apiKey" not in words.out
    assert "s3cret-value" not in run.out + words.out


def test_cancelling_what_has_ended_says_that_nothing_was_cancelled(parley: Parley) -> None:
    parley.write("hello.yaml", named("ended", definitions.HELLO))
    run = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--json").json["run_id"]

    done = parley("cancel", run, "--json")

    assert (done.code, done.error["what"]) == (1, "the run has completed already; nothing was cancelled")


def test_an_event_says_how_many_runs_waited_for_it(parley: Parley) -> None:
    listen = "do:\n  - hear:\n      listen: {to: {one: {with: {type: order.paid}}}}\n"
    parley.write("paid.yaml", named("paid", definitions.HEAD + listen))
    parley.write("paid.json", '{"id": "1", "type": "order.paid", "source": "/shop"}')
    parley.write("other.json", '[{"id": "2", "type": "order.lost", "source": "/shop"}]')
    waiting = parley("run", "paid.yaml", "--events", "other.json", "--json")

    first, other, again = parley("emit", "paid.json", "--json"), parley("emit", "other.json"), parley("emit", "other.json")

    assert waiting.json["awaiting"][0]["event"] == {"type": "order.paid"}
    assert waiting.json["notes"][0] == "Event 1 of --events (order.lost) found nobody who waits for it."
    assert (first.json["accepted"], first.json["receivers"]) == (1, [1])
    assert other.out.startswith("1 accepted, 0 seen before; no run was waiting")  # what --events gave was for that run alone
    assert again.out == "0 accepted, 1 seen before; no run was waiting\n"


def test_secrets_are_written_and_never_read_back(parley: Parley) -> None:
    stored = parley("secret", "set", "token", "--json", given="s3cret-value\n")
    listed = parley("secret", "list", "--json")
    removed = parley("secret", "rm", "token", "--json")

    assert (stored.code, removed.code) == (0, 0), stored.err
    assert [secret["name"] for secret in listed.json["secrets"]] == ["token"]
    assert "s3cret-value" not in stored.out + stored.err + listed.out + listed.err
    assert parley("secret", "list", "--json").json["secrets"] == []


def test_a_lost_password_is_replaced(parley: Parley) -> None:
    nobody = parley("user", "list", "--json")
    unknown = parley("user", "password", "admin", "--json")
    asyncio.run(first_admin(Settings(home=parley.home), lambda _text: None))

    listed = parley("user", "list", "--json")
    made = parley("user", "password", "admin", "--json")

    assert (nobody.code, nobody.json) == (0, {"users": []})
    assert (unknown.code, unknown.error["code"]) == (1, "no-such-user")
    assert [(user["name"], user["role"]) for user in listed.json["users"]] == [("admin", "admin")]
    assert made.code == 0, made.err
    assert asyncio.run(logged_in(Settings(home=parley.home), made.json["password"]))
    assert not asyncio.run(logged_in(Settings(home=parley.home), "another-password"))


async def logged_in(settings: Settings, password: str) -> bool:
    async with Container.open(settings, role="cli") as container:
        return await container.actions.login("admin", password) is not None


def test_an_unknown_run_is_named(parley: Parley) -> None:
    done = parley("show", "no-such-run", "--json")

    assert done.code == 1
    assert "no-such-run" in done.error["what"] + done.error["where"]


def test_a_database_that_does_not_answer_is_said(parley: Parley) -> None:
    url = f"postgresql://nobody@127.0.0.1:{definitions.closed_port()}/parley"

    done = parley("runs", "--json", PARLEY_DATABASE_URL=url)

    assert (done.code, done.error["code"], done.error["next"]) == (1, "database-unreachable", "parley doctor")


def test_the_schema_is_brought_up_to_date_once(parley: Parley) -> None:
    first, second = parley("db", "upgrade", "--json"), parley("db", "upgrade", "--json")

    assert (first.code, first.json) == (0, second.json), first.err
    assert Path(parley.home / "secrets.json").stat().st_mode & 0o077 == 0


def test_ctrl_c_cancels_the_run(parley: Parley) -> None:
    parley.write("wait.yaml", named("wait", f"{definitions.HEAD}do:\n  - pause:\n      wait: {{minutes: 5}}\n"))
    command = [sys.executable, "-P", "-m", "app", "run", "wait.yaml", "--follow", "--json"]
    process = subprocess.Popen(
        command,
        cwd=parley.folder,
        env=parley.environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # who runs tests in the background ignores it
    )
    assert process.stderr is not None
    assert any("/do/0/pause" in line for line in process.stderr)

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)

    outcome = json.loads(out)
    assert (process.returncode, outcome["status"]) == (1, "cancelled")
    assert parley("show", outcome["run_id"], "--json").json["status"] == "cancelled"


def test_a_child_workflow_of_the_folder_is_recorded_with_its_parent(parley: Parley) -> None:
    (parley.folder / "children").mkdir()
    child = definitions.HELLO.replace("name: orders", "name: greeter", 1)
    parley.write("children/greeter.yaml", child)
    call = "do:\n  - greet:\n      run:\n        workflow: {namespace: acceptance, name: greeter, version: 1.0.0, input: {name: Ada}}\n"
    parley.write("parent.yaml", named("parent", definitions.HEAD + call))

    alone = parley("run", "parent.yaml", "--json")
    done = parley("run", "parent.yaml", "--workflows", "children", "--json")

    assert (alone.code, alone.error["code"]) == (1, "invalid-definition"), alone.out
    assert (done.code, done.json["output"]) == (0, {"greeting": "Hello Ada"}), done.out + done.err


def test_events_of_the_file_reach_the_run(parley: Parley) -> None:
    listen = "do:\n  - hear:\n      listen: {to: {one: {with: {type: order.placed}}}}\n"
    parley.write("listen.yaml", named("listen", definitions.HEAD + listen))
    parley.write(
        "events.json", '[{"type": "order.seen", "source": "/shop"}, {"type": "order.placed", "source": "/shop", "data": {"n": 7}}]'
    )

    recorded = parley("run", "listen.yaml", "--events", "events.json", "--json")
    ephemeral = parley("run", "listen.yaml", "--events", "events.json", "--ephemeral", "--json")

    assert (recorded.code, recorded.json["output"]) == (0, [{"n": 7}]), recorded.out + recorded.err
    assert (ephemeral.code, ephemeral.json["output"]) == (0, [{"n": 7}])


def test_secrets_of_the_file_are_used_and_not_shown(parley: Parley) -> None:
    text = named("secretive", definitions.HELLO).replace("do:", "use:\n  secrets: [token]\ndo:", 1)
    parley.write("secret.yaml", text.replace(".name }", "($secrets.token | length | tostring) }"))
    parley.write("secrets.json", '{"token": "s3cret-value"}')

    done = parley("run", "secret.yaml", "--secrets", "secrets.json", "--json")

    assert (done.code, done.json["output"]) == (0, {"greeting": "Hello 12"}), done.out + done.err
    assert parley("secret", "list", "--json").json["secrets"] == []
