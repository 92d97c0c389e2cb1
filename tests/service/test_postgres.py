"""The embedded database: as an ordinary user whoever starts it, closed to all others, and never careless."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stillhaven.science.errors import Refused
from stillhaven.service import folder as folders
from stillhaven.service import postgres

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has two ways")


@contextlib.contextmanager
def running(server: postgres.Server) -> Iterator[subprocess.Popen[bytes]]:
    process = postgres.start_alone(server, die_with=os.getpid())
    try:
        yield process
    finally:
        postgres.stop_alone(process)


@pytest.fixture
def server(short: Path) -> postgres.Server:
    return postgres.server_for(folders.open_folder(short / "clinic", create=True))


def setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_it_is_closed_durable_and_plain(server: postgres.Server) -> None:
    with running(server) as process:
        with server.connect() as db:
            found = {
                name: setting(db, name)
                for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
            }
            assert set(found.values()) == {"on"}
            assert setting(db, "listen_addresses") == ""
            assert setting(db, "server_encoding") == "UTF8"
            rights = "rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
            row = db.execute(f"SELECT {rights} FROM pg_roles WHERE rolname = current_user").fetchone()
            assert row == (False, False, False, False)
            sql = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
            assert db.execute(sql).fetchone() == ("b", "C.UTF-8")
        assert Path(f"/proc/{process.pid}").stat().st_uid == os.geteuid()
        assert server.pid() == process.pid
        for password in ("", "wrong"):
            known = server.parameters() | {"password": password}
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(**known)  # type: ignore[arg-type]
    assert server.pid() is None


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_carelessness_cannot_be_switched_on_by_a_file(server: postgres.Server, name: str) -> None:
    server.prepare()
    (server.folder.cluster / "local.conf").write_text(f"{name} = off\nlisten_addresses = '*'\n")
    (server.folder.cluster / "postgresql.auto.conf").write_text(f"{name} = off\n")
    with running(server), server.connect() as db:
        assert setting(db, name) == "on"
        assert setting(db, "listen_addresses") == ""


def test_a_careless_role_is_refused(server: postgres.Server) -> None:
    with running(server):
        with server.connect(admin=True) as db:
            db.execute("ALTER ROLE stillhaven SET synchronous_commit = off")
        with server.connect() as db, pytest.raises(Refused, match="synchronous_commit"):
            postgres.refuse_careless(db, where="the database")


def test_a_crash_loses_nothing_that_was_confirmed(server: postgres.Server) -> None:
    with running(server) as process:
        with server.connect() as db:
            db.execute("CREATE TABLE visit (who text)")
            db.execute("INSERT INTO visit VALUES ('Cleo')")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not server.is_ready()
    with running(server), server.connect() as db:
        assert db.execute("SELECT who FROM visit").fetchall() == [("Cleo",)]


def test_a_stale_pid_that_belongs_to_another_program_does_not_stop_the_start(server: postgres.Server) -> None:
    server.prepare()
    # As a crash leaves it, and then the machine gives the number to somebody else: here, to this very test.
    lines = [
        str(os.getpid()),
        str(server.folder.cluster),
        "1",
        "5432",
        str(server.folder.socket_folder),
        "",
        "0 0",
        "ready",
    ]
    (server.folder.cluster / "postmaster.pid").write_text("\n".join(lines) + "\n")
    assert server.pid() is None
    assert not server.is_ready()
    with running(server):
        assert server.is_ready()


def test_half_a_cluster_is_made_again(server: postgres.Server) -> None:
    (server.folder.path / "postgres.new").mkdir()
    (server.folder.path / "postgres.new" / "PG_VERSION").write_text("18\n")
    with running(server), server.connect() as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_cluster_of_another_version_is_refused_and_untouched(server: postgres.Server) -> None:
    server.prepare()
    (server.folder.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(Refused, match="PostgreSQL 17"):
        server.prepare()


def test_people_stay_out_of_the_log(server: postgres.Server) -> None:
    with running(server), server.connect() as db:
        db.execute("CREATE TABLE person (name text UNIQUE)")
        db.execute("INSERT INTO person VALUES ('Ada Quill')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            db.execute("INSERT INTO person VALUES ('Ada Quill')")
    assert "Quill" not in (server.folder.logs / "postgres.log").read_text()


def test_persons_own_pg_settings_do_not_lead_astray(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("PGDATA", "/nowhere"), ("PGPORT", "1"), ("PGHOST", "/nowhere"), ("PGUSER", "x")):
        monkeypatch.setenv(name, text)
    with running(server), server.connect() as db:
        assert db.execute("SELECT current_user").fetchone() == ("stillhaven",)


@root_only
def test_as_root_nothing_on_the_machine_changes(server: postgres.Server) -> None:
    before = Path("/etc/passwd").read_bytes(), os.stat(server.folder.path.parent).st_mode
    if server.route is not postgres.Route.NAMESPACE:
        pytest.skip("user namespaces are off here")
    with running(server):
        assert {path.stat().st_uid for path in server.folder.cluster.iterdir()} == {0}
    assert (Path("/etc/passwd").read_bytes(), os.stat(server.folder.path.parent).st_mode) == before


@root_only
def test_without_namespaces_an_account_runs_it_and_the_way_back_works(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ACCOUNT", "nobody")  # one that every machine has: a test makes no accounts
    short.chmod(0o755)
    folder = folders.open_folder(short / "clinic", create=True)
    try:
        server = postgres.server_for(folder, route=postgres.Route.ACCOUNT)
        server.prepare()
    except Refused as refusal:
        pytest.skip(f"the account's way is closed here: {refusal}")
    assert server.uid != 0
    with running(server) as process:
        assert Path(f"/proc/{process.pid}").stat().st_uid == server.uid
        with server.connect() as db:
            db.execute("CREATE TABLE visit (who text)")
    assert folders.loose(folder) == []
    again = postgres.server_for(folders.open_folder(folder.path))
    with running(again), again.connect() as db:
        assert db.execute("SELECT count(*) FROM visit").fetchone() == (0,)


@root_only
def test_the_account_opens_no_closed_parent(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ACCOUNT", "nobody")
    closed = short / "closed"
    closed.mkdir(mode=0o700)
    folder = folders.open_folder(closed / "clinic", create=True)
    server = postgres.server_for(folder, route=postgres.Route.ACCOUNT)
    with pytest.raises(Refused, match="cannot pass through"):
        server.prepare()
    assert closed.stat().st_mode & 0o777 == 0o700
