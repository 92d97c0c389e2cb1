"""A new clinic's tables, made at once, are the tables that the migrations make."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg.sql
import pytest

from stillhaven.clinic.web import schema
from stillhaven.service import folder as folders
from stillhaven.service import postgres
from tools.schema import dump


def made(server: postgres.Server, name: str, at_once: str) -> str:
    """The tables of a database that `manage migrate` has just made."""
    env = {
        **os.environ, "STILLHAVEN_PG": str(server.folder.socket_folder), "STILLHAVEN_PG_NAME": name,
        "STILLHAVEN_DATA": str(server.folder.path), "STILLHAVEN_SETTINGS_MODE": "test", "STILLHAVEN_SCHEMA": at_once,
    }  # fmt: skip
    with server.connect(admin=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {} OWNER stillhaven").format(psycopg.sql.Identifier(name)))
    done = subprocess.run(
        [sys.executable, "-m", "stillhaven", "manage", "migrate", "--noinput", "--skip-checks"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert ("all tables were made at once" in done.stdout) == (at_once == "1")
    return dump(server, name)


def written_again(server: postgres.Server, name: str, text: str) -> str:
    """PostgreSQL writes some checks in other words once it has read its own: so both are read once."""
    with server.connect(admin=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {} OWNER stillhaven").format(psycopg.sql.Identifier(name)))
    with server.connect(admin=True, dbname=name) as connection:
        connection.execute(text.encode())
    return dump(server, name)


def filled(server: postgres.Server, name: str) -> dict[str, int]:
    """How many rows each table holds, where it holds any."""
    with server.connect(admin=True, dbname=name) as connection:
        tables = [t for (t,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        counts = {
            t: connection.execute(
                psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(t))
            ).fetchone()
            for t in tables
        }
    return {t: row[0] for t, row in counts.items() if row and row[0]}


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with tempfile.TemporaryDirectory(prefix="shs-", dir=folders.short_temp()) as scratch:
        own = postgres.server_for(folders.open_folder(Path(scratch) / "clinic", create=True))
        process = postgres.start_alone(own, throwaway=True)
        yield own
        postgres.stop_alone(process)


def test_the_file_stands_for_the_migrations_that_are_here() -> None:
    assert schema.is_current(schema.FILE.read_text(encoding="utf-8")), "run `make schema`"


def test_both_ways_lead_to_the_same_tables_and_rows(server: postgres.Server) -> None:
    by_steps = written_again(server, "again", made(server, "step_by_step", "0"))
    assert made(server, "at_once", "1") == by_steps
    assert filled(server, "at_once") == filled(server, "step_by_step")


def test_a_file_for_other_migrations_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "schema.sql"
    other.write_text("-- migrations: 0\nCREATE TABLE nonsense ();\n")
    monkeypatch.setattr(schema, "FILE", other)
    monkeypatch.setattr(schema.connection.introspection, "table_names", lambda *a, **k: [])
    assert schema.make_tables() is False
