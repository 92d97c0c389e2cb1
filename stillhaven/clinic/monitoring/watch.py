"""Who judges the alarms, also when nothing arrives?  The watch: one process, every second and at every arrival.

It keeps the last minutes of each open session in memory, learns what is new from the record, asks science, and appends
what science found.  It decides nothing itself, and whatever it forgets in a restart is in the record.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.hub import alarms_alone, is_about
from stillhaven.clinic.monitoring.models import AlarmEvent, Heartbeat
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Head
from stillhaven.clinic.session import due, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import ReadingMark
from stillhaven.science import alarms
from stillhaven.science.vitals import Reading

log = logging.getLogger(__name__)
WATCH = record.Program("the watch")
TRIM_EVERY_S = 10.0
MESSAGES_AGE_S = 5.0  # what the messages say of their sender and its clock is looked at this often
FACTS_AGE_S = 30.0  # everything is gathered anew this often, and at once when something clinical was recorded


@dataclass
class Watched:
    """One open session as the watch knows it."""

    session: TreatmentSession
    plan: alarms.AlarmPlan
    events: list[alarms.AlarmEvent]
    facts: alarms.AlarmFacts
    timetable: due.Timetable
    ready_at: datetime | None
    gathered_at: float
    judged_until: datetime
    later_at: float = 0.0
    trimmed_at: float = 0.0
    readings: list[Reading] = field(default_factory=list)
    worn: tuple[vitals.Worn, ...] = ()
    marks: tuple[ReadingMark, ...] = ()
    seen: set[str] = field(default_factory=set)

    @property
    def sources(self) -> set[tuple[str, int | None]]:
        """Where its readings come from: the patient's own (by hand), and every device they wore."""
        return {("patient", self.session.patient_id), *(("device", w.device_id) for w in self.worn)}

    def take(self, rows: Iterable[vitals.Arrived]) -> None:
        """Learn what arrived, if it is this patient's."""
        mine = vitals.theirs(rows, self.session.patient_id, self.worn, self.marks)
        self.readings += mine
        self.seen |= {reading.signal for reading in mine}
        self.timetable = self.timetable.with_readings(mine)

    def new_events(self, now: datetime) -> list[alarms.AlarmEvent]:
        """What science finds now that is not written yet."""
        return alarms.evaluate(self.plan, self.readings, self.events, now, self.facts, judged_until=self.judged_until)

    def judged(self, now: datetime) -> None:
        """All that was to say until now is written; forget, now and then, what no rule looks back to."""
        self.judged_until = now
        if time.monotonic() - self.trimmed_at > TRIM_EVERY_S:
            self.readings = alarms.trim(self.plan, self.readings, now, self.facts)
            self.trimmed_at = time.monotonic()


