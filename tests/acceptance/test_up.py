"""`parley up`: one command, one address, one Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="module")
def running(place: Parley) -> Iterator[Up]:
    """The first start in this folder; one for all tests but the last, which start their own."""
    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as started:
        started.wait_for("http://localhost:", timeout_s=90)
        yield started


def address(running: Up) -> str:
    return running.wait_for("http://localhost:", timeout_s=1)


def until(condition: Callable[[], bool], *, timeout_s: float = 45) -> bool:
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.1)
    return False


class TestRunning:
    def test_the_address_is_the_last_line_and_answers_when_it_is_printed(self, running: Up) -> None:
        assert running.lines[-1] == address(running)
        assert get(f"{address(running)}/api/health")[0] == 200
        assert "<html" in get(f"{address(running)}/")[1].lower()

    def test_the_first_start_prints_the_administrators_password(self, running: Up) -> None:
        assert re.search(r"name admin +password \S{12,}", "\n".join(running.lines))

    def test_a_second_one_on_the_same_folder_says_where_the_first_answers(self, running: Up, place: Parley) -> None:
        done = place("up", "--json", PORT="0")

        assert (done.code, done.error["code"]) == (1, "already-running")
        assert address(running) in done.error["why"]

    def test_a_taken_port_is_named_with_the_way_out(self, running: Up, tmp_path: Path) -> None:
        port = address(running).rsplit(":", 1)[-1]

        done = Parley(tmp_path)("up", "--json", PORT=port)

        assert (done.code, done.error["code"]) == (1, "port-taken")
        assert f"PORT={int(port) + 1} make up" in done.error["next"]

    def test_doctor_sees_it_and_its_database(self, running: Up, place: Parley) -> None:
        done = place("doctor", "--json")

        found = {check["name"]: check["detail"] for check in done.json["checks"]}
        assert found["Port"] == f"Parley is running: {address(running)}"
        assert found["Database"] == "PostgreSQL 18 answers"
        assert done.json["ok"]

    @pytest.mark.parametrize(("command", "label", "other"), [("serve", "web", "worker"), ("worker", "worker", "serve")])
    def test_a_part_that_is_killed_comes_back_alone(self, running: Up, command: str, label: str, other: str) -> None:
        before = parts(running)

        os.kill(before[command], signal.SIGKILL)

        running.wait_for(f"{label} stopped unexpectedly (SIGKILL)", timeout_s=10)
        assert until(lambda: parts(running).get(command, before[command]) != before[command])
        assert parts(running)[other] == before[other]

    def test_a_database_that_is_killed_comes_back_and_everybody_goes_on(self, running: Up, place: Parley) -> None:
        pid_file = place.home / "db" / "postmaster.pid"
        before = server(pid_file)
        assert before is not None

        os.kill(before, signal.SIGKILL)

        assert until(lambda: server(pid_file) not in (None, before)), running.lines
        assert place("runs", "--json").code == 0
        assert until(lambda: healthy(address(running)))

    def test_ctrl_c_stops_everything_within_ten_seconds(self, running: Up, place: Parley) -> None:
        """The last one of this class: it ends what the others used."""
        family = psutil.Process(running.process.pid).children(recursive=True)
        assert family

        began = time.monotonic()
        code = running.interrupt()

        assert code == 0, running.lines
        assert time.monotonic() - began < 10
        assert running.lines[-1] == "Stopped."
        assert psutil.wait_procs(family, timeout=3)[1] == []
        assert not (place.home / "db" / "postmaster.pid").exists()


def parts(running: Up) -> dict[str, int]:
    """Return the processes under supervision: command → process id."""
    children = [(child.pid, child.cmdline()) for child in psutil.Process(running.process.pid).children()]
    return {line[4]: pid for pid, line in children if len(line) > 4}


def server(pid_file: Path) -> int | None:
    """Return the process id of the database that is up, None while there is none."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return None
    return int(lines[0]) if len(lines) > 7 and lines[7].strip() == "ready" else None


def healthy(url: str) -> bool:
    try:
        return get(f"{url}/api/health")[0] == 200
    except OSError:
        return False


def test_after_a_kill_nine_nobody_is_left_behind_and_the_next_start_works(place: Parley) -> None:
    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as killed:
        killed.wait_for("http://localhost:", timeout_s=90)
        family = psutil.Process(killed.process.pid).children(recursive=True)
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
        assert psutil.wait_procs(family, timeout=15)[1] == []

    with up(COMMAND, folder=place.folder, environment=place.environment({"PORT": "0"})) as again:
        url = again.wait_for("http://localhost:", timeout_s=90)

        assert healthy(url)
        assert not re.search("password", "\n".join(again.lines))
