"""Who judges the alarms, also when nothing arrives?  The watch: one process, every second and at every arrival.

It keeps the last minutes of each open session in memory, learns what is new from the record, asks science, and appends
what science found.  It decides nothing itself, and whatever it forgets in a restart is in the record.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.models import AlarmEvent, Heartbeat
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Head
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import ReadingMark
from stillhaven.science import alarms
from stillhaven.science.vitals import Reading

log = logging.getLogger(__name__)
WATCH = record.Program("the watch")
FACTS_AGE_S = 5.0  # facts that only time changes are gathered anew this often


@dataclass
class Watched:
    """One open session as the watch knows it."""

    session: TreatmentSession
    plan: alarms.AlarmPlan
    events: list[alarms.AlarmEvent]
    facts: alarms.AlarmFacts
    gathered_at: float
    readings: list[Reading] = field(default_factory=list)
    worn: tuple[vitals.Worn, ...] = ()
    marks: tuple[ReadingMark, ...] = ()
    seen: set[str] = field(default_factory=set)

    def take(self, rows: Iterable[vitals.Arrived]) -> None:
        """Learn what arrived, if it is this patient's."""
        for reading in vitals.theirs(rows, self.session.patient_id, self.worn, self.marks):
            self.readings.append(reading)
            self.seen.add(reading.signal)

    def trim(self, now: datetime) -> None:
        """Forget readings that no rule looks back to."""
        oldest = now - timedelta(seconds=self.plan.window_s + 60.0)
        if self.readings and self.readings[0].arrived_at < oldest - timedelta(seconds=60):
            self.readings = [r for r in self.readings if r.arrived_at >= oldest]


class Watch:
    """Judges every open session of this installation."""

    def __init__(self) -> None:
        self.sessions: dict[int, Watched] = {}
        self.seen: dict[str, int] = {}
        self.stale: set[int] = set()

    def note(self, payload: str) -> None:
        """Something was committed: whose facts have to be gathered anew?"""
        name, _, rest = payload.partition(" ")
        if name.startswith("clinic:"):
            about = set(rest.split()[1:])
            for pk, watched in self.sessions.items():
                if "*" in about or f"s{pk}" in about or f"p{watched.session.patient_id}" in about:
                    self.stale.add(pk)

    def look(self) -> int:
        """One round over all open sessions; says how many alarm events it wrote."""
        now = clock.now()
        self._meet_sessions(now)
        self._take_readings()
        written = 0
        for pk, watched in list(self.sessions.items()):
            if pk in self.stale or time.monotonic() - watched.gathered_at > FACTS_AGE_S:
                self.stale.discard(pk)
                self._gather(watched, now)
            watched.trim(now)
            if alarms.evaluate(watched.plan, watched.readings, watched.events, now, watched.facts):
                written += self._write(watched, now)
        return written

    def _meet_sessions(self, now: datetime) -> None:
        open_now = {s.pk: s for s in queries.open_sessions(_all_sites())}
        for pk in set(self.sessions) - set(open_now):
            watched = self.sessions.pop(pk)
            self._gather(watched, now)
            self._write(watched, now)  # what was open when the patient left is ended
        for pk, session in open_now.items():
            if pk not in self.sessions:
                self.sessions[pk] = self._first_look(session, now)
            elif self.sessions[pk].session.state != session.state:
                self.stale.add(pk)

    def _first_look(self, session: TreatmentSession, now: datetime) -> Watched:
        plan = gather.plan_of(session)
        start = max(queries.window(session, now)[0], now - timedelta(seconds=plan.window_s + 120.0))
        readings = vitals.readings_of(session.patient_id, start, now + timedelta(minutes=1))
        seen = {r.signal for r in readings}
        watched = Watched(
            session=session, plan=plan, events=gather.events_of(session),
            facts=gather.facts_of(session, now, seen), gathered_at=time.monotonic(), readings=readings, seen=seen,
            worn=_worn(session, now), marks=_marks(session, now),
        )  # fmt: skip
        name = f"vitals:{session.site_id}"
        self.seen.setdefault(name, max((r.seq for r in readings), default=0) or _end_of(name))
        return watched

    def _gather(self, watched: Watched, now: datetime) -> None:
        watched.session = queries.open_or_closed(watched.session.pk)
        watched.plan = gather.plan_of(watched.session)
        watched.events = gather.events_of(watched.session)
        watched.facts = gather.facts_of(watched.session, now, watched.seen)
        worn, marks = _worn(watched.session, now), _marks(watched.session, now)
        if (worn, marks) != (watched.worn, watched.marks):  # what was sent before counts, or no longer counts
            watched.worn, watched.marks = worn, marks
            start = now - timedelta(seconds=watched.plan.window_s + 120.0)
            watched.readings = vitals.readings_of(watched.session.patient_id, start, now + timedelta(minutes=1))
            watched.seen |= {r.signal for r in watched.readings}
        watched.gathered_at = time.monotonic()

    def _take_readings(self) -> None:
        for name, end in Head.objects.filter(name__startswith="vitals:").values_list("name", "count"):
            first = self.seen.setdefault(name, end) + 1
            if end < first:
                continue
            site = int(name.split(":")[1])
            rows = vitals.arrived_between(site, first, end)
            self.seen[name] = end
            for watched in self.sessions.values():
                if watched.session.site_id == site:
                    watched.take(rows)

    def _write(self, watched: Watched, now: datetime) -> int:
        """Ask again with nobody else writing, and append what is new."""
        with transaction.atomic():
            session = queries.locked(watched.session.pk)
            watched.events = gather.events_of(session)
            new = alarms.evaluate(watched.plan, watched.readings, watched.events, now, watched.facts)
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


def _all_sites() -> list[int]:
    return list(TreatmentSession.objects.values_list("site_id", flat=True).distinct())


def _worn(session: TreatmentSession, now: datetime) -> tuple[vitals.Worn, ...]:
    return tuple(vitals.worn_by(session.patient_id, *queries.window(session, now)))


def _marks(session: TreatmentSession, now: datetime) -> tuple[ReadingMark, ...]:
    return tuple(vitals.marks_of(session.patient_id, *queries.window(session, now)))


def _end_of(name: str) -> int:
    return Head.objects.filter(name=name).values_list("count", flat=True).first() or 0