class Watch:
    """Judges every open session of this installation."""

    def __init__(self) -> None:
        self.sessions: dict[int, Watched] = {}
        self.seen: dict[str, int] = {}
        self.stale: set[int] = set()
        self.alarmed: set[int] = set()
        self.watched_until: datetime | None = None

    def note(self, payload: str) -> None:
        """Something was committed: whose facts have to be gathered anew?"""
        name, _, rest = payload.partition(" ")
        if name.startswith("clinic:"):
            about = rest.split()[1:]
            for pk, watched in self.sessions.items():
                if is_about(about, pk, watched.session.patient_id):
                    (self.alarmed if alarms_alone(about) else self.stale).add(pk)

    def look(self) -> int:
        """One round over all open sessions; says how many alarm events it wrote."""
        now = clock.now()
        self._meet_sessions(now)
        self._take_readings()
        written = 0
        for pk, watched in list(self.sessions.items()):
            if pk in self.stale or time.monotonic() - watched.gathered_at > FACTS_AGE_S:
                self.stale.discard(pk)
                self.alarmed.discard(pk)
                self._gather(watched, now)
            else:
                self._go_on(pk, watched, now)
            if watched.new_events(now):
                written += self._write(watched, now)
            watched.judged(now)
        self.watched_until = now
        return written

    def _meet_sessions(self, now: datetime) -> None:
        open_now = dict(queries.open_sessions(_all_sites()).values_list("pk", "state"))
        for pk in set(self.sessions) - set(open_now):
            watched = self.sessions.pop(pk)
            self._gather(watched, now)
            self._write(watched, now)  # what was open when the patient left is ended
        for pk, state in open_now.items():
            if pk not in self.sessions:
                self.sessions[pk] = self._first_look(queries.open_or_closed(pk), now)
            elif self.sessions[pk].session.state != state:
                self.stale.add(pk)

    def _first_look(self, session: TreatmentSession, now: datetime) -> Watched:
        name = f"vitals:{session.site_id}"
        upto = self.seen.setdefault(name, _end_of(name))
        plan, timetable, until = gather.plan_of(session), due.timetable(session, now), self._judged_before(now)
        # Not further than what was taken so far: the rest comes with the next taking, to this session as to all.
        readings = [r for r in _readings(session, plan, until, now) if not r.seq > upto]
        seen = {r.signal for r in readings}
        return Watched(
            session=session, plan=plan, events=gather.events_of(session), timetable=timetable,
            facts=gather.facts_of(session, now, seen, timetable), ready_at=queries.moment_of(session, "make_ready"),
            gathered_at=time.monotonic(), judged_until=until, readings=readings, seen=seen,
            worn=_worn(session, now), marks=_marks(session, now),
        )  # fmt: skip

    def _judged_before(self, now: datetime) -> datetime:
        """Until when somebody watched: after a restart, what came while nobody did is judged as well."""
        if self.watched_until is None:
            self.watched_until = Heartbeat.objects.filter(part="watch").values_list("beat_at", flat=True).first()
        return min(self.watched_until or now, now)

    def _gather(self, watched: Watched, now: datetime) -> None:
        watched.session = session = queries.open_or_closed(watched.session.pk)
        watched.plan = gather.plan_of(session)
        watched.events = gather.events_of(session)
        watched.timetable = due.timetable(session, now)
        watched.ready_at = queries.moment_of(session, "make_ready")
        worn, marks = _worn(session, now), _marks(session, now)
        if (worn, marks) != (watched.worn, watched.marks):  # what was sent before counts, or no longer counts
            watched.worn, watched.marks = worn, marks
            upto = self.seen[f"vitals:{session.site_id}"]
            watched.readings = [
                r for r in _readings(session, watched.plan, watched.judged_until, now) if not r.seq > upto
            ]
            watched.seen |= {r.signal for r in watched.readings}
        watched.facts = gather.facts_of(session, now, watched.seen, watched.timetable)
        watched.gathered_at = watched.later_at = time.monotonic()

    def _go_on(self, pk: int, watched: Watched, now: datetime) -> None:
        """Nothing but alarms was recorded: what only time and readings change."""
        if pk in self.alarmed:
            self.alarmed.discard(pk)
            watched.events = gather.events_of(watched.session)
        messages = time.monotonic() - watched.later_at > MESSAGES_AGE_S
        watched.facts = gather.facts_later(
            watched.facts, watched.session, now, watched.seen, watched.timetable, watched.ready_at, messages=messages
        )
        if messages:
            watched.later_at = time.monotonic()

    def _take_readings(self) -> None:
        for name, end in Head.objects.filter(name__startswith="vitals:").values_list("name", "count"):
            first = self.seen.setdefault(name, end) + 1
            if end < first:
                continue
            site = int(name.split(":")[1])
            whose: dict[tuple[str, int | None], list[vitals.Arrived]] = defaultdict(list)
            for row in vitals.arrived_between(site, first, end):
                whose["device", row[0]].append(row)
                whose["patient", row[1]].append(row)
            self.seen[name] = end
            for watched in self.sessions.values():
                if watched.session.site_id == site:
                    watched.take(r for key in watched.sources for r in whose.get(key, ()))

    def _write(self, watched: Watched, now: datetime) -> int:
        """Ask again with nobody else writing, and append what is new."""
        with transaction.atomic():
            session = queries.locked(watched.session.pk)
            watched.events = gather.events_of(session)
            new = watched.new_events(now)
            append_events(session, new, by=WATCH)
        watched.events = [*watched.events, *new]
        return len(new)

    def beat(self) -> None:
        """Say that the watch is alive: a row for whoever asks, a notice for every open screen."""
        now = clock.now()
        Heartbeat.objects.update_or_create(
            part="watch", defaults={"beat_at": now, "detail": {"sessions": len(self.sessions)}}
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('stillhaven_live', %s)", [f"watch {now.isoformat()}"])


def append_events(session: TreatmentSession, events: Iterable[alarms.AlarmEvent], *, by: record.Actor) -> None:
    """Put alarm events into the record."""
    rows = [
        AlarmEvent(
            uid=event.uid, site=session.site_id, happened_at=event.at, session=session, kind=event.kind.value,
            condition=event.condition, priority=event.priority.value if event.priority else "", data=event.as_dict(),
        )
        for event in events
    ]  # fmt: skip
    if rows:
        record.append(*rows, by=by)


def _readings(session: TreatmentSession, plan: alarms.AlarmPlan, until: datetime, now: datetime) -> list[Reading]:
    """What the rules look back to: all of what a cuff measured in this session, and the last minutes of the rest."""
    begun = queries.window(session, now)[0]
    end = now + timedelta(minutes=1)
    recent = max(begun, min(until, now) - timedelta(seconds=plan.window_s + 120.0))
    rare = [signal.key for signal in plan.signals if signal.intermittent]
    before = vitals.readings_of(session.patient_id, begun, recent, signals=rare) if recent > begun else []
    return [*before, *vitals.readings_of(session.patient_id, recent, end)]


def _all_sites() -> list[int]:
    return list(TreatmentSession.objects.values_list("site_id", flat=True).distinct())


def _worn(session: TreatmentSession, now: datetime) -> tuple[vitals.Worn, ...]:
    return tuple(vitals.worn_by(session.patient_id, *queries.window(session, now)))


def _marks(session: TreatmentSession, now: datetime) -> tuple[ReadingMark, ...]:
    return tuple(vitals.marks_of(session.patient_id, *queries.window(session, now)))


def _end_of(name: str) -> int:
    return Head.objects.filter(name=name).values_list("count", flat=True).first() or 0
