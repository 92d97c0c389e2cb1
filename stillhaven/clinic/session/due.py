"""What the timetable asks of this session, and what was done of it: gathered from the record for science's checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.record import policy
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.science import checks
from stillhaven.science.alarms import CheckDue
from stillhaven.science.policy import CheckTimetable
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.vitals import Reading

SCALES = {"sedation": ("moaas", "rass"), "dissociation": ("cadss6", "cadss"), "pain": ("pain",), "nausea": ("nausea",)}
SIGNALS = {
    "pressure": "systolic_mmhg",
    "heart_rate": "heart_rate_per_min",
    "spo2": "spo2_pct",
    "resp_rate": "resp_rate_per_min",
}
MEASURE_OF = {signal: measure for measure, signal in SIGNALS.items()}
APART = timedelta(seconds=15)  # of values that come each second, so many are enough to say that it was measured


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """A session's timetable with what was done, ready to be asked at any moment."""

    table: CheckTimetable | None
    facts: checks.CheckFacts
    done: tuple[checks.Done, ...]
    marks: checks.CheckMarks

    def due(self, now: datetime) -> tuple[checks.DueCheck, ...]:
        """What the nurse still has to do, earliest first."""
        if self.table is None:
            return ()
        return checks.due(self.table, self.facts, self.done, now, self.marks)

    def slots(self, now: datetime) -> tuple[checks.Slot, ...]:
        """Every moment, with what became of it: what completeness counts."""
        return checks.slots(self.table, self.facts, self.done, now, self.marks) if self.table else ()

    def with_done(self, more: Iterable[checks.Done]) -> Timetable:
        """The same with more that was done; the same moment counts once."""
        known = {(d.measure, d.at): d for d in self.done}
        known |= {(d.measure, d.at): d for d in more if (d.measure, d.at) not in known}
        return replace(self, done=tuple(known.values()))

    def with_readings(self, readings: Iterable[Reading]) -> Timetable:
        """The same after these values came in; one every few seconds is enough to say that it was measured."""
        wanted = set(self.table.measures) if self.table else set()
        newest = {d.measure: d.at for d in self.done}
        more = []
        for r in readings:
            measure = MEASURE_OF.get(r.signal)
            if r.usable is None or measure not in wanted:
                continue
            if measure not in newest or abs(r.at - newest[measure]) >= APART:
                newest[measure] = r.at
                more.append(checks.Done(measure=measure, at=r.at))
        return replace(self, done=(*self.done, *more)) if more else self

    def shown(self, now: datetime) -> list[dict[str, Any]]:
        """The due list of the chair's screen."""
        return [
            {
                "key": line.key,
                "label": line.label[:1].upper() + line.label[1:],
                "at": line.at.isoformat().replace("+00:00", "Z"),
                "state": line.state.value,
                "opens": "vitals" if set(line.measures) & set(SIGNALS) else _first_scale(line.measures),
            }
            for line in self.due(now)
        ]


def _first_scale(measures: Sequence[str]) -> str:
    return next((SCALES[m][0] for m in measures if m in SCALES), "")


def timetable(session: TreatmentSession, now: datetime) -> Timetable:
    """Gather a session's timetable and what was done of it."""
    rules = policy.rules(session.site_id)
    order = session.order
    table = rules.session.timetable(Drug(order.drug), Route(order.route)) if order else None
    start, end = queries.window(session, now)
    signals = [SIGNALS[m] for m in (table.measures if table else ()) if m in SIGNALS]
    measured = vitals.moments(session.patient_id, start, end, signals) if signals else []
    return Timetable(table=table, facts=facts(session, now), done=done(session, measured), marks=rules.check_marks)


def facts(session: TreatmentSession, now: datetime) -> checks.CheckFacts:
    """When things happened in this session."""
    moves = {m.move: m.happened_at for m in queries.moves(session)}
    ended = moves.get("stop") or moves.get("abort")
    doses = queries.dose_entries(queries.doses(session))
    return checks.CheckFacts(
        checked_in_at=moves.get("check_in"),
        started_at=moves.get("start"),
        ended_at=ended or queries.all_given_at(session, doses),
        leave_from=queries.leave_from(session, ended, now),
        left_at=moves.get("discharge") or moves.get("transfer"),
    )


def done(session: TreatmentSession, measured: Iterable[tuple[str, datetime]]) -> tuple[checks.Done, ...]:
    """What was measured (signal and moment) or scored, by the measure it stands for; the same moment counts once."""
    found: dict[tuple[str, datetime], checks.Done] = {}
    measure_of = {signal: measure for measure, signal in SIGNALS.items()}
    for signal, at in measured:
        if signal in measure_of:
            measure = measure_of[signal]
            found[measure, at] = checks.Done(measure=measure, at=at)
    scale_of = {kind: measure for measure, kinds in SCALES.items() for kind in kinds}
    for check in queries.checks(session, *scale_of):
        measure = scale_of[check.kind]
        found[measure, check.happened_at] = checks.Done(measure=measure, at=check.happened_at)
    for skip in queries.checks(session, "skipped"):
        found["skipped", skip.happened_at] = checks.Done(
            measure=skip.value["measure"], at=skip.happened_at, slot=skip.value["slot"],
            skipped_because=skip.value["why"],
        )  # fmt: skip
    return tuple(found.values())


def for_alarms(session: TreatmentSession, now: datetime) -> tuple[CheckDue, ...]:
    """The checks as the alarms know them: so that an overdue pressure is itself a condition.

    What belongs before the drug is left to the start rules, which will not let it start without.
    """
    return alarm_checks(timetable(session, now), now)


def alarm_checks(table: Timetable, now: datetime) -> tuple[CheckDue, ...]:
    """The same from a timetable that is at hand."""
    early = timedelta(minutes=table.marks.early.value or 0.0)
    return tuple(
        CheckDue(
            key=slot.key, label=table.marks.labels.get(slot.measure, slot.measure), due_at=slot.at,
            signal=SIGNALS.get(slot.measure, ""), counts_from=slot.at - early, done_at=slot.done_at,
        )
        for slot in table.slots(now)
        if slot.closes_at is None and (slot.state in checks.OPEN or slot.done_at is not None)
    )  # fmt: skip
