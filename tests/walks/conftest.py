"""The real site, as it is served in a clinic, on a database of its own, with somebody in every state of a session."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql
import pytest

from stillhaven.service import folder as folders
from stillhaven.service import postgres
from tests import conftest as house

PATIENCE_S = 120.0  # for a machine under load; nothing here measures speed


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the site answers, and what is in it (see every_state.py)."""

    base: str
    found: dict[str, Any]


@pytest.fixture(scope="session")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Granian with the clinic's application, and the watch beside it; ended with the run."""
    name = f"walk_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    server = postgres.server_for(house._server_folder())
    _clone(server, name)
    own = folders.open_folder(house.room() / f"{Path(os.environ[house.RUN]).name}-{name}", create=True)
    for secret in folders.SECRETS:
        shutil.copy2(house._server_folder().secrets / secret, own.secrets / secret)
    env = {**os.environ, "STILLHAVEN_DATA": str(own.path), "STILLHAVEN_PG_NAME": name}
    filled = subprocess.run(
        [sys.executable, "-m", "tests.walks.every_state"], env=env, capture_output=True, text=True, check=False
    )
    assert filled.returncode == 0, filled.stderr[-3000:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("site") / "log").open("w+")
    web = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port),
         "--workers", "1", "--workers-kill-timeout", "2", "--no-ws", "--log-level", "warning",
         "stillhaven.clinic.web.asgi:application"],
        env=env, stdout=log, stderr=log,
    )  # fmt: skip
    watch = subprocess.Popen([sys.executable, "-m", "stillhaven", "manage", "watch"], env=env, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, web)
        yield Site(base=base, found=json.loads(filled.stdout))
        log.seek(0)
        assert "Traceback" not in log.read(), "the site failed somewhere; see its log"
    finally:
        for process in (web, watch):
            process.terminate()
            process.wait(timeout=PATIENCE_S)
        shutil.rmtree(own.path, ignore_errors=True)


def _clone(server: postgres.Server, name: str) -> None:
    with house._one_at_a_time(Path(os.environ[house.RUN])), server.connect(admin=True) as connection:
        known = psycopg.sql.Identifier(name)
        connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(known))
        template = psycopg.sql.Identifier(house.TEMPLATE)
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER stillhaven").format(known, template))


def _wait(base: str, web: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        assert web.poll() is None, "the site ended"
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            assert time.monotonic() < end, "the site does not answer"
            time.sleep(0.1)
