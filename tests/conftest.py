"""One embedded PostgreSQL for a whole test run, migrated once, and a clone of it for every worker.

The folder and its keys are made first, because the clinic's settings read them.  The server is started by the first test
that needs a database (so tests of science cost nothing) and ended with the run.  A test that commits gets a fresh clone
afterwards, and the tables' own rules against deleting stay in force, as they are in a clinic.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import psycopg.sql
import pytest

from stillhaven.service import folder as folders
from stillhaven.service import guard, postgres

RUN = "STILLHAVEN_TEST_RUN"
TEMPLATE = "tests_template"


def room() -> Path:
    """Memory, when there is plenty: a clone takes 0.02 s there and 0.5 s on a slow disk."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 2**30
    return memory if enough else folders.short_temp()


def _server_folder() -> folders.DataFolder:
    return folders.open_folder(Path(os.environ[RUN]) / "server", create=True)


_worker_folder = Path()  # the data folder of this worker, set before any test


def _own_folder(worker: str) -> folders.DataFolder:
    """A worker's data folder: nothing shared with other workers but the keys."""
    own = folders.open_folder(Path(os.environ[RUN]) / worker, create=True)
    for name in folders.SECRETS:
        shutil.copy2(_server_folder().secrets / name, own.secrets / name)
    return own


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-django reads the settings: the folder they need, and words that keep the outside out."""
    if not hasattr(config, "workerinput"):
        run = tempfile.mkdtemp(prefix="shtest-", dir=room())
        os.environ[RUN] = run
        (Path(run) / "controller").write_text(str(os.getpid()), encoding="ascii")
        _server_folder()
    global _worker_folder
    folder = _own_folder(_worker(config))
    _worker_folder = folder.path
    for name in ("DATABASE_URL", "STILLHAVEN_CLOCK", "STILLHAVEN_REAL_CLINIC", "STILLHAVEN_HOSTS", "STILLHAVEN_HTTPS"):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings",
        "STILLHAVEN_SETTINGS_MODE": "test",
        "STILLHAVEN_DATA": str(folder.path),
        "STILLHAVEN_PG": str(_server_folder().socket_folder),
        "STILLHAVEN_PG_NAME": f"tests_{_worker(config)}",
    }
    from django.conf import settings

    settings.DATABASES  # noqa: B018  (read now, so that pytest-django, which comes after us, sets Django up)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives real processes and a real browser gets a second try, shown as R: a machine may stand still for a minute."""
    for item in items:
        if item.path.parent.name in ("walks", "service"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over: stop the server, remove the folder."""
    if hasattr(config, "workerinput") or RUN not in os.environ:
        return
    run = Path(os.environ.pop(RUN))
    if (run / "pid").exists():
        guard.sweep({int((run / "pid").read_text(encoding="ascii")): int(postgres.STOP_NOW)})
    shutil.rmtree(run, ignore_errors=True)


def _worker(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("workerid", "alone"))


@contextmanager
def _one_at_a_time(run: Path) -> Iterator[None]:
    with (run / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(run: Path) -> postgres.Server:
    """The run's server; it ends with the controller, however that ends."""
    server = postgres.server_for(_server_folder())
    if not (run / "pid").exists():
        process = postgres.start_alone(server, throwaway=True)
        watched = (run / "controller").read_text(encoding="ascii")
        sweeper = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, "--watch", watched],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        assert sweeper.stdin is not None
        sweeper.stdin.write(f"add {process.pid} {int(postgres.STOP_NOW)}\n".encode())
        sweeper.stdin.close()
        for child in (process, sweeper):
            child.returncode = 0  # they outlive this worker: no warning about it at its end
        (run / "pid").write_text(str(process.pid), encoding="ascii")
    return server


def _clone(server: postgres.Server, name: str, template: str | None) -> None:
    """A database of its own, from the migrated one (or empty)."""
    known = psycopg.sql.Identifier(name)
    with server.connect(admin=True) as connection:
        connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(known))
        source = psycopg.sql.Identifier(template or "template0")
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER stillhaven").format(known, source)
        )


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """Replaces pytest-django's: our server, one migration a run, a clone for this worker."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import TransactionTestCase

    run, name = Path(os.environ[RUN]), f"tests_{_worker(request.config)}"
    connection.settings_dict["OPTIONS"].pop("pool", None)  # a clone cannot be replaced under an open pool
    with _one_at_a_time(run):
        server = _start(run)
        if not (run / "migrated").exists():
            _clone(server, TEMPLATE, None)
            connection.settings_dict["NAME"] = TEMPLATE
            with django_db_blocker.unblock():  # type: ignore[attr-defined]
                call_command("migrate", verbosity=0, interactive=False)
                connection.close()
            (run / "migrated").touch()
        _clone(server, name, TEMPLATE)
    connection.settings_dict["NAME"] = name

    def fresh_clone(case: TransactionTestCase) -> None:
        connection.close()
        with _one_at_a_time(run):
            _clone(server, name, TEMPLATE)

    ordinary = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = fresh_clone  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = ordinary  # type: ignore[attr-defined]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.close()


@pytest.fixture(autouse=True)
def _heads_of_this_test_only() -> Iterator[None]:
    """The heads kept outside the database belong to the database of one test, and so do settings in the environment."""
    before = {name: text for name, text in os.environ.items() if name.startswith(("STILLHAVEN_", "DATABASE_URL"))}
    _forget_heads()
    yield
    for name in [n for n in os.environ if n.startswith(("STILLHAVEN_", "DATABASE_URL")) and n not in before]:
        del os.environ[name]
    os.environ.update(before)
    _forget_heads()


def _forget_heads() -> None:
    from django.conf import settings

    for folder in {_worker_folder, Path(settings.STILLHAVEN_DATA)}:
        if folder.is_relative_to(_worker_folder.parent):
            for file in (folder / "record").glob("*"):
                file.unlink(missing_ok=True)
