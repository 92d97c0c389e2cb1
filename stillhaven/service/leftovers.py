"""Does something of an earlier run still live, after its supervisor was killed?

Its guard ends it within seconds; a new start waits for that, and does it itself where the guard was killed as well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from stillhaven.science.errors import Refused
from stillhaven.service import guard, postgres
from stillhaven.service.folder import DataFolder
from stillhaven.service.supervisor import CHILD_MARK

PATIENCE_S = 8.0


def of(folder: DataFolder) -> list[int]:
    """Processes that an earlier supervisor of this folder started, known by their environment."""
    mark = f"{CHILD_MARK}={folder.path}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def end(folder: DataFolder, *, patience_s: float = PATIENCE_S) -> None:
    """Wait until nothing of an earlier run is left; after the patience, end it.  Call it with the folder locked."""
    deadline = time.monotonic() + patience_s
    while (left := of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    groups = {}
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            groups[os.getpgid(pid)] = int(signal.SIGTERM)
    guard.sweep({group: number for group, number in groups.items() if group != os.getpgrp()}, grace_s=3.0)
    _end_database(folder)


def _end_database(folder: DataFolder) -> None:
    """A database whose supervisor is gone: stop it as its own programs would."""
    server = postgres.server_for(folder)
    for number, patience_s in ((None, 3.0), (postgres.STOP_FAST, 20.0), (postgres.STOP_NOW, 5.0)):
        pid = server.pid()
        if pid is None:
            return
        if number is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while server.pid() is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    if server.pid() is not None:
        raise Refused(why=f"a database server (pid {server.pid()}) of an earlier run still holds {folder.cluster}")
