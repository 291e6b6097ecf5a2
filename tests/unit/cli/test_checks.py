"""What doctor finds, without anything started."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import checks
from app.cli.doctor import examine
from app.cli.uplock import UpLock
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


class TestPort:
    def test_a_taken_one_is_missing_with_the_way_out(self, settings: Settings, taken: int) -> None:
        check = checks.port(settings.model_copy(update={"port": taken}), running=None)

        assert (check.status, check.fix) == ("missing", f"PORT={taken + 1} make up")

    def test_a_running_parley_is_no_problem(self, settings: Settings, taken: int) -> None:
        check = checks.port(settings.model_copy(update={"port": taken}), running="http://localhost:8000")

        assert (check.status, check.detail) == ("ok", "Parley is running: http://localhost:8000")


class TestOfThisShell:
    def test_beside_a_running_parley_a_setting_is_said_to_be_this_shells(self, settings: Settings) -> None:
        check = checks.of_this_shell(checks.http(settings), running="http://localhost:8000")

        assert check.detail.startswith("public addresses only")
        assert check.detail.endswith("(by this shell's settings; the running Parley has those it was started with)")

    def test_without_one_nothing_is_added(self, settings: Settings) -> None:
        assert checks.of_this_shell(checks.http(settings), running=None) == checks.http(settings)

    def test_doctor_says_it_of_what_the_environment_decides(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.home.mkdir()
        monkeypatch.setenv("PARLEY_HOME", str(settings.home))
        monkeypatch.setenv("PARLEY_MODEL", "offline")
        lock = UpLock(settings.home)
        assert lock.take()

        said = [check.name for check in examine() if "this shell's settings" in check.detail]
        lock.release()

        assert said == ["Model", "Memory", "Outgoing HTTP", "E-mail", "Connections", "Scripts", "Shell commands", "Containers"]


class TestHome:
    def test_one_that_does_not_exist_yet_is_fine_and_not_made(self, settings: Settings) -> None:
        assert checks.home(settings).status == "ok"
        assert not settings.home.exists()

    def test_a_file_in_its_place_is_missing(self, settings: Settings) -> None:
        settings.home.write_text("")

        assert checks.home(settings).status == "missing"


class TestDatabase:
    def test_the_embedded_one_is_found_without_starting_it(self, settings: Settings) -> None:
        found = checks.database(settings)

        assert [(check.name, check.status) for check in found] == [("Database", "ok"), ("pgvector", "ok"), ("Schema", "ok")]
        assert not settings.home.exists()

    def test_one_that_does_not_answer_is_missing(self, settings: Settings, taken: int) -> None:
        closed = f"postgresql://nobody@127.0.0.1:{taken + 1 if taken < 65535 else 1}/none"

        (check,) = checks.database(Settings(home=settings.home, database_url=closed))

        assert check.status == "missing"
        assert check.detail.startswith("does not answer: ")

    def test_what_a_killed_server_left_is_not_taken_for_a_running_one(self, settings: Settings) -> None:
        (settings.home / "db").mkdir(parents=True)
        (settings.home / "db" / "postmaster.pid").write_text("999999999\n/x\n1\n5432\n/nowhere\n")

        assert "not running now" in checks.database(settings)[0].detail


class TestKeys:
    def test_a_key_others_can_read_is_missing(self, settings: Settings) -> None:
        settings.home.mkdir()
        (settings.home / "secrets.json").write_text("{}")
        (settings.home / "secrets.json").chmod(0o644)

        check = checks.keys(settings)

        assert (check.status, check.fix) == ("missing", f"chmod 600 {settings.home_path / 'secrets.json'}")


class TestModel:
    def test_one_that_is_out_of_reach_is_missing(self) -> None:
        described = {"name": "openai:x", "reachable": False, "why": "nothing answers", "how_to_change": "Set PARLEY_MODEL"}

        check = checks.model(described)

        assert (check.status, check.detail, check.fix) == (
            "missing",
            "openai:x: nothing answers",
            f"{checks.MODEL_FIX}, or bring that one up",
        )


class TestOptional:
    def test_a_browser_and_mail_are_not_needed(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")

        assert (checks.browser().status, checks.smtp(settings).status) == ("optional", "optional")
