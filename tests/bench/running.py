"""A whole clinic for measuring and for breaking: the real `stillhaven serve` with its gateway, and people in N chairs.

The people are made by `python -m tests.bench.seed` through the same deeds that staff do.
"""

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
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from stillhaven.service import database, leftovers, postgres
from stillhaven.service import folder as folders

PATIENCE_S = 180.0  # for a machine under load; nothing here is measured by it


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One chair with somebody in it: their session, their monitor, and the cookie of a nurse's browser beside it."""

    session: str
    device: str
    bed: str
    patient: str
    cookie: str


def load() -> str:
    """How busy the machine is: to be said beside every figure."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until something holds, and return it; a failure says what was waited for."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {patience_s:.0f} s for: {what}")


def short_folder() -> Path:
    """A short path: a socket's name must fit.  STILLHAVEN_BENCH_DIR chooses the disk."""
    return Path(tempfile.mkdtemp(prefix="sh-b-", dir=os.environ.get("STILLHAVEN_BENCH_DIR", "/var/tmp")))


class Running:
    """`stillhaven serve --gateway-listen`, on a folder of its own; ends with the context."""

    def __init__(self, *, clock_file: bool = False, mode: str = "demo") -> None:
        self.home = short_folder()
        self.path = self.home / "clinic"
        self.port, self.gateway_port = free_port(), free_port()
        # nothing of the clinic that a test run has of its own
        dropped = ("STILLHAVEN_PG", "STILLHAVEN_DATA", "STILLHAVEN_CLOCK", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
        self.env = {**kept, "STILLHAVEN_SETTINGS_MODE": mode}
        if clock_file:
            (self.home / "clock").write_text("")
            self.env["STILLHAVEN_CLOCK"] = f"@{self.home / 'clock'}"
        self.process: subprocess.Popen[bytes] | None = None
        self.reader = ""

    def __enter__(self) -> Running:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ------------------------------------------------------------ life
    def start(self) -> Running:
        command = [sys.executable, "-m", "stillhaven", "serve", "--data", str(self.path), "--port", str(self.port)]
        command += ["--gateway-listen", f"127.0.0.1:{self.gateway_port}"]
        with open(self.home / "out", "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=self.env)
        until(self.is_up, "the clinic is ready")
        return self

    def is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "out").read_text()[-3000:]
        return self.status().get("supervisor", {}).get("state") == "ready" and self.answers()

    def answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
        return False

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        if (self.path / "VERSION").exists():
            with contextlib.suppress(Exception):
                leftovers.end(self.folder, patience_s=1.0)
        if os.environ.get("STILLHAVEN_BENCH_KEEP"):
            print(f"kept: {self.home}")
        else:
            for _ in range(3):  # a part that ends may write its last words meanwhile
                shutil.rmtree(self.home, ignore_errors=True)
                if not self.home.exists():
                    break
                time.sleep(0.3)

    # ------------------------------------------------------------ looking in
    @property
    def folder(self) -> folders.DataFolder:
        return folders.open_folder(self.path)

    def status(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.path / "run" / "status.json").read_text()))
        return {}

    def part(self, name: str) -> dict[str, Any]:
        return dict(self.status().get("parts", {}).get(name, {}))

    def pid(self, name: str) -> int | None:
        found = self.part(name)
        return (
            int(found["pid"]) if found.get("pid") and found.get("state") in ("running", "starting", "silent") else None
        )

    def processes(self, name: str) -> list[psutil.Process]:
        """A part's process with its children."""
        with contextlib.suppress(psutil.Error):
            pid = self.pid(name)
            if pid is not None:
                top = psutil.Process(pid)
                return [top, *top.children(recursive=True)]
        return []

    def cpu_s(self) -> dict[str, float]:
        """Seconds of the processor that each part has used."""
        found = {}
        for name in self.status().get("parts", {}):
            spent = 0.0
            for process in self.processes(name):
                with contextlib.suppress(psutil.Error):
                    spent += sum(process.cpu_times()[:2])
            found[name] = spent
        return found

    def spool(self) -> dict[str, Any]:
        """What the gateway says of itself."""
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.path / "spool" / "gw-1" / "status.json").read_text()))
        return {}

    def inside(self) -> dict[str, str]:
        """The environment of a program that works on this clinic's database."""
        found = database.embedded(postgres.server_for(self.folder))
        names = {"STILLHAVEN_DATA": str(self.path), "DJANGO_SETTINGS_MODULE": "stillhaven.clinic.web.settings"}
        return {**self.env, **found.env, **names}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program on this clinic's database."""
        return subprocess.run(
            [sys.executable, *words], env=self.inside(), capture_output=True, text=True, timeout=600, check=False
        )

    def seed(self, chairs: int, *more: str) -> list[Taken]:
        """Put people into so many chairs, the drug running, each with their own monitor."""
        done = self.run("-m", "tests.bench.seed", str(chairs), *more)
        assert done.returncode == 0, done.stderr[-3000:]
        found = json.loads(done.stdout.splitlines()[-1])
        self.reader = found["reader"]
        return [Taken(**row) for row in found["chairs"]]

    def readings(self) -> list[dict[str, Any]]:
        """Everything that GET /api/readings tells, page by page."""
        out, after = [], 0
        while after is not None:
            asked = urllib.request.Request(
                f"{self.url}/api/readings?limit=10000&after={after}", headers={"Authorization": f"Bearer {self.reader}"}
            )
            with urllib.request.urlopen(asked, timeout=60) as answer:
                page = json.load(answer)
            out += page["readings"]
            after = page["next_after"]
        return out
