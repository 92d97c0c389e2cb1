"""How did the team do in a drill: what came up, when was it shown, who answered, and what was done about it?

A drill is scored from the record alone: the alarm ledger and what people wrote during the session.  Nothing here says how
fast a team has to be: a target is the clinic's own, and without one the seconds are reported as they are.

A moment is something of the scenario that counts: one or several alarm conditions, and the deeds that answer it.  It is
*missed* when it was raised and nobody did any of these deeds (or, where no deed is asked for, nobody acknowledged it).
A moment that never came up is neither answered nor missed.  A stop is *needless* when no moment that asks for it had come
up by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Any

from stillhaven.science.alarms.codec import encode
from stillhaven.science.alarms.ledger import LedgerRow
from stillhaven.science.errors import BadInput


class Kind(StrEnum):
    """What can be done about a moment, as the record keeps it."""

    HOLD = "hold"
    SLOWER = "slower"  # a rate change downward
    STOP = "stop"
    ABORT = "abort"  # stopped for the patient's sake
    TRANSFER = "transfer"  # handed over to emergency care
    RESCUE = "rescue"
    EVENT = "event"  # an adverse event with its grade
    NOTE = "note"
    REQUEST = "request"
    BY_HAND = "by_hand"  # somebody measured and typed a value
    ARTEFACT = "artefact"  # somebody marked a stretch as not the patient
    ACKNOWLEDGE = "acknowledge"  # with words that say what was done
    WORDS = "words"  # only in answers: any deed whose words have these in them


_COUNTS = ("raised", "acknowledged", "answered", "missed", "median_acknowledged_s", "slowest_acknowledged_s")
_STOPS = frozenset({Kind.HOLD, Kind.STOP, Kind.ABORT, Kind.TRANSFER})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One deed that answers a moment; `about` narrows it to one adverse event, drug or signal, or holds the words.

    >>> Answer.parse("event:respiratory_depression")
    Answer(kind=<Kind.EVENT: 'event'>, about='respiratory_depression')
    >>> Answer.parse("pray")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: answers: 'pray' is not a deed; deeds are hold, slower, stop, abort, transfer, \
rescue, event, note, request, by_hand, artefact, acknowledge, words
    """

    kind: Kind
    about: str = ""

    @classmethod
    def parse(cls, text: str) -> Answer:
        word, _, about = text.partition(":")
        try:
            kind = Kind(word.strip())
        except ValueError:
            raise BadInput("answers", f"{text!r} is not a deed; deeds are {', '.join(Kind)}") from None
        if kind is Kind.WORDS and not about.strip():
            raise BadInput("answers", "words needs the words to look for, such as words:oxygen")
        return cls(kind=kind, about=about.strip())

    def fits(self, done: Done) -> bool:
        """Is that deed this answer?"""
        if self.kind is Kind.WORDS:
            return self.about.casefold() in done.words.casefold()
        return done.kind is self.kind and (not self.about or self.about == done.about)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something of the scenario that counts.

    `acknowledge_within_s` and `answer_within_s` are the clinic's own targets, counted from when the alarm was shown;
    None where the clinic has set none.
    """

    key: str
    title: str
    conditions: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    acknowledge_within_s: float | None = None
    answer_within_s: float | None = None
    set_by: str = ""
    source: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A drill: which scenario of the simulator runs, and which of its moments count."""

    key: str
    title: str
    says: str
    practise: str
    scenario: str
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Done:
    """One thing that somebody did during the drill.  `at` as they said, `recorded_at` when it reached the record."""

    kind: Kind
    at: datetime
    recorded_at: datetime
    by: str
    label: str
    about: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one moment went.  Seconds after `shown_at`; a deed before it has negative seconds."""

    key: str
    title: str
    conditions: tuple[str, ...]
    raised: bool
    crossed_at: datetime | None = None
    shown_at: datetime | None = None
    shown_after_s: float | None = None
    times: int = 0
    escalated: bool = False
    acknowledged_by: str = ""
    acknowledged_after_s: float | None = None
    never_acknowledged: int = 0
    deed: str = ""
    deed_by: str = ""
    deed_at: datetime | None = None
    deed_after_s: float | None = None
    written_after_s: float | None = None  # how long after the deed it was written down
    missed: bool = False
    acknowledge_within_s: float | None = None
    answer_within_s: float | None = None
    acknowledged_in_time: bool | None = None
    answered_in_time: bool | None = None
    set_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Needless:
    """A hold, stop or handing over that nothing in the drill had asked for."""

    label: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Score:
    """The whole of a drill.  Counts stand over their denominators: `answered` of `raised`, `raised` of the lines."""

    drill: str
    title: str
    began_at: datetime
    ended_at: datetime
    lines: tuple[Line, ...] = ()
    needless: tuple[Needless, ...] = ()
    deeds: int = 0
    raised: int = field(init=False)
    acknowledged: int = field(init=False)
    answered: int = field(init=False)
    missed: int = field(init=False)
    median_acknowledged_s: float | None = field(init=False)
    slowest_acknowledged_s: float | None = field(init=False)

    def __post_init__(self) -> None:
        came = [line for line in self.lines if line.raised]
        seconds = [line.acknowledged_after_s for line in came if line.acknowledged_after_s is not None]
        counts: dict[str, Any] = {
            "raised": len(came),
            "acknowledged": len(seconds),
            "answered": sum(not line.missed for line in came),
            "missed": sum(line.missed for line in came),
            "median_acknowledged_s": median(seconds) if seconds else None,
            "slowest_acknowledged_s": max(seconds, default=None),
        }
        for name, value in counts.items():
            object.__setattr__(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        data: dict[str, Any] = encode(self)
        return data | {name: getattr(self, name) for name in _COUNTS}


def score(
    drill: Drill, ledger: Iterable[LedgerRow], deeds: Iterable[Done], *, began_at: datetime, ended_at: datetime
) -> Score:
    """How the team did between the scenario's beginning and the end of the drill.

    Alarms shown and deeds done outside of that time do not count.  Lines stand in the order in which their moments came
    up; those that never did come last.
    """
    rows = [row for row in ledger if began_at <= row.shown_at <= ended_at]
    done = sorted((d for d in deeds if began_at <= d.at <= ended_at), key=lambda d: (d.at, d.recorded_at))
    lines = [_line(moment, rows, done, ended_at) for moment in drill.moments]
    lines.sort(key=lambda line: (line.shown_at is None, line.shown_at or ended_at))
    return Score(
        drill=drill.key,
        title=drill.title,
        began_at=began_at,
        ended_at=ended_at,
        lines=tuple(lines),
        needless=tuple(_needless(drill, rows, done)),
        deeds=len(done),
    )


def _line(moment: Moment, rows: Sequence[LedgerRow], done: Sequence[Done], ended_at: datetime) -> Line:
    mine = sorted((row for row in rows if row.condition in moment.conditions), key=lambda row: row.shown_at)
    common: dict[str, Any] = {
        "key": moment.key,
        "title": moment.title,
        "conditions": moment.conditions,
        "acknowledge_within_s": moment.acknowledge_within_s,
        "answer_within_s": moment.answer_within_s,
        "set_by": moment.set_by,
    }
    if not mine:
        return Line(raised=False, **common)
    crossed, shown = min(row.crossed_at for row in mine), mine[0].shown_at
    acks = [(r.acknowledged_at, r.acknowledged_by) for r in mine if r.acknowledged_at and r.acknowledged_at <= ended_at]
    ack_at, ack_by = min(acks, default=(None, ""))
    first = next((d for d in done if d.at >= crossed and any(a.fits(d) for a in moment.answers)), None)
    ack_s, deed_s = _after(shown, ack_at), _after(shown, first.at if first else None)
    return Line(
        raised=True,
        crossed_at=crossed,
        shown_at=shown,
        shown_after_s=_after(crossed, shown),
        times=sum(row.times_crossed for row in mine),
        escalated=any(row.escalated_at is not None and row.escalated_at <= ended_at for row in mine),
        acknowledged_by=ack_by,
        acknowledged_after_s=ack_s,
        never_acknowledged=len(mine) - len(acks),
        deed=first.label if first else "",
        deed_by=first.by if first else "",
        deed_at=first.at if first else None,
        deed_after_s=deed_s,
        written_after_s=_after(first.at, first.recorded_at) if first else None,
        missed=first is None if moment.answers else ack_at is None,
        acknowledged_in_time=_in_time(ack_s, moment.acknowledge_within_s),
        answered_in_time=_in_time(deed_s, moment.answer_within_s),
        **common,
    )


def _needless(drill: Drill, rows: Sequence[LedgerRow], done: Sequence[Done]) -> Iterable[Needless]:
    """Holds, stops and hand-overs before any moment that asks for them."""
    for deed in done:
        if deed.kind not in _STOPS:
            continue
        asked = (
            m.conditions for m in drill.moments if any(a.kind is not Kind.WORDS and a.fits(deed) for a in m.answers)
        )
        wanted = {condition for conditions in asked for condition in conditions}
        if not any(row.condition in wanted and row.crossed_at <= deed.at for row in rows):
            yield Needless(label=deed.label, by=deed.by, at=deed.at)


def _after(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else round((end - start).total_seconds(), 1)


def _in_time(seconds: float | None, target_s: float | None) -> bool | None:
    """Within the clinic's target?  None where there is no target; what was never done is not in time."""
    if target_s is None:
        return None
    return seconds is not None and seconds <= target_s
