"""What does the alarm system have to know besides readings?

Every fact says from when it held and until when, so that a replay can ask about any moment: `evaluate` ignores what was
not known yet at its `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Expected:
    """This signal should be arriving: its device is attached and sends it, or the order asks for it."""

    signal: str
    since: datetime
    until: datetime | None = None
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """This device is on this patient."""

    device: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Something a person saw, or the software noticed: `kind` is a word of a condition's `signals` list.

    `at` is when it happened, `known_at` when it was recorded here, `until` when it was said to be over.
    `subject` tells two of one kind apart (a device, a line).
    """

    kind: str
    at: datetime
    known_at: datetime
    until: datetime | None = None
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score somebody took: MOAA/S and the like, by the name its condition uses."""

    scale: str
    value: float
    at: datetime
    known_at: datetime


@dataclass(frozen=True, kw_only=True)
class CheckDue:
    """A check of the timetable.  It is done at `done_at`, or with a usable value of `signal` measured from
    `counts_from` on (without one: from `due_at` on)."""

    key: str
    label: str
    due_at: datetime
    signal: str = ""
    counts_from: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ClockOff:
    """This device's clock is so far from ours (plus = ahead), as the gateway saw when its messages came in.

    While it holds, the device's values count from when they arrived.
    """

    device: str
    since: datetime
    offset_s: float
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmFacts:
    """Everything besides readings, events and the plan."""

    expected: tuple[Expected, ...] = ()
    attached: tuple[Attached, ...] = ()
    observed: tuple[Observed, ...] = ()
    scores: tuple[Score, ...] = ()
    checks: tuple[CheckDue, ...] = ()
    clocks: tuple[ClockOff, ...] = ()
    dosing_from: datetime | None = None
    ended_at: datetime | None = None
    accept_simulated: bool = False
