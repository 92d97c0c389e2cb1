"""The one source of `now` in the clinic.  `STILLHAVEN_CLOCK` sets it (spelling: `stillhaven.science.clocks`).

`@/path/to/file` names a file that holds a setting; it is read again whenever it changes, so that a test can move the
clock of a running clinic.  A clinic that says it is real refuses any setting but the real time.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from stillhaven.clinic.record import looking
from stillhaven.science import clocks

_STARTED = datetime.now(UTC)
_cache: dict[str, tuple[float, clocks.Setting]] = {}


def setting() -> clocks.Setting:
    """The clock's setting now: from the environment, or from the file that the environment names."""
    text = os.environ.get("STILLHAVEN_CLOCK", "")
    if text.startswith("@"):
        return _from_file(Path(text[1:]))
    if text not in _cache:
        _cache[text] = (0.0, clocks.parse(text, _STARTED))
    return _cache[text][1]


def _from_file(path: Path) -> clocks.Setting:
    changed = path.stat().st_mtime if path.exists() else -1.0
    known = _cache.get(str(path))
    if known is None or known[0] != changed:
        text = path.read_text() if path.exists() else ""
        # A moment in a file counts from when the file was written, so that every process reads the same shift.
        written = datetime.fromtimestamp(changed, UTC) if path.exists() else _STARTED
        known = (changed, clocks.parse(text, written))
        _cache[str(path)] = known
    return known[1]


def now() -> datetime:
    """The time, aware and in UTC.  One page, read in one look, has one moment."""
    return looking.moment(_now)


def _now() -> datetime:
    return setting().now(datetime.now(UTC))


def shown(real: datetime) -> datetime:
    """What the clock shows at a real moment: turns the database's own clock into the house's time."""
    return setting().now(real.astimezone(UTC))
