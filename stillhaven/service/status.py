"""What runs now?  The supervisor writes run/status.json; screens, /healthz, doctor and backup read it.

Times are the machine's own UTC, also when the clinic's clock is set: this is about processes, not about patients.

    {"supervisor": {"pid": 1, "version": "0.1.0", "address": "http://…", "state": "starting|ready|stopping|stopped",
                    "since": "…Z", "beat": "…Z", "mode": "clinic", "clock": "", "database": "embedded|managed"},
     "parts": {"web": {"state": "waiting|starting|running|silent|backoff|stopping|stopped", "pid": 2, "since": "…Z",
                       "restarts": 0, "last_exit": ""}}}

`beat` is renewed every two seconds: a file with an older beat is the memory of a supervisor that is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEAT_S = 2.0
FRESH = timedelta(seconds=10)


def now_text() -> str:
    """The machine's time, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(kw_only=True)
class PartStatus:
    """One part of the clinic, as it is now."""

    state: str = "waiting"
    pid: int | None = None
    since: str = field(default_factory=now_text)
    restarts: int = 0
    last_exit: str = ""

    def turn(self, state: str) -> None:
        if state != self.state:
            self.state, self.since = state, now_text()


@dataclass(kw_only=True)
class Status:
    """The whole file."""

    supervisor: dict[str, Any]
    parts: dict[str, PartStatus]

    def write(self, path: Path) -> None:
        """Replace the file in one step, so that no reader sees half of it.  A full disk does not stop the clinic."""
        self.supervisor["beat"] = now_text()
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
            temporary.replace(path)


def read(path: Path) -> dict[str, Any] | None:
    """The file as it was last written; None when there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "supervisor" in found and "parts" in found else None


def is_fresh(found: dict[str, Any], now: datetime) -> bool:
    """Is this the word of a supervisor that is still alive?"""
    try:
        beat = datetime.fromisoformat(str(found["supervisor"]["beat"]))
    except (KeyError, ValueError):
        return False
    return abs(now - beat) < FRESH and found["supervisor"].get("state") != "stopped"
