"""Which checks are due now, which are late, and which were missed?

The timetable's moments count from check-in, from the start of the drug and from its end; a hold changes none of them,
since a held patient is watched like any other.  Each check that was done fills one moment: a late one does not quietly
stand for the two before it.  They stay overdue until a later one is done, and then count as missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from stillhaven.science.findings import Finding
from stillhaven.science.limits import BLOCK, SET_BY_DIRECTOR, Limit, Standing, judge
from stillhaven.science.policy import CheckTimetable


class Due(StrEnum):
    """Where a moment of the timetable stands."""

    LATER = "later"
    SOON = "soon"
    NOW = "now"
    OVERDUE = "overdue"
    DONE = "done"
    LATE = "late"  # done, but later than allowed
    MISSED = "missed"  # its time has gone: a later one was done, the drug was started, or the person has left
    SKIPPED = "skipped"  # somebody said why not


OPEN = frozenset({Due.LATER, Due.SOON, Due.NOW, Due.OVERDUE})


@dataclass(frozen=True, kw_only=True)
class CheckMarks:
    """How long before its moment a check is announced (`soon`) and may be done (`early`), and after it is overdue."""

    soon: Limit
    early: Limit
    overdue_after: Limit
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckFacts:
    """When things happened in this session; `leave_from` is when the person may leave at the earliest, if known."""

    checked_in_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    leave_from: datetime | None = None
    left_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Done:
    """A check that was done; or, with `skipped_because`, one moment (`slot`) that somebody says was left out and why."""

    measure: str
    at: datetime
    slot: str = ""
    skipped_because: str = ""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One measure at one moment of the timetable.  `closes_at`: after it, doing it no longer counts."""

    key: str
    measure: str
    at: datetime
    state: Due = Due.LATER
    done_at: datetime | None = None
    late_s: float = 0.0
    because: str = ""
    closes_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DueCheck:
    """One line for the nurse: everything that is open at one moment."""

    key: str
    label: str
    at: datetime
    state: Due
    measures: tuple[str, ...]


def slots(
    timetable: CheckTimetable, facts: CheckFacts, done: Iterable[Done], now: datetime, marks: CheckMarks
) -> tuple[Slot, ...]:
    """Every moment so far, and the next of each series, with what became of it.  This is what completeness counts."""
    early, grace = _minutes(marks.early), _minutes(marks.overdue_after)
    rows = sorted(done, key=lambda d: (d.at, d.measure))
    result: list[Slot] = []
    for measure in timetable.measures:
        mine = [
            Slot(key=f"{name}:{measure}", measure=measure, at=at, closes_at=closes)
            for at, name, closes in _moments(timetable, facts, now)
        ]
        for row in rows:
            if row.measure == measure and row.at <= now:
                _fill(mine, row, early, grace)
        result += _judge(mine, facts, now, _minutes(marks.soon), grace)
    return tuple(sorted(result, key=lambda s: s.at))  # at one moment in the order of the timetable


def due(
    timetable: CheckTimetable, facts: CheckFacts, done: Iterable[Done], now: datetime, marks: CheckMarks
) -> tuple[DueCheck, ...]:
    """What the nurse still has to do, earliest first: one line a moment, however late; measures of one moment together."""
    lines: dict[tuple[datetime, str], list[Slot]] = {}
    for slot in slots(timetable, facts, done, now, marks):
        if slot.state in OPEN:
            lines.setdefault((slot.at, slot.key.rpartition(":")[0]), []).append(slot)
    return tuple(
        DueCheck(
            key=name,
            label=_label([s.measure for s in group], marks),
            at=at,
            state=group[0].state,
            measures=tuple(s.measure for s in group),
        )
        for (at, name), group in lines.items()
    )


def timetable_findings(timetable: CheckTimetable | None, how: Standing = BLOCK) -> tuple[Finding, ...]:
    """Is there a timetable for this drug and route, with every interval set?"""
    if timetable is None:
        return (
            judge("timetable", None, unknown="no timetable of checks is set for this drug and route",
                  to_do=SET_BY_DIRECTOR, how=how),
        )  # fmt: skip
    return tuple(
        judge(f"timetable_{name}", None, unknown=f"{timetable.title}: {name.replace('_', ' ')} is not set",
              to_do=SET_BY_DIRECTOR, how=how)
        for name in timetable.asks
    ) or (judge("timetable", True, yes=timetable.title, how=how),)  # fmt: skip


