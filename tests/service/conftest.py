"""A small clinic that a test may start, kill and ask."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stillhaven.service import folder as folders
from stillhaven.service import leftovers, postgres
from tests.conftest import room

TINY = Path(__file__).with_name("tiny_clinic.py")
PATIENCE_S = 60.0  # for a machine under load; nothing here measures speed


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something holds, and return it; a failure says what was waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.03)
    raise AssertionError(f"waited {PATIENCE_S:.0f} s for: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Clinic:
    """A folder, and the supervisor that runs on it while it runs."""

    def __init__(self, path: Path) -> None:
        self.path, self.port = path, free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None, host: str = "127.0.0.1") -> Clinic:
        self.process = subprocess.Popen(
            [sys.executable, str(TINY), str(self.path), str(self.port), host],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})},
        )  # fmt: skip
        if wait:
            until(lambda: self.state() == "ready" or self.process.poll() is not None, "ready")  # type: ignore[union-attr]
            assert self.process.poll() is None, self.process.stderr.read()  # type: ignore[union-attr]
        return self

    def run(self, **options: Any) -> subprocess.CompletedProcess[str]:
        """Start and wait for the end, which a refusal brings by itself."""
        self.start(wait=False, **options)
        assert self.process is not None
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)

    def status(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.path / "run" / "status.json").read_text())  # type: ignore[no-any-return]
        return {}

    def state(self) -> str:
        """The supervisor's word, if it is this supervisor's."""
        found = self.status().get("supervisor", {})
        mine = self.process is not None and found.get("pid") == self.process.pid
        return str(found.get("state")) if mine else ""

    def part(self, name: str) -> dict[str, Any]:
        return self.status().get("parts", {}).get(name, {})  # type: ignore[no-any-return]

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def connect(self) -> psycopg.Connection:
        return postgres.server_for(self.folder).connect()

    @property
    def folder(self) -> folders.DataFolder:
        return folders.open_folder(self.path)

    def left(self) -> list[int]:
        """Every process that belongs to this clinic, the database's included."""
        server = postgres.server_for(self.folder)
        database = [pid for pid in [server.pid()] if pid]
        return [*leftovers.of(self.folder), *database]


@pytest.fixture
def short() -> Iterator[Path]:
    """A short folder: pytest's own is too long for a socket."""
    path = Path(tempfile.mkdtemp(prefix="sh-", dir=room()))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def clinic(short: Path) -> Iterator[Clinic]:
    clinic = Clinic(short / "clinic")
    yield clinic
    if clinic.process is not None and clinic.process.poll() is None:
        clinic.process.terminate()
        clinic.process.wait(PATIENCE_S)
    if clinic.process is not None and clinic.process.stdout and clinic.process.stderr:
        clinic.process.stdout.close()
        clinic.process.stderr.close()
    if (clinic.path / "VERSION").exists():
        with contextlib.suppress(Exception):
            leftovers.end(clinic.folder, patience_s=1.0)
