"""What `parley doctor` looks at. Every check answers with a value and never fails itself; none starts or changes anything."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from app.settings import Settings

MODEL_FIX = "PARLEY_MODEL=openai:NAME, ollama:NAME or offline (README, Models)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the table. `missing` is needed and not there; `optional` works without."""

    name: str
    status: Literal["ok", "missing", "optional"]
    detail: str
    fix: str = ""  # the command or variable that changes it

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check(name="Python", status="ok", detail=f"{version} at {sys.executable}")
    return Check(name="Python", status="missing", detail=f"{version}, needed is 3.11, 3.12 or 3.13", fix="PYTHON=python3.12 make setup")


def home(settings: Settings) -> Check:
    path = settings.home_path
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check(
            name="Home", status="missing", detail=f"{path}: {nearest} cannot be written", fix="PARLEY_HOME=/a/folder/of/yours parley up"
        )
    state = "" if path.exists() else " (made at the first start)"
    free_gb = shutil.disk_usage(nearest).free / 1e9
    if free_gb < 0.5:
        return Check(
            name="Home", status="missing", detail=f"{path}: {free_gb:.1f} GB free", fix="free some space, or choose another PARLEY_HOME"
        )
    return Check(name="Home", status="ok", detail=f"{path}{state}, {free_gb:.0f} GB free")


def database(settings: Settings) -> list[Check]:
    """The database, pgvector and the schema; the embedded server is looked at, not started."""
    if settings.database_url is not None:
        return _server(
            {"conninfo": settings.database_url.get_secret_value()},
            settings,
            fix="check PARLEY_DATABASE_URL, or unset it for the embedded server",
        )
    from app.store.embedded import find_binaries
    from app.store.errors import NoEmbeddedServer

    try:
        binaries = find_binaries()
    except NoEmbeddedServer:
        fix = "PARLEY_DATABASE_URL=postgresql://… (any PostgreSQL ≥ 15 with pgvector)"
        return [Check(name="Database", status="missing", detail="no embedded PostgreSQL for this machine", fix=fix)]
    running = _embedded_conninfo(settings.home_path)
    if running is not None:
        return _server(running, settings, fix="stop Parley and start it again: parley up")
    vector = list(binaries.parent.rglob("vector.control"))
    version = binaries.parent.name.removeprefix("pginstall")
    return [
        Check(name="Database", status="ok", detail=f"embedded PostgreSQL {version}, not running now; parley up starts it"),
        Check(name="pgvector", status="ok", detail="comes with the embedded server")
        if vector
        else Check(name="pgvector", status="missing", detail="not in the embedded server", fix="make clean setup"),
        Check(name="Schema", status="ok", detail="looked at when the database runs; parley up brings it up to date"),
    ]


def keys(settings: Settings) -> Check:
    name = "Secrets key"
    if settings.encryption_key is not None:
        return Check(name=name, status="ok", detail="from PARLEY_ENCRYPTION_KEY")
    path = settings.home_path / "secrets.json"
    if not path.exists():
        return Check(name=name, status="ok", detail=f"generated into {path} at the first start")
    if path.stat().st_mode & 0o077:
        return Check(name=name, status="missing", detail=f"{path} can be read by others", fix=f"chmod 600 {path}")
    return Check(name=name, status="ok", detail=str(path))


def port(settings: Settings, *, running: str | None) -> Check:
    """*running* is the address of a Parley on this home, or None."""
    if running is not None:
        return Check(name="Port", status="ok", detail=f"Parley is running: {running}")
    if port_is_free(settings.host, settings.port):
        return Check(name="Port", status="ok", detail=f"{settings.host}:{settings.port} is free")
    fix = f"PORT={settings.port + 1} make up"
    return Check(name="Port", status="missing", detail=f"{settings.host}:{settings.port} is taken by another program", fix=fix)


def of_this_shell(check: Check, *, running: str | None) -> Check:
    """Return *check* with the note that it is about this shell's settings, when a Parley runs that may have been started with others."""
    if running is None:
        return check
    return replace(check, detail=f"{check.detail} (by this shell's settings; the running Parley has those it was started with)")


