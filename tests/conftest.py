"""What tests share: an environment without Parley's variables, one embedded server a session, a fresh database a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest

from app.actions import Actor
from app.container import APP_ROLE, Container, Prepared
from app.settings import Settings
from app.store import embedded
from app.store.embedded import EmbeddedServer
from app.store.upgrade import upgrade
from tests.cases import register

register()
TEMPLATE = "parley_template"
_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_environment() -> Iterator[None]:
    """What the developer has set must not reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PARLEY_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGFUSE_", "OTEL_")) or name in (
                "PORT",
                "OLLAMA_HOST",
                "SMTP_URL",
                "DATABASE_URL",
            ):
                patch.delenv(name)
        patch.setitem(Settings.model_config, "env_file", None)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """One embedded server a test session, in a folder of its own, with a migrated template database."""
    home = Path(tempfile.mkdtemp(prefix="parley-tests-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    server = embedded.start(home)
    try:
        with psycopg.connect(**server.conninfo("postgres"), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nobody pulls this server's plug
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        upgrade(server.conninfo(TEMPLATE))
        yield server
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


class Databases:
    """Fresh databases from the template: the next one is made, and the last one dropped, while tests run."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._next = self._worker.submit(self._make)

    def take(self) -> str:
        name, self._next = self._next.result(), self._worker.submit(self._make)
        return name

    def drop(self, name: str) -> None:
        self._worker.submit(self._execute, f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._worker.shutdown(cancel_futures=True)

    def _make(self) -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')
        return name

    def _execute(self, statement: str) -> None:
        with psycopg.connect(**self._server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def _databases(postgres: EmbeddedServer) -> Iterator[Databases]:
    databases = Databases(postgres)
    yield databases
    databases.close()


@pytest.fixture
def database(postgres: EmbeddedServer, _databases: Databases) -> Iterator[Prepared]:
    """A fresh, migrated database; dropped after the test, whoever is still connected."""
    name = _databases.take()
    owner = postgres.conninfo(name)
    yield Prepared(owner, {**owner, "user": APP_ROLE}, None, upgraded=False)
    _databases.drop(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with leases so short that a take-over is a matter of seconds."""
    return Settings(home=tmp_path / "home", lease_s=1.5, heartbeat_s=0.3, sweep_s=0.2, stop_grace_s=2.0, store_patience_s=30.0)


@pytest.fixture
async def container(settings: Settings, database: Prepared) -> AsyncIterator[Container]:
    """Everything of one process, on a fresh database."""
    async with Container.open(settings, role="worker", prepared=database) as opened:
        yield opened


@pytest.fixture
def actor() -> Actor:
    """An administrator of the default tenant."""
    return Actor("default", "u-ada", "ada", "admin", "cli")
