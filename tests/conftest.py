"""What tests share: an environment without Parley's variables, one embedded server a session, a fresh database a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
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

TEMPLATE = "parley_template"
_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_environment() -> Iterator[None]:
    """What the developer has set must not reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PARLEY_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")) or name in (
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
        upgrade(server.conninfo(TEMPLATE))
        yield server
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(postgres: EmbeddedServer) -> Iterator[Prepared]:
    """A fresh, migrated database; dropped after the test, whoever is still connected."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(**postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')
    owner = postgres.conninfo(name)
    yield Prepared(owner, {**owner, "user": APP_ROLE}, None, upgraded=False)
    with psycopg.connect(**postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


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
