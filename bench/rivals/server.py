"""The one embedded PostgreSQL that all engines use, each with a database of its own; what it wrote and kept."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # has no stubs
import psycopg
from psycopg import sql

from app.store import embedded

HERE = Path(__file__).parent
PGBENCH_S = 1  # seconds of one measurement
RECORD = 'INSERT INTO record VALUES (gen_random_uuid(), \'run-1\', 1, \'{"n": 1, "note": "what one step gave"}\');\n'


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the folder it is in."""

    home: Path
    server: embedded.EmbeddedServer

    def connection(self, database: str) -> str:
        """Return the address of *database* for libpq and for SQLAlchemy."""
        return f"postgresql://postgres@/{database}?host={self.server.sockets}"

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        with psycopg.connect(self.connection("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.connection(database)

    def wal(self) -> int:
        """Return the bytes written ahead so far."""
        with psycopg.connect(self.connection("postgres"), autocommit=True) as connection:
            row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
        return int(row[0]) if row else 0

    def kept(self, database: str) -> int:
        """Return the bytes of all tables and indexes of *database*, after what is dead was freed, as autovacuum does it."""
        with psycopg.connect(self.connection(database), autocommit=True) as connection:
            connection.execute("VACUUM")
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchone()
        return int(row[0] or 0) if row else 0

    def cpu_s(self) -> float:
        """Return the processor seconds of the server and all its processes, those that have ended included."""
        return cpu_s(self.server.pid or 0, ended=True)

    def commits(self, clients: int) -> float:
        """Return how many commits of a single row *clients* make a second (pgbench)."""
        with psycopg.connect(self.connection("postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS record (id uuid PRIMARY KEY, run text, number int, data jsonb)")
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(RECORD)
            script.flush()
            done = subprocess.run(
                [embedded.find_binaries() / "pgbench", "-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "2", "-T",
                 str(PGBENCH_S), "-h", self.server.sockets, "-U", "postgres", "postgres"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        return float(re.findall(r"tps = ([\d.]+)", done.stdout)[0])


def cpu_s(pid: int, *, ended: bool = False) -> float:
    """Return the processor seconds of a process and its living children; of its *ended* ones too."""
    own = psutil.Process(pid)
    total = 0.0
    for process in own.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    times = own.cpu_times()
    return float(total + times.user + times.system + (times.children_user + times.children_system if ended else 0.0))


@contextmanager
def running(slow_us: int = 0) -> Iterator[Server]:
    """Yield a server in a new folder; with *slow_us* every fsync of it takes so many microseconds longer."""
    home = Path(tempfile.mkdtemp(prefix="parley-rivals-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    server = embedded.start(home)
    try:
        if slow_us:
            server.stop()
            _start_slowly(server, _shim(home), slow_us)
        yield Server(home, server)
    finally:
        server.close()
        shutil.rmtree(server.data, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def can_slow() -> bool:
    """Tell whether there is a compiler for the slow disk."""
    return shutil.which("gcc") is not None


def _shim(home: Path) -> Path:
    library = home / "slowsync.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "slowsync.c", "-ldl"], check=True)
    library.chmod(0o755)
    return library


def _start_slowly(server: embedded.EmbeddedServer, shim: Path, slow_us: int) -> None:
    owner, program = server.data.stat(), Path(shlex.split((server.data / "postmaster.opts").read_text("utf-8"))[0])
    subprocess.run(
        [program.parent / "pg_ctl", "-D", server.data, "-l", server.data / "server.log", "-w", "start"],
        check=True, stdout=subprocess.DEVNULL, user=owner.st_uid, group=owner.st_gid, extra_groups=[], cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "LD_PRELOAD": str(shim), "SLOW_US": str(slow_us)},
    )  # fmt: skip
