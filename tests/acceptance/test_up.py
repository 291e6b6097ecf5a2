"""`parley up`: one command, one address, one Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import Parley
from tests.acceptance.serving import Up, get, up

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
COMMAND = [sys.executable, "-P", "-m", "app", "up"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Parley:
    """One folder for the module: the second start finds what the first one made."""
    return Parley(tmp_path_factory.mktemp("up"))


@pytest.fixture
def running(place: Parley) -> Iterator[Up]:
    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as started:
        started.wait_for("http://localhost:", timeout_s=60)
        yield started


def address(running: Up) -> str:
    return running.wait_for("http://localhost:", timeout_s=1)


def test_the_address_is_the_last_line_and_answers_when_it_is_printed(running: Up) -> None:
    assert running.lines[-1] == address(running)
    assert get(f"{address(running)}/api/health")[0] == 200
    assert "<html" in get(f"{address(running)}/")[1].lower()


def test_the_first_start_prints_a_one_time_password_and_the_next_ones_do_not(place: Parley, tmp_path: Path) -> None:
    fresh = Parley(tmp_path)
    printed = []
    for _ in range(2):
        with up(COMMAND, folder=fresh.folder, environment=fresh.environment({"PORT": "0"})) as started:
            started.wait_for("http://localhost:", timeout_s=60)
            printed.append("\n".join(started.lines))

    assert re.search(r"admin.*password", printed[0], re.IGNORECASE)
    assert not re.search(r"password", printed[1], re.IGNORECASE)


def test_ctrl_c_stops_everything_within_ten_seconds(running: Up, place: Parley) -> None:
    family = psutil.Process(running.process.pid).children(recursive=True)
    assert family

    began = time.monotonic()
    code = running.interrupt()

    assert code == 0, running.lines
    assert time.monotonic() - began < 10
    assert running.lines[-1] == "Stopped."
    assert [process for process in psutil.wait_procs(family, timeout=3)[1] if process.is_running()] == []
    assert not (place.home / "db" / "postmaster.pid").exists()


def test_a_second_one_on_the_same_folder_says_where_the_first_answers(running: Up, place: Parley) -> None:
    done = place("up", "--json", PORT="0")

    assert (done.code, done.error["code"]) == (1, "already-running")
    assert address(running) in done.error["why"]


def test_a_taken_port_is_named_with_the_way_out(running: Up, tmp_path: Path) -> None:
    port = address(running).rsplit(":", 1)[-1]
    other = Parley(tmp_path)

    done = other("up", "--json", PORT=port)

    assert (done.code, done.error["code"]) == (1, "port-taken")
    assert f"PORT={int(port) + 1} make up" in done.error["next"]


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_part_that_is_killed_comes_back_alone(running: Up, name: str) -> None:
    def parts() -> dict[str, int]:
        return {child.cmdline()[4]: child.pid for child in psutil.Process(running.process.pid).children() if len(child.cmdline()) > 4}

    before = parts()
    os.kill(before[name], signal.SIGKILL)
    label = {"serve": "web", "worker": "worker"}[name]
    running.wait_for(f"{label} stopped unexpectedly (SIGKILL)", timeout_s=10)

    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and parts().get(name) in (None, before[name]):
        time.sleep(0.05)

    other = {"serve": "worker", "worker": "serve"}[name]
    assert parts()[name] != before[name]
    assert parts()[other] == before[other]


def test_after_a_kill_nine_the_next_start_works_and_nobody_is_left_behind(place: Parley) -> None:
    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as killed:
        killed.wait_for("http://localhost:", timeout_s=60)
        family = psutil.Process(killed.process.pid).children(recursive=True)
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
        assert psutil.wait_procs(family, timeout=15)[1] == []

    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as again:
        url = again.wait_for("http://localhost:", timeout_s=60)

        assert get(f"{url}/api/health")[0] == 200
