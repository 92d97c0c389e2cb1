"""When was it measured, if the monitor's text leaves room for doubt?

HL7 writes a time as YYYYMMDDHHMMSS.SSSS+ZZZZ, and may leave off the end of it.  Where the offset is missing, the
message's own header says it, or else the clinic's zone; in the hour that a clock change repeats, the moment nearer to
the arrival is taken.  Whatever is decided in such a way is said in a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?")
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}:?\d{2})?"
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time that could be read: UTC, what had to be decided for it, and its own offset if it sent one."""

    at: datetime
    notes: tuple[str, ...] = ()
    offset: tzinfo | None = None


def offset_of(text: str) -> tzinfo | None:
    """The offset at the end of a time, None if it has none.

    >>> offset_of("20261121140000+0130")
    datetime.timezone(datetime.timedelta(seconds=5400))
    """
    if text[-1:] in ("Z", "z"):
        return UTC
    match = re.search(r"([+-])(\d{2}):?(\d{2})$", text)
    if not match:
        return None
    minutes = int(match.group(2)) * 60 + int(match.group(3))
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if match.group(1) == "-" else minutes))


def read(text: str, *, default: tzinfo, near: datetime, earliest_year: int = 2000) -> Moment | None:
    """The moment that a time in a message means; None if it is empty, too coarse (no minutes) or not a time.

    `default` is the zone where the text names none; `near` the moment it arrived.

    >>> near = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    >>> read("20261121150000.5+0100", default=UTC, near=near).at.isoformat()
    '2026-11-21T14:00:00.500000+00:00'
    >>> read("20261121", default=UTC, near=near) is None
    True
    """
    text = text.strip()
    match = _STAMP.fullmatch(text) or _ISO.fullmatch(text)
    if not match or match.group(4) is None:
        return None
    year, month, day, hour, minute = (int(match.group(i)) for i in range(1, 6))
    second = int(match.group(6) or 0)
    micro = int((match.group(7) or "0")[:6].ljust(6, "0"))
    notes: list[str] = []
    if match.group(6) is None:
        notes.append(f"the time {text} has no seconds; the start of the minute is taken")
    if second == 60:
        second, micro = 59, 999999
        notes.append(f"the time {text} names a leap second; the end of the minute is taken")
    if year < earliest_year:
        return None
    offset = offset_of(match.group(8)) if match.group(8) else None
    try:
        local = datetime(year, month, day, hour, minute, second, micro, tzinfo=offset or default)
        at = local.astimezone(UTC) if offset else _resolve(local, near, notes)
    except (ValueError, OverflowError):
        return None
    return Moment(at=at, notes=tuple(notes), offset=offset)


def _resolve(local: datetime, near: datetime, notes: list[str]) -> datetime:
    """A local time as UTC.  Twice in the hour that the clock repeats, never in the hour that it leaves out."""
    first, second = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first == second:
        return first
    text = f"{local:%Y-%m-%d %H:%M:%S}"
    if first.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        notes.append(f"the local time {text} does not exist (clocks went forward); it is read in the old offset")
        return first
    notes.append(f"the local time {text} exists twice (clocks went back); the one nearer to its arrival is taken")
    return min((first, second), key=lambda at: abs(at - near))


def iso(at: datetime) -> str:
    """UTC as it goes over the wire.

    >>> iso(datetime(2026, 11, 21, 14, 0, 0, 250000, tzinfo=UTC))
    '2026-11-21T14:00:00.250000Z'
    """
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    return text[:-6] + "Z"


def local_zone_name(environ_tz: str, timezone_file: str, localtime_link: str) -> str:
    """The machine's zone by name, from TZ, /etc/timezone and where /etc/localtime points; "UTC" if none says it.

    >>> local_zone_name("", "", "/usr/share/zoneinfo/Europe/Berlin")
    'Europe/Berlin'
    """
    for name in (environ_tz.lstrip(":"), timezone_file.strip(), localtime_link.partition("zoneinfo/")[2]):
        if name and "/" in name and not name.startswith("/"):
            return name
    return "UTC"