def _moments(
    timetable: CheckTimetable, facts: CheckFacts, now: datetime
) -> list[tuple[datetime, str, datetime | None]]:
    """(moment, name, when it closes), without two at one time."""
    rows: list[tuple[datetime, str, datetime | None]] = []
    until = min(now, facts.left_at or now)
    if timetable.baseline and facts.checked_in_at is not None:
        rows.append((facts.checked_in_at, "baseline", facts.started_at or now))
    start, end = facts.started_at, facts.ended_at
    if start is not None:
        rows += [(start + timedelta(minutes=m), f"start+{m:g}", None) for m in timetable.at_min if m > 0]
        rows += _series(start, timetable.during_every_min, "start", until, end)
        rows += _series(start, timetable.between_every_min, "start", until, None)
    if end is not None:
        rows += [(end + timedelta(minutes=m), f"end+{m:g}", None) for m in timetable.after_end_min]
        rows += _series(end, timetable.recovery_every_min, "end", until, None)
    if timetable.before_leaving and facts.leave_from is not None:
        rows.append((facts.leave_from, "leaving", None))
    if facts.left_at is not None:
        rows = [row for row in rows if row[0] <= facts.left_at]
    seen: dict[datetime, tuple[datetime, str, datetime | None]] = {}
    for row in rows:
        seen.setdefault(row[0], row)
    return sorted(seen.values(), key=lambda row: row[0])


def _series(
    anchor: datetime, every_min: float | None, name: str, until: datetime, last: datetime | None
) -> list[tuple[datetime, str, datetime | None]]:
    """Every so many minutes from the anchor: up to `until` and one more, never beyond `last`."""
    rows: list[tuple[datetime, str, datetime | None]] = []
    if not every_min:
        return rows
    minutes = 0.0
    while anchor + timedelta(minutes=minutes) <= until:
        minutes += every_min
        at = anchor + timedelta(minutes=minutes)
        if last is not None and at > last:
            break
        rows.append((at, f"{name}+{minutes:g}", None))
    return rows


def _fill(mine: list[Slot], row: Done, early: timedelta, grace: timedelta) -> None:
    """Put one done check where it belongs: the latest open moment that it is not too early for."""
    for n in reversed(range(len(mine))):
        slot = mine[n]
        if slot.done_at is not None and not row.slot and not row.skipped_because:
            return  # one more check of a moment that is done: what was missed before it stays missed
        if slot.done_at is not None or slot.because or (row.slot and row.slot != slot.key):
            continue
        if row.skipped_because:
            if row.slot:
                mine[n] = replace(slot, state=Due.SKIPPED, because=row.skipped_because)
                return
            continue
        if row.at < slot.at - early or (slot.closes_at is not None and row.at > slot.closes_at):
            continue
        late = max(timedelta(0), row.at - slot.at)
        on_time = late <= grace or slot.closes_at is not None
        mine[n] = replace(slot, state=Due.DONE if on_time else Due.LATE, done_at=row.at, late_s=late.total_seconds())
        return


def _judge(mine: Sequence[Slot], facts: CheckFacts, now: datetime, soon: timedelta, grace: timedelta) -> list[Slot]:
    last_done = max((n for n, slot in enumerate(mine) if slot.done_at is not None), default=-1)
    judged = []
    for n, slot in enumerate(mine):
        state = slot.state
        if slot.done_at is None and not slot.because:
            baseline_gone = slot.closes_at is not None and facts.started_at is not None
            if n < last_done or facts.left_at is not None or baseline_gone:
                state = Due.MISSED
            elif now > slot.at + grace:
                state = Due.OVERDUE if slot.closes_at is None else Due.NOW
            else:
                state = Due.NOW if now >= slot.at else (Due.SOON if now >= slot.at - soon else Due.LATER)
        judged.append(replace(slot, state=state))
    return judged


def _label(measures: Sequence[str], marks: CheckMarks) -> str:
    words = [marks.labels.get(measure, measure.replace("_", " ")) for measure in measures]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _minutes(limit: Limit) -> timedelta:
    """A mark that nobody has set is no time at all: nothing is early, everything past its moment is overdue."""
    return timedelta(minutes=limit.value or 0.0)
