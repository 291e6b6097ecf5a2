"""Recorded runs from the command line: version and decision first, then the run; and every decision a card can take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import definitions
from tests.acceptance.conftest import Parley
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
REPORTS = {"services": {"desk": {"routes": [{"request": "POST /report", "answer": {"status": 201, "json": {"ok": True}}}]}}}


def test_a_run_records_version_and_decision_and_may_call_this_machine(parley: Parley) -> None:
    world = World.load(REPORTS)
    with world.thread() as base_url:
        parley.write("orders.yaml", definitions.post(f"{base_url}/report"))

        first = parley("run", "orders.yaml", "--json")
        again = parley("run", "orders.yaml", "--json")

    assert (first.code, first.json["status"], first.json["output"]) == (0, "completed", {"ok": True}), first.err
    assert again.code == 0, again.err
    assert world.saw("POST /report").bodies == [{"n": 1}, {"n": 1}]
    listed = parley("runs", "--json").json["runs"]
    assert [run["status"] for run in listed] == ["completed", "completed"]
    assert {run["version"] for run in listed} == {"1.0.0"}
    assert parley("show", first.json["run_id"], "--json").json["steps"]["/do/0/report"]["status"] == "done"


def test_the_same_version_with_other_content_is_refused(parley: Parley) -> None:
    parley.write("hello.yaml", definitions.HELLO)
    parley("run", "hello.yaml", "--input", '{"name": "Ada"}')
    parley.write("hello.yaml", definitions.HELLO.replace("Hello", "Goodbye"))

    done = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--json")

    assert done.code == 1
    assert "1.0.0" in done.error["what"]


def test_propose_approve_answer_and_reject(parley: Parley) -> None:
    parley.write("agree.yaml", definitions.ask_a_person())

    proposal = parley("propose", "agree.yaml", "--summary", "Somebody must agree.", "--json").json
    stale = parley("approve", proposal["id"], "--digest", "sha256:" + "0" * 64, "--json")
    version = parley("approve", proposal["id"], "--digest", proposal["digest"], "--json")
    run = parley("run", "agree.yaml", "--json")
    wrong = parley("answer", run.json["run_id"], "agree", "--value", "{}", "--json")
    answered = parley("answer", run.json["run_id"], "agree", "--approve", "--json")

    assert (stale.code, version.code) == (1, 0), stale.out + version.out
    assert (run.code, run.json["status"]) == (3, "waiting"), run.err
    assert (wrong.code, wrong.error["code"]) == (2, "answer-missing")
    assert answered.code == 0, answered.err


def test_secrets_are_written_and_never_read_back(parley: Parley) -> None:
    stored = parley("secret", "set", "token", "--json", given="s3cret-value\n")
    listed = parley("secret", "list", "--json")
    removed = parley("secret", "rm", "token", "--json")

    assert (stored.code, removed.code) == (0, 0), stored.err
    assert [secret["name"] for secret in listed.json["secrets"]] == ["token"]
    assert "s3cret-value" not in stored.out + stored.err + listed.out + listed.err
    assert parley("secret", "list", "--json").json["secrets"] == []


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
