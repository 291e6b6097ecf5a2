"""The embedded server: shared by the processes of one folder, left in order, and started again after a kill."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.container import server_conninfo
from app.settings import Settings, UnusableKey, load_keys, open_home
from app.store import embedded, upgrade
from app.store.errors import DatabaseAway, DatabaseUnusable, NoEmbeddedServer

pytestmark = pytest.mark.postgres
LONG = "a folder with spaces, 'quotes' and a name so long that no socket fits below it " + "x" * 60


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="parley-embedded-"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def answers(server: embedded.EmbeddedServer) -> bool:
    with psycopg.connect(**server.conninfo("postgres")) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_the_last_one_to_leave_stops_the_server_and_nobody_before(home: Path) -> None:
    first, second = embedded.start(home), embedded.start(home)

    assert first.pid == second.pid
    assert first.close() is False
    assert answers(second)
    assert second.close() is True
    assert second.pid is None
    assert second.close() is False


def test_a_killed_user_does_not_keep_the_server_from_being_stopped(home: Path) -> None:
    server = embedded.start(home)
    use = f"embedded.start(Path({str(home)!r}))"
    program = f"import os; from pathlib import Path; from app.store import embedded; {use}; os.kill(os.getpid(), 9)"

    killed = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)

    assert killed.returncode == -9
    assert answers(server)
    assert server.close() is True


def test_long_paths_with_spaces_and_quotes_work_a_second_time_too(home: Path) -> None:
    for _ in range(2):
        server = embedded.start(home / LONG)
        try:
            assert answers(server)
            assert len(str(server.sockets)) < 80
            assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        finally:
            server.close()
    server.sockets.rmdir()


@pytest.mark.parametrize("now", ["nobody", "another program"])
def test_a_process_number_left_by_a_killed_server_is_forgotten(home: Path, now: str) -> None:
    server = embedded.start(home)
    left = (server.data / "postmaster.pid").read_text()
    server.close()
    pid = str(os.getpid()) if now == "another program" else "999999"
    (server.data / "postmaster.pid").write_text("\n".join([pid, *left.split("\n")[1:]]))

    again = embedded.start(home)
    try:
        assert answers(again)
    finally:
        again.close()


def test_folders_above_keep_their_permissions(home: Path) -> None:
    """Where the server's user may not enter, its data lies elsewhere; nobody's folder is opened up."""
    private = home / "private"
    private.mkdir(mode=0o700)
    modes = {folder: folder.stat().st_mode for folder in (home, *home.parents)}

    server = embedded.start(private / "parley")
    try:
        assert answers(server)
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert {folder: folder.stat().st_mode for folder in modes} == modes
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    finally:
        server.close()
        shutil.rmtree(server.data, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only a server started as root runs as somebody else")
def test_a_home_that_was_removed_starts_empty_again(home: Path) -> None:
    """Also where the data lies elsewhere: the old data is not found by the folder's name."""
    private = home / "private"
    data = []
    for _ in range(2):
        private.mkdir(mode=0o700)
        server = embedded.start(private / "parley")
        data.append(server.data)
        with psycopg.connect(**server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE mine")  # fails when it is there already
        server.close()
        shutil.rmtree(private)

    assert data[0] != data[1]
    assert not data[0].exists()  # it was in the folder for temporary files: the second start removed it
    shutil.rmtree(data[1])


def test_without_the_wheel_the_message_names_the_way_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(NoEmbeddedServer, match="PARLEY_DATABASE_URL"):
        embedded.start(home)


def test_upgrading_twice_does_nothing_the_second_time_and_knows_the_newest_file(home: Path) -> None:
    server = embedded.start(home)
    try:
        assert [upgrade.upgrade(server.conninfo("fresh")), upgrade.upgrade(server.conninfo("fresh"))] == [True, False]
        with psycopg.connect(**server.conninfo("fresh"), autocommit=True) as connection:
            assert upgrade.current(connection) == upgrade.HEAD
            connection.execute("UPDATE parley.alembic_version SET version_num = '9999'")
        with pytest.raises(DatabaseUnusable, match="newer Parley"):
            upgrade.upgrade(server.conninfo("fresh"))
    finally:
        server.close()
    files = sorted(path.stem.split("_")[0] for path in (Path(upgrade.__file__).parent / "migrations" / "versions").glob("0*.py"))
    assert files[-1] == upgrade.HEAD


def test_nobody_at_the_address_is_said_so() -> None:
    with pytest.raises(DatabaseAway, match="does not answer"):
        upgrade.upgrade(server_conninfo("postgresql://parley@127.0.0.1:9/parley"))
    with pytest.raises(DatabaseUnusable, match="looks like"):
        server_conninfo("not a url at all")


class TestHome:
    def test_generated_keys_are_the_owners_alone_and_stay_the_same(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path / "home")

        first, second = load_keys(settings), load_keys(settings)

        assert first == second
        assert len(first.encryption_key) == 32
        assert stat.S_IMODE((open_home(settings) / "secrets.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(open_home(settings).stat().st_mode) & 0o066 == 0

    def test_keys_of_the_environment_count_and_bad_ones_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnusableKey, match="16 bytes"):
            load_keys(Settings(home=tmp_path, encryption_key="AAAAAAAAAAAAAAAAAAAAAA=="))
        (tmp_path / "secrets.json").write_text("{")
        with pytest.raises(UnusableKey, match="not a JSON object"):
            load_keys(Settings(home=tmp_path))
