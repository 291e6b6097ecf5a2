"""Holding, starting many, and running again, from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.store import embedded
from tests.acceptance import definitions
from tests.acceptance.conftest import Parley

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    place = Parley(tmp_path_factory.mktemp("control"))
    assert place("db", "upgrade").code == 0
    server = embedded.start(place.home)
    yield place
    server.close()


def shown(parley: Parley, run: str, holds: Callable[[Any], bool]) -> Any:
    """Return the run as soon as *holds* says yes."""
    give_up = time.monotonic() + 30
    while True:
        view = parley("show", run, "--json").json
        if holds(view):
            return view
        assert time.monotonic() < give_up, view


def test_a_run_is_held_answered_let_go_and_run_again_by_a_worker(parley: Parley) -> None:
    parley.write("agree.yaml", definitions.ask_a_person().replace("name: orders", "name: agree", 1))
    run = parley("run", "agree.yaml", "--json").json["run_id"]

    held = parley("suspend", run, "--json")
    words = parley("show", run)
    answered = parley("answer", run, "agree", "--approve", "--json")
    again = parley("rerun", run, "--from", "agree", "--json")
    resumed = parley("resume", run, "--json")
    late = parley("resume", again.json["id"], "--json")

    assert (held.code, held.json["status"]) == (0, "suspended"), held.out + held.err
    assert f"parley resume {run} lets it go on" in words.out
    assert (answered.code, answered.json["status"]) == (0, "suspended")
    assert (again.code, again.json["rerun_of"]) == (0, {"run": run, "task": "/do/0/agree"}), again.out + again.err
    assert (resumed.code, resumed.json["status"]) == (0, "ready")
    assert (late.code, late.error["code"]) == (1, "not-suspended")


def test_many_runs_start_from_a_file_once_each(parley: Parley, tmp_path: Path) -> None:
    parley.write("hello.yaml", definitions.HELLO.replace("name: orders", "name: hello", 1))
    parley("run", "hello.yaml", "--input", '{"name": "Ada"}')
    parley.write("people.csv", "name,id\nAda,1\nBob,2\n")
    parley.write("more.jsonl", json.dumps({"name": "Ada", "id": "1"}) + "\n\n" + json.dumps({"name": "Cleo", "id": "3"}) + "\n")
    parley.write("wrong.jsonl", '{"name": "Ada"}\n{"name"\n')

    first = parley("start", "hello", "--bulk", "people.csv", "--key", "id", "--json")
    second = parley("start", "hello", "--bulk", "more.jsonl", "--key", "id", "--json")
    wrong = parley("start", "hello", "--bulk", "wrong.jsonl", "--json")
    nobody = parley("start", "nothing", "--json")
    dead = parley("runs", "--dead")

    assert (first.code, first.json["started"], first.json["known"]) == (0, 2, 0), first.out + first.err
    assert (second.json["started"], second.json["known"]) == (1, 1)
    assert second.json["runs"][0]["run"] == first.json["runs"][0]["run"]
    assert (wrong.code, wrong.error["where"]) == (2, "wrong.jsonl:2")
    assert (nobody.code, nobody.error["code"]) == (1, "no-such-workflow")
    assert dead.out.strip() == "No run is stuck."
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "app", "worker"], cwd=parley.folder, env=parley.environment(), stderr=subprocess.DEVNULL
    )
    try:
        done = [shown(parley, one["run"], lambda view: view["status"] == "completed") for one in first.json["runs"]]
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    assert [view["output"] for view in done] == [{"greeting": "Hello Ada"}, {"greeting": "Hello Bob"}]
