"""`parley memory` on a real database, as a person types it."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from app.cli import remembered
from app.cli.commands import app
from app.cli.failures import CommandFailed
from app.container import Container, Prepared
from app.settings import Settings
from memory import Note, Provenance

pytestmark = pytest.mark.postgres
Parley = Callable[..., Any]


@pytest.fixture
def parley(database: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    """Run `parley memory …` with some memories of the person at the keyboard and of others; raises what the command raises."""
    owner = database.owner
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(
        "PARLEY_DATABASE_URL", f"postgresql://{owner['user']}@/{owner['dbname']}?host={owner['host']}&port={owner.get('port', 5432)}"
    )
    asyncio.run(_told())

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["memory", *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


async def _told() -> None:
    async with Container.open(Settings()) as container:
        actor = await container.command_line_actor()
        where = Provenance(source="said", by=actor.name)
        notes = [
            Note(text="the EU shop is meant", kind="fact", subject="shop", provenance=where),
            Note(text="always ask before e-mailing customers", kind="preference", provenance=where),
            Note(text="reports go to the team", kind="fact", provenance=where, mine=False),
        ]
        await container.actions.remember(actor, notes)


def test_what_is_listed_can_be_looked_for_exported_and_forgotten(parley: Parley) -> None:
    listed = json.loads(parley("list", "--json"))["memories"]
    best = json.loads(parley("list", "which shop", "--json"))["memories"][0]
    exported = [json.loads(line) for line in parley("export").splitlines()]

    assert {one["text"] for one in listed} == {
        "the EU shop is meant",
        "always ask before e-mailing customers",
        "reports go to the team",
    }
    assert (best["text"], best["subject"], best["owner"]) == ("the EU shop is meant", "shop", getpass.getuser())
    assert {one["id"] for one in exported} == {one["id"] for one in listed}

    assert json.loads(parley("forget", best["id"], "--json")) == {"forgotten": 1, "ids": [best["id"]]}
    assert json.loads(parley("forget", "--matching", "REPORTS team", "--json"))["forgotten"] == 1
    assert json.loads(parley("forget", "--all", "--json")) == {"forgotten": 1}
    assert parley("list").strip() == "Nothing is remembered yet."
    assert parley("export") == ""


def test_a_list_says_whose_it_is_and_where_it_comes_from(parley: Parley) -> None:
    text = parley("list", "shop")

    assert f"fact, about shop, {getpass.getuser()}'s; said ({getpass.getuser()})" in text


def test_it_must_be_clear_what_to_forget(parley: Parley) -> None:
    for arguments in ((), ("--all", "--matching", "x"), ("some-id", "--everybodys")):
        with pytest.raises(CommandFailed, match="not clear what to forget"):
            parley("forget", *arguments)


def test_doctor_says_what_waits_for_another_model_and_that_it_is_away(
    parley: Parley, database: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(**database.owner) as connection:
        before = remembered.vectors(connection, Settings())
        monkeypatch.setenv("PARLEY_EMBEDDING_MODEL", "ollama:small")
        monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
        (waiting,) = remembered.vectors(connection, Settings())
    away = remembered.embedder(Settings())

    assert before == []
    assert waiting.detail == "3 of 3 memories wait for their vector of ollama:small; until then their words find them"
    assert (away.status, away.detail) == (
        "optional",
        "found by words alone: ollama:small cannot be reached at http://127.0.0.1:1/api/embed",
    )
