"""What is written down in two places agrees: tables and migrations, settings and their page."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from app.container import Prepared
from app.settings import Settings
from app.settings_page import page
from app.store import tables

ROOT = Path(__file__).parents[2]


@pytest.mark.postgres
def test_the_tables_in_python_are_those_of_the_migrations(database: Prepared) -> None:
    with psycopg.connect(**database.owner) as connection:
        rows = connection.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns"
            " WHERE table_schema = 'parley' AND table_name <> 'alembic_version' GROUP BY 1"
        ).fetchall()

    assert {table.name: {column.name for column in table.columns} for table in tables.metadata.tables.values()} == {
        name: set(columns) for name, columns in rows
    }


def test_the_page_of_settings_says_what_the_settings_say() -> None:
    """Write it anew with `python -m app.settings_page > docs/settings.md`."""
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == page()


READING = re.compile(r"""os\.(getenv\(|environ\.get\(|environ\[)\s*["'](PARLEY_|OPENAI_|OLLAMA_|SMTP_|PORT)[^\]]*\]?(?!\s*=)""")


def test_nothing_but_the_settings_reads_parleys_variables() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for folder in ("app", "graphs", "dsl", "prompts", "memory")
        for path in (ROOT / folder).rglob("*.py")
        if READING.search(path.read_text("utf-8"))
    ]

    assert readers == []


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "PARLEY_HOME": str(tmp_path), "PORT": "8123", "PARLEY_HTTP_ALLOW": "127.0.0.0/8, 10.0.0.0/8", "PARLEY_RUN_ALLOW": "script",
        "OPENAI_API_KEY": "sk-x", "PARLEY_DATABASE_URL": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert (settings.home_path, settings.port, settings.run_allow) == (tmp_path, 8123, ("script",))
    assert settings.http_allow == ("127.0.0.0/8", "10.0.0.0/8")
    assert settings.database_url is None
    assert "sk-x" not in repr(settings)
