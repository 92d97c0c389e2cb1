"""How a clock that can be set is spelled.  Pure: the caller brings the real time and the text.

(empty)                  the real time
2026-11-21T14:00:00Z     that moment when the program starts, running on from there
=2026-11-21T14:00:00Z    that moment, standing still
+2d  -3h  +90s  +15m     the real time, shifted
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stillhaven.science.errors import BadInput

_SHIFT = re.compile(r"([+-])(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A clock: the real time plus `shift`, or standing still at `frozen`."""

    shift: timedelta = timedelta()
    frozen: datetime | None = None

    def now(self, real: datetime) -> datetime:
        return self.frozen or real + self.shift

    @property
    def text(self) -> str:
        """The same setting as a text that does not depend on when it is read: for child processes."""
        if self.frozen:
            return "=" + self.frozen.isoformat()
        seconds = self.shift.total_seconds()
        return f"{seconds:+.6f}s" if seconds else ""


def parse(text: str, started: datetime) -> Setting:
    """The clock that a text means, for a program that started at `started` (real, aware).

    >>> parse("+2d", datetime(2026, 1, 1, tzinfo=UTC)).shift.days
    2
    >>> parse("tomorrow", datetime(2026, 1, 1, tzinfo=UTC))
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: STILLHAVEN_CLOCK: 'tomorrow' is not a time, =time, or a shift such as +2d
    """
    text = text.strip()
    if not text:
        return Setting()
    if match := _SHIFT.fullmatch(text):
        sign, amount, unit = match.groups()
        seconds = float(amount) * _SECONDS[unit]
        return Setting(shift=timedelta(seconds=-seconds if sign == "-" else seconds))
    try:
        moment = datetime.fromisoformat(text.removeprefix("="))
    except ValueError:
        why = f"{text!r} is not a time, =time, or a shift such as +2d"
        raise BadInput("STILLHAVEN_CLOCK", why) from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Setting(frozen=moment) if text.startswith("=") else Setting(shift=moment - started)