def port_is_free(host: str, number: int) -> bool:
    """Return whether a server may listen on host and port; 0 always may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
            probe.listen(1)
        except OSError:
            return False
    return True


def model(described: Mapping[str, Any]) -> Check:
    """*described* is what the model router says of itself."""
    state = f"{described['name']}: {described['why']}"
    if described.get("kind") == "offline":
        state += "; the functions agent and extract need a model and fail without, summarize and classify do without"
    for agent, listed in described.get("agents", {}).items():
        state += f"; {agent}: {', '.join(one['name'] + (' (' + one['why'] + ')' if one['reachable'] is False else '') for one in listed)}"
    if described["reachable"] is False:
        return Check(name="Model", status="missing", detail=state, fix=f"{MODEL_FIX}, or bring that one up")
    return Check(name="Model", status="ok", detail=state, fix=MODEL_FIX)


def browser() -> Check:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return Check(name="Browser (tests)", status="ok", detail=found)
    return Check(name="Browser (tests)", status="optional", detail="no Chromium here; only the browser tests need it", fix="make browser")


def http(settings: Settings) -> Check:
    name = "Outgoing HTTP"
    if settings.http_allow:
        return Check(name=name, status="ok", detail=f"public addresses, and {', '.join(settings.http_allow)}")
    return Check(
        name=name,
        status="ok",
        detail="public addresses only; private and loopback ones are blocked",
        fix="PARLEY_HTTP_ALLOW=127.0.0.0/8,10.0.0.0/8",
    )


def smtp(settings: Settings) -> Check:
    if settings.smtp_url is not None:
        return Check(name="E-mail", status="ok", detail=f"sent as {settings.smtp_from}")
    return Check(
        name="E-mail",
        status="optional",
        detail="not set up; notify by e-mail will fail",
        fix="PARLEY_SMTP_URL=smtp://user:password@host:587",
    )


def _embedded_conninfo(home_path: Path) -> dict[str, Any] | None:
    """Return how to reach the embedded server of *home_path*, None when it is down."""
    pid_file = home_path / "db" / "postmaster.pid"
    try:
        lines = pid_file.read_text("utf-8").splitlines()
        os.kill(int(lines[0]), 0)
    except (OSError, ValueError, IndexError):
        return None
    return {"host": lines[4], "port": lines[3], "user": "postgres", "dbname": "parley"}


def _server(conninfo: dict[str, Any], settings: Settings, *, fix: str) -> list[Check]:
    import psycopg

    from app.cli import keeping, remembered
    from app.store.upgrade import HEAD, current

    arguments = dict(conninfo)
    try:
        connection = psycopg.connect(arguments.pop("conninfo", ""), **arguments, connect_timeout=3, autocommit=True)
    except psycopg.Error as error:
        return [Check(name="Database", status="missing", detail=f"does not answer: {str(error).strip().splitlines()[-1]}", fix=fix)]
    with connection:
        version = connection.info.server_version // 10000
        extension = connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'").fetchone()
        revision = current(connection)
        kept = [keeping.examine(connection, settings.retention_days), *remembered.vectors(connection, settings)] if revision == HEAD else []
    old = Check(name="Database", status="missing", detail=f"PostgreSQL {version} answers; 15 or newer is needed", fix=fix)
    return [
        old if version < 15 else Check(name="Database", status="ok", detail=f"PostgreSQL {version} answers"),
        Check(name="pgvector", status="ok", detail=f"version {extension[0]}")
        if extension
        else Check(
            name="pgvector",
            status="missing",
            detail="the server does not have it",
            fix="install the package postgresql-NN-pgvector on the server",
        ),
        Check(name="Schema", status="ok", detail=f"revision {revision}")
        if revision == HEAD
        else Check(
            name="Schema", status="missing", detail=f"at {revision or 'nothing yet'}, this Parley needs {HEAD}", fix="parley db upgrade"
        ),
        *kept,
    ]
